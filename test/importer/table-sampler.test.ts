/** Tables of log-probabilities that models give to what one of them drew. */
import { afterAll, describe, expect, test } from "vitest";
import type { Likelihood } from "../../src/record/index.ts";
import { LikelihoodLedger } from "../../src/store/index.ts";
import { reading, testFolder } from "./reading.ts";

const folder = testFolder();
afterAll(() => folder.remove());

describe("log-probabilities of what another model drew", () => {
  const header = "model,teacher_column,problem,logprob";
  const map = { sampler: "teacher_column" };
  const parts = (rows: readonly Likelihood[]) =>
    rows.map(({ model, drawnBy, role, draw, logProbability }) => [
      model,
      drawnBy,
      role,
      draw,
      logProbability,
    ]);

  test("are draws of that model, numbered in order of appearance under every scoring model", async () => {
    const content = `${header}\na,t,1,-1\na,t,1,-2\nb,t,1,-3\na,u,1,-4\nb,t,1,-5\nb,u,1,-6\n`;
    const { likelihoods, rejections } = await reading(folder.write("sampler.csv", content), { map });
    expect(rejections).toEqual([]);
    expect(parts(likelihoods)).toEqual([
      ["a", "t", "draw", 0, -1],
      ["a", "t", "draw", 1, -2],
      ["b", "t", "draw", 0, -3],
      ["a", "u", "draw", 0, -4],
      ["b", "t", "draw", 1, -5],
      ["b", "u", "draw", 0, -6],
    ]);
  });

  test("a rejected row keeps its number, so that those after it are still the same responses", async () => {
    const content = `${header}\na,t,1,0.5\na,t,1,-2\nb,t,1,-3\nb,t,1,-4\nb,,1,-4\n`;
    const { likelihoods, rejections } = await reading(folder.write("sampler.csv", content), { map });
    expect(parts(likelihoods)).toEqual([
      ["a", "t", "draw", 1, -2],
      ["b", "t", "draw", 0, -3],
      ["b", "t", "draw", 1, -4],
    ]);
    expect(rejections.map(({ line, field }) => [line, field])).toEqual([
      [2, "logprob"],
      [6, "teacher_column"],
    ]);
  });

  test("a draw column numbers them, and their texts must agree between models", async () => {
    const numbered = [
      { model: "a", sampler: "t", problem: "p", draw: 3, response: "x", logprob: -1 },
      { model: "b", sampler: "t", problem: "p", draw: 3, response: "x", logprob: -2, correct: 1 },
      { model: "b", sampler: "t", problem: "p", draw: 4, response: "y", logprob: -2, correct: 1 },
      { model: "a", sampler: "t", problem: "p", draw: 4, response: "z", logprob: -2, correct: 0 },
    ];
    const path = folder.write("sampler.jsonl", numbered.map((row) => JSON.stringify(row)).join("\n"));
    const { likelihoods, outcomes, rejections } = await reading(path);
    expect(likelihoods.map(({ draw, drawSet }) => [draw, drawSet])).toEqual([
      [3, ""],
      [3, ""],
      [4, ""],
    ]);
    expect(outcomes).toEqual([]);
    expect(rejections).toMatchObject([
      { line: 4, field: "response", reason: expect.stringContaining("another text under another model") },
    ]);
  });

  test("a sampler without log-probabilities is an error that names what is missing", async () => {
    const path = folder.write("sampler.csv", "model,teacher_column,problem,correct\na,t,1,1\n");
    await expect(reading(path, { map })).rejects.toThrow("needs a column of log-probabilities");
  });

  test("a draw with its own log-probability was drawn by its model", async () => {
    const path = folder.write("own.csv", "model,problem,correct,logprob\na,1,1,-1\nb,1,0,-2\n");
    const { likelihoods } = await reading(path);
    expect(likelihoods.map(({ model, drawnBy }) => [model, drawnBy])).toEqual([
      ["a", "a"],
      ["b", "b"],
    ]);
  });

  test("checkpoints of one training draw apart: a draw's number says nothing across them", async () => {
    const path = folder.write(
      "steps.csv",
      "model,step,problem,draw,response,correct,logprob\nm,10,p,0,four,1,-1\nm,20,p,0,five,0,-2\n",
    );
    const { likelihoods } = await reading(path);
    expect(likelihoods.map(({ step, drawnBy }) => [step, drawnBy])).toEqual([
      [10, "m, step 10"],
      [20, "m, step 20"],
    ]);
    const ledger = new LikelihoodLedger();
    for (const row of likelihoods) ledger.add(row);
    // Nothing is scored by both: together they would be one response with two log-probabilities.
    expect(ledger.groups().map(({ columns }) => columns.map(({ step }) => step))).toEqual([[10], [20]]);
  });
});
