import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { InputError } from "../record/index.ts";
import { recordOf } from "./generate-checkpoints.ts";

const wrong = [
  ['{"endOfSequence": "no"}', "endOfSequence: Invalid input: expected boolean, received string"],
  ['{"learningRate": -1}', "learningRate: Too small"],
  ['{"rule": "sgd"}', "rule: Invalid input: expected object"],
  ['{"rule": {"name": "sgd", "momentum": null}}', "rule.momentum: Invalid input: expected number"],
  ['{"name": ""}', "name: Too small"],
  ["[]", "Invalid input: expected object, received array"],
  ["null", "Invalid input: expected object, received null"],
] as const;

test("what a checkpoint's record says is read, and a record that cannot be is refused with the reason", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lmcov-record-"));
  const path = join(folder, "training.json");
  expect(await recordOf(folder)).toEqual({});
  await writeFile(path, '{"name": "sums", "learningRate": 0.5, "another": 1}');
  expect(await recordOf(folder)).toEqual({ name: "sums", learningRate: 0.5 });
  await writeFile(path, '{"learningRate": 0, "endOfSequence": false}');
  expect(await recordOf(folder)).toEqual({ learningRate: 0, endOfSequence: false });
  for (const [text, message] of wrong) {
    await writeFile(path, text);
    await expect(recordOf(folder)).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining(`${path}: ${message}`),
    });
  }
  await writeFile(path, '{"name": "sums", learningRate: 0.5}');
  await expect(recordOf(folder)).rejects.toThrow(InputError);
  await expect(recordOf(folder)).rejects.toThrow(`${path}: is not JSON: Expected`);
  await rm(path);
  await mkdir(path);
  await expect(recordOf(folder)).rejects.toThrow(InputError);
  await expect(recordOf(folder)).rejects.toThrow(`${path}: cannot be read: EISDIR`);
  await rm(folder, { recursive: true });
});
