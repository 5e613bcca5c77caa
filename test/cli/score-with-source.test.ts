/** `lmcov score-with` on responses whose source is known, with a recorded checkpoint. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lmcov } from "../lmcov.ts";

const recorded = fileURLToPath(new URL("../../experiments/figure-1", import.meta.url));
const checkpoint = join(recorded, "checkpoints", "step-00000050");

let folder: string;
let lines: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-source-"));
  lines = (await readFile(join(recorded, "evaluation.jsonl"), "utf8")).split("\n").slice(0, 12);
  // A source that is not certain: its log-probability is what the log-ratio starts from.
  const rows = lines.map((line, index) => ({ ...JSON.parse(line), logp: -0.1 * (index % 3) }));
  await writeFile(join(folder, "drawn.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const hasOnnxruntime = (() => {
  try {
    createRequire(import.meta.url).resolve("onnxruntime-node");
    return true;
  } catch {
    return false;
  }
})();
const score = (words: readonly string[]) =>
  lmcov(["score-with", checkpoint, ...words, "--json"], { cwd: folder });

describe.skipIf(!hasOnnxruntime)("score-with and a known source (skipped without onnxruntime-node)", () => {
  test("the source's log-probabilities make KL and Cov_N observable, once", async () => {
    const words = ["--input", "drawn.jsonl", "--map", "logProbability=logp", "--out", "scored"];
    const first = JSON.parse((await score(words)).stdout);
    const again = JSON.parse((await score(words)).stdout);
    expect([first.models[0].scored, again.models[0].scored]).toEqual([12, 0]);
    const profile = await lmcov(["profile", "scored", "--n", "2,4", "--json"], { cwd: folder });
    const { models } = JSON.parse(profile.stdout);
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({ kind: "reference", reference: "data distribution" });
    // Mean of log π_D − log π̂: the source's mean is −0.1, and the model's is what score-with reports.
    const kl = -0.1 - first.models[0].meanLogProbability;
    expect(models[0].kl.estimate).toBeCloseTo(kl, 6);
  });

  test("without the column they are data", async () => {
    await score(["--input", "drawn.jsonl", "--out", "unknown"]);
    const { stdout } = await lmcov(["profile", "unknown", "--json"], { cwd: folder });
    expect(JSON.parse(stdout).models[0].kl).toBeUndefined();
  });

  test.each([
    ['"logp":0.5', "is 0.5"],
    ['"logp":"-1"', 'is "-1"'],
    ['"logp":null', "is null"],
  ])("refuses %s with its line", async (cell, said) => {
    const bad = `${lines[0]!.slice(0, -1)},${cell}}\n`;
    await writeFile(join(folder, "bad.jsonl"), bad);
    const { code, stderr } = await score([
      "--input",
      "bad.jsonl",
      "--map",
      "logProbability=logp",
      "--out",
      "no",
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(`bad.jsonl:1: logp: must be a finite log-probability of at most 0, ${said}`);
  });
});
