import { describe, expect, test } from "vitest";
import { likelihoodRow } from "../../test/rows.ts";
import { LikelihoodLedger } from "./likelihood-ledger.ts";

function ledgerOf(rows: Parameters<typeof likelihoodRow>[0][]): LikelihoodLedger {
  const ledger = new LikelihoodLedger();
  for (const row of rows) ledger.add(likelihoodRow(row));
  return ledger;
}

describe("the likelihood ledger", () => {
  test("aligns the same responses under several models, whatever the order of rows", () => {
    const ledger = ledgerOf([
      { problem: "p", logProbability: -1, model: "a" },
      { problem: "q", logProbability: -2, model: "a" },
      { problem: "q", logProbability: -3, model: "b" },
      { problem: "p", logProbability: Number.NEGATIVE_INFINITY, model: "b" },
    ]);
    const [group] = ledger.groups();
    expect(group?.problems).toEqual(["p", "q"]);
    expect(group?.columns.map(({ model, logProbabilities }) => [model, [...logProbabilities]])).toEqual([
      ["a", [-1, -2]],
      ["b", [Number.NEGATIVE_INFINITY, -3]],
    ]);
  });

  test("marks what a model did not score, and numbers prompts as clusters", () => {
    const ledger = ledgerOf([
      { problem: "p", draw: 0, logProbability: -1, model: "a" },
      { problem: "p", draw: 1, logProbability: -2, model: "a" },
      { problem: "q", draw: 0, logProbability: -3, model: "b" },
    ]);
    const [group] = ledger.groups();
    expect([...(group?.prompts ?? [])]).toEqual([0, 0, 1]);
    expect(group?.columns.map(({ scored }) => scored)).toEqual([2, 1]);
    expect([...(group?.columns[1]?.logProbabilities ?? [])]).toEqual([Number.NaN, Number.NaN, -3]);
  });

  test("a response of a data set is the same in another file, a drawn one belongs to its run", () => {
    const data = ledgerOf([
      { problem: "p", logProbability: -1, model: "a", drawSet: "x" },
      { problem: "p", logProbability: -2, model: "b", drawSet: "y" },
    ]);
    expect(data.groups()[0]?.problems).toHaveLength(1);
    const drawn = ledgerOf([
      { problem: "p", logProbability: -1, model: "a", role: "draw", drawnBy: "t", drawSet: "x" },
      { problem: "p", logProbability: -2, model: "a", role: "draw", drawnBy: "t", drawSet: "y" },
    ]);
    expect(drawn.groups()[0]?.problems).toHaveLength(2);
  });

  test("a score counts in place of what came with the draw, in either order; two scores that differ are an error", () => {
    const draw = { problem: "p", role: "draw", drawnBy: "model-a" } as const;
    const came = { ...draw, logProbability: -1, tokenCount: 3, method: "drawn by vllm, raw, no end token" };
    const scored = { ...draw, logProbability: -1.5, tokenCount: 2, method: "vLLM prompt_logprobs" };
    for (const rows of [
      [came, scored],
      [scored, came],
      [came, came, scored, came, scored],
    ]) {
      const ledger = ledgerOf(rows);
      expect(ledger.repeated).toBe(rows.length - 1);
      expect(ledger.groups()[0]?.columns).toMatchObject([
        { scored: 1, logProbabilities: new Float64Array([-1.5]), tokenCounts: new Float64Array([2]) },
      ]);
    }
    expect(() => ledgerOf([came, scored, { ...scored, logProbability: -2 }])).toThrow(/already scored/);
    expect(() => ledgerOf([came, { ...came, logProbability: -2 }])).toThrow(/already scored/);
  });

  test("checkpoints are columns of their own, and tasks, roles and samplers groups of their own", () => {
    const ledger = ledgerOf([
      { problem: "p", logProbability: -1, step: 100 },
      { problem: "p", logProbability: -1, step: 200 },
      { problem: "p", logProbability: -1, task: "other" },
      { problem: "p", logProbability: -1, role: "choice" },
    ]);
    expect(ledger.groups().map(({ task, role, columns }) => [task, role, columns.length])).toEqual([
      ["task", "data", 2],
      ["other", "data", 1],
      ["task", "choice", 1],
    ]);
  });

  test("a repetition is counted once, a contradiction is an error", () => {
    const ledger = ledgerOf([
      { problem: "p", logProbability: -1 },
      { problem: "p", logProbability: -1 },
    ]);
    expect(ledger.repeated).toBe(1);
    expect(() => ledger.add(likelihoodRow({ problem: "p", logProbability: -1.5 }))).toThrow(
      'log.jsonl:1: response 0 of problem "p" was already scored by "model-a" with another log-probability',
    );
  });

  test("grows past its first capacity", () => {
    const rows = Array.from({ length: 3000 }, (_, index) => ({
      problem: `p${index}`,
      logProbability: -index,
    }));
    const [group] = ledgerOf([...rows, { problem: "p2999", logProbability: -5, model: "b" }]).groups();
    expect(group?.columns[0]?.logProbabilities[2999]).toBe(-2999);
    expect(group?.columns[1]?.logProbabilities.length).toBe(3000);
    expect(group?.columns[1]?.scored).toBe(1);
  });
});
