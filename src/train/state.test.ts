import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadState, saveState, type TrainingState } from "./state.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-state-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const state = (step: number): TrainingState => ({
  step,
  memory: { journalBytes: 10 * step },
  tensors: {
    weight: { shape: [2, 2], data: Float32Array.of(1, -0, 1e-45, step) },
    scale: { shape: [], data: Float64Array.of(Math.PI) },
    count: { shape: [3], data: Int32Array.of(1, -2, step) },
  },
});

test("a folder without states has none", async () => {
  expect(await loadState(folder)).toBeUndefined();
});

test("the newest state comes back bit for bit, and only two files are kept", async () => {
  for (const step of [1, 2, 3, 4, 5]) await saveState(folder, state(step));
  expect(await loadState(folder)).toEqual(state(5));
  expect((await readdir(folder)).sort()).toEqual(["state-a.bin", "state-b.bin"]);
});

test.each([
  ["cut", async (path: string) => truncate(path, 300)],
  ["empty", async (path: string) => truncate(path, 0)],
  [
    "changed in one bit",
    async (path: string) => {
      const content = await readFile(path);
      content[content.length - 1]! ^= 1;
      await writeFile(path, content);
    },
  ],
  ["of another kind", async (path: string) => writeFile(path, "something else\n")],
])(
  "where the newest is %s, the one before it is taken, and the next save keeps it until it is done",
  async (_, damage) => {
    await saveState(folder, state(1));
    await saveState(folder, state(2));
    await damage(join(folder, "state-b.bin"));
    expect(await loadState(folder)).toEqual(state(1));
    await saveState(folder, state(3));
    expect(await loadState(folder)).toEqual(state(3));
  },
);

test("a write that was cut short leaves the states before it", async () => {
  await saveState(folder, state(1));
  await saveState(folder, state(2));
  await writeFile(join(folder, "state-a.bin.tmp"), "half");
  expect(await loadState(folder)).toEqual(state(2));
});

test("two damaged states are an error and not a fresh start", async () => {
  await saveState(folder, state(1));
  await truncate(join(folder, "state-a.bin"), 40);
  await expect(loadState(folder)).rejects.toThrow(/every saved state is damaged/);
});
