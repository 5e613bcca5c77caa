import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lmcovHere } from "../../test/lmcov.ts";
import { modelsByFolder } from "./file-models.ts";

test("files of one name are told apart by the folders in which they differ", () => {
  const names = (...paths: string[]) => paths.map((path) => modelsByFolder(paths).get(path));
  expect(names("a/s.jsonl", "b/s.csv.gz", "b/t.jsonl")).toEqual(["a/s", "b/s", undefined]);
  expect(names("/r/1/eval/s.jsonl", "/r/2/eval/s.jsonl")).toEqual(["1/eval/s", "2/eval/s"]);
  expect(names("s.jsonl", "b/s.jsonl", "../s.jsonl").map((name) => name?.split("/").length)).toEqual([
    2, 3, 1,
  ]);
  expect(names("a/s.jsonl", "a/s.csv")).toEqual([undefined, undefined]);
  expect(names("step-1/s.jsonl", "step-10/s.jsonl")).toEqual(["step-1/s", "step-10/s"]);
});

test("logs without a model's name are not pooled because their files are called alike, unless --model says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lmcov-alike-"));
  ["step-1", "step-2"].forEach((name, index) => {
    mkdirSync(join(folder, name));
    const lines = [0, 1, 2].map((problem) => JSON.stringify({ problem, correct: problem < index }));
    writeFileSync(join(folder, name, "samples.jsonl"), lines.join("\n"));
  });
  const passAtOne = async (...words: string[]) => {
    const { code, stdout, stderr } = await lmcovHere(["passk", ...words, "--json"], folder);
    expect(code, stderr).toBe(0);
    const { models } = JSON.parse(stdout);
    return models.map((one: { model: string; task: string; draws: number; correct: number }) => [
      one.model,
      one.task,
      one.correct,
      one.draws,
    ]);
  };
  const apart = [
    ["step-1/samples", "samples", 0, 3],
    ["step-2/samples", "samples", 1, 3],
  ];
  expect(await passAtOne("step-1/samples.jsonl", "step-2/samples.jsonl")).toEqual(apart);
  expect(await passAtOne(".")).toEqual(apart);
  expect(await passAtOne(".", "--model", "m")).toEqual([["m", "samples", 1, 6]]);
  expect((await lmcovHere(["import", "step-1", "step-2", "--out", "run"], folder)).code).toBe(0);
  expect(await passAtOne("run")).toEqual(apart);
  rmSync(folder, { recursive: true });
});
