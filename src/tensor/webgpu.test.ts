/** The same graph on onnxruntime's WebGPU provider, over chromium's software Vulkan driver. */
import { expect, test } from "vitest";
import { missingDriver, webgpuErrors } from "../../test/tensor/webgpu-process.ts";

const reason = missingDriver();
const title = "a training step on WebGPU equals the float64 interpreter";

test.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, () => {
  const { name, errors } = webgpuErrors("step");
  expect(name).toContain("webgpu");
  expect(errors["training step"]).toBeLessThan(1e-4);
});
