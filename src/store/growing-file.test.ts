import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AddedLines, GrowingFile } from "./growing-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-growing-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const textOf = (added: AddedLines | undefined) =>
  added && { restarted: added.restarted, lines: added.lines.map(String) };

test("a look gives the whole lines that were added since the last one", async () => {
  const path = join(folder, "lines");
  const file = new GrowingFile(path);
  expect(await file.read()).toBeUndefined();
  await writeFile(path, "one\ntwo\nthr");
  expect(textOf(await file.read())).toEqual({ restarted: false, lines: ["one", "two"] });
  expect(textOf(await file.read())).toEqual({ restarted: false, lines: [] });
  await appendFile(path, `ee\n${"x".repeat(3 << 20)}\n`);
  expect((await file.read())?.lines.map(({ length }) => length)).toEqual([5, 3 << 20]);
});

test("a file that was cut, replaced or deleted begins anew", async () => {
  const path = join(folder, "cut");
  const file = new GrowingFile(path);
  await writeFile(path, "one\ntwo\nthree\n");
  await file.read();
  await truncate(path, 4);
  expect(textOf(await file.read())).toEqual({ restarted: true, lines: ["one"] });
  await writeFile(path, "1\n2\n3\n4\n");
  expect(textOf(await file.read())).toEqual({ restarted: true, lines: ["1", "2", "3", "4"] });
  await rm(path);
  expect(await file.read()).toBeUndefined();
  await writeFile(path, "new\n");
  expect(textOf(await file.read())).toEqual({ restarted: false, lines: ["new"] });
});

test("a path through a file that is no folder leads to no file", async () => {
  await writeFile(join(folder, "log.jsonl"), "{}\n");
  expect(await new GrowingFile(join(folder, "log.jsonl", "journal", "train.jsonl")).read()).toBeUndefined();
});
