/** Every operation and its derivatives on WebGPU, over chromium's software Vulkan driver. */
import { expect, test } from "vitest";
import { operationCases } from "../tensor/operation-cases.ts";
import { missingDriver, webgpuErrors } from "../tensor/webgpu-process.ts";

const reason = missingDriver();
const title = "every operation on WebGPU equals the float64 interpreter";

test.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, () => {
  const { errors } = webgpuErrors("all");
  expect(Object.keys(errors)).toHaveLength(operationCases.length);
  expect(Object.entries(errors).filter(([, error]) => !(error < 1e-4))).toEqual([]);
});
