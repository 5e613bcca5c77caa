/** `probes.tokens`: each token's log-probability from a probe to the run folder and to the report's problems. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Likelihood, Response, Row } from "../../src/record/index.ts";
import { readRun } from "../../src/store/index.ts";
import { chromiumPath, startChromium } from "../chromium.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { tinyTraining, writeSums, writeTraining } from "../training.ts";

let folder: string;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-tokens-"));
  await writeSums(folder);
  const { passAt } = tinyTraining.probes;
  for (const tokens of [true, false]) {
    const change = { steps: 4, probes: { every: 4, tokens, passAt }, checkpoints: { every: 4 } };
    const name = tokens ? "told" : "plain";
    await writeTraining(folder, change, `${name}.yaml`);
    await done("train", `${name}.yaml`, "--out", name);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function done(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await lmcov(words, { cwd: folder });
  expect(code, stderr).toBe(0);
  return stdout;
}

async function rowsOf(run: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRun(join(folder, run))) rows.push(...batch);
  return rows;
}

const isLikelihood = (row: Row): row is Likelihood => row.kind === "likelihood";
const isResponse = (row: Row): row is Response => row.kind === "response";
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const drawName = ({ step, problem, draw }: Likelihood | Response) => `${step} ${problem} ${draw}`;

test("held-out responses and draws have each token's log-probability and text, those of the checkpoint", async () => {
  const rows = await rowsOf("told");
  const likelihoods = rows.filter(isLikelihood);
  const heldOut = (await readFile(join(folder, "held-out.jsonl"), "utf8")).trim().split("\n");
  const references = new Map(
    heldOut.map((line) => JSON.parse(line)).map(({ id, response }) => [id, response]),
  );
  const given = likelihoods.filter(({ role }) => role === "data");
  expect(given).toHaveLength(2 * 20);
  for (const row of given) {
    expect(row.tokens?.join("")).toBe(references.get(row.problem));
    // The end of the sequence is a token without text.
    expect(row.tokens).toHaveLength(String(references.get(row.problem)).length + 1);
    expect(sum(row.tokenLogProbabilities ?? [])).toBeCloseTo(row.logProbability, 4);
  }
  const texts = new Map(rows.filter(isResponse).map((row) => [drawName(row), row.text]));
  const drawn = likelihoods.filter(({ role }) => role === "draw");
  expect(drawn).toHaveLength(2 * 5 * 4);
  for (const row of drawn) {
    expect(row.drawnBy).toBe(`told, step ${row.step}`);
    expect(row.tokens?.join("")).toBe(texts.get(drawName(row)));
    expect(row.tokens).toHaveLength(row.tokenLogProbabilities?.length ?? -1);
  }
  // The checkpoint scores its own held-out responses by another path.
  await done("score-with", "told", "--step", "last", "--input", "held-out.jsonl", "--out", "again");
  const again = (await rowsOf("again")).filter(isLikelihood);
  expect(again).toHaveLength(20);
  for (const row of again) {
    const probed = given.find(({ step, promptHash }) => step === 4 && promptHash === row.promptHash);
    row.tokenLogProbabilities?.forEach((value, index) => {
      expect(probed?.tokenLogProbabilities?.[index]).toBeCloseTo(value, 4);
    });
  }
});

test("without it rows hold sums, and draws no likelihood", async () => {
  const rows = (await rowsOf("plain")).filter(isLikelihood);
  expect(rows).toHaveLength(2 * 20);
  expect(
    rows.every(
      ({ tokens, tokenLogProbabilities }) => tokens === undefined && tokenLogProbabilities === undefined,
    ),
  ).toBe(true);
});

test.skipIf(chromiumPath === undefined)("the report shades them in each draw of a problem", async () => {
  await done("report", "told", "--out", "report");
  const browser = await startChromium();
  try {
    const page = await browser.newPage();
    const address = pathToFileURL(join(folder, "report", "report.html")).href;
    await page.goto(`${address}#problem=${encodeURIComponent("sum 120")}`);
    const articles = page.getByRole("dialog").locator("article");
    await articles.first().waitFor();
    const count = await articles.count();
    expect(count).toBeGreaterThan(1);
    expect(await articles.getByRole("slider").count()).toBe(count);
    expect(await articles.locator("pre.marked").count()).toBeGreaterThan(0);
  } finally {
    await browser.close();
  }
});
