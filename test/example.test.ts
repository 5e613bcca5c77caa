/** The shipped example: what its script writes, with a truth that the estimates find. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drawsEach, simulate } from "../examples/simulate.ts";
import { forecastPassAtK, passAtKEstimates } from "../src/coverage/index.ts";
import { lmcov } from "./lmcov.ts";

const file = new URL("../examples/simulated-checkpoints.jsonl", import.meta.url);
const { rows, truth } = simulate();

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const passAt = (rates: readonly number[], k: number) =>
  mean(rates.map((rate) => -Math.expm1(k * Math.log1p(-rate))));

function countsAt(step: number) {
  return rows.filter((row) => row.step === step).map(({ n, c }) => ({ draws: n, correct: c }));
}

describe("the shipped example", () => {
  test("is what its script writes", () => {
    expect(readFileSync(file, "utf8")).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  });

  test.each(truth.map(({ step, rates }) => [step, rates] as const))(
    "step %i: the truth lies in every interval",
    (step, rates) => {
      const counts = countsAt(step);
      for (const { k, lower, upper } of passAtKEstimates(counts, [1, 10, drawsEach])) {
        expect(passAt(rates, k)).toBeGreaterThan(lower);
        expect(passAt(rates, k)).toBeLessThan(upper);
      }
      for (const { k, lower, upper } of forecastPassAtK(counts, [1000, 10_000])) {
        expect(passAt(rates, k)).toBeGreaterThan(lower);
        expect(passAt(rates, k)).toBeLessThan(upper);
      }
    },
  );

  test("the report takes the checkpoint that is best at k = 100, not the one of best pass@1", async () => {
    const best = truth.reduce((left, right) =>
      passAt(right.rates, 100) > passAt(left.rates, 100) ? right : left,
    );
    const greedy = truth.reduce((left, right) => (mean(right.rates) > mean(left.rates) ? right : left));
    expect(greedy.step).toBeGreaterThan(best.step);
    const { code, stdout } = await lmcov(["report", file.pathname, "--no-html", "--json"]);
    expect(code).toBe(0);
    const [task] = JSON.parse(stdout).tasks;
    expect(task.chosen).toBe(`simulated, step ${best.step}`);
    expect(task.decidingK).toBe(100);
    const { verdict } = JSON.parse(stdout);
    expect(verdict[1]).toContain(`Coverage turns at step ${best.step.toLocaleString("en-US")}`);
    expect(verdict[1]).toContain("while pass@1 still rises");
    expect(task.trajectories[0].turn.last.at).toBe(greedy.step);
  });
});
