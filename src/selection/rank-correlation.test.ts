import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/tournament.json" with { type: "json" };
import { compensatedSum, randomGenerator } from "../numeric/index.ts";
import { likelihoodTable } from "./likelihood-table.ts";
import { rankCorrelation } from "./rank-correlation.ts";
import { outcomeAgreement } from "./rank-correlation-outcome.ts";

describe("rank correlation", () => {
  test("Spearman's and Kendall's agree with scipy, ties included", () => {
    for (const { left, right, spearman, kendall } of oracle.correlations) {
      expect(rankCorrelation({ left, right })).toBeCloseTo(spearman, 12);
      expect(rankCorrelation({ left, right }, { kind: "kendall" })).toBeCloseTo(kendall, 12);
    }
  });

  test("it is undefined where one list is constant or too short, and infinities rank at the ends", () => {
    for (const kind of ["spearman", "kendall"] as const) {
      expect(rankCorrelation({ left: [1, 1, 1], right: [1, 2, 3] }, { kind })).toBeUndefined();
      expect(rankCorrelation({ left: [1], right: [2] }, { kind })).toBeUndefined();
      expect(rankCorrelation({ left: [], right: [] }, { kind })).toBeUndefined();
      expect(rankCorrelation({ left: [-Infinity, 0, Infinity], right: [1, 2, 3] }, { kind })).toBe(1);
    }
    expect(() => rankCorrelation({ left: [1], right: [1, 2] })).toThrow("right has length 2");
    expect(() => rankCorrelation({ left: [1, Number.NaN], right: [1, 2] })).toThrow("left[1] is NaN");
  });
});

/** Checkpoints that lose a growing share of hard records and gain on the rest; outcome falls with that share. */
function trajectory(input: {
  readonly key: string;
  readonly prompts: number;
  readonly shares: readonly number[];
}) {
  const random = randomGenerator(input.key);
  const hard = Array.from({ length: input.prompts }, () => random.uniform());
  const table = likelihoodTable({
    candidates: input.shares.map((share, index) => ({
      model: `step ${index}`,
      logProbabilities: Float64Array.from(
        hard,
        (value) => -20 + index / 2 - (value < share ? 6 : 0) + 0.2 * random.normal(),
      ),
    })),
  });
  const outcomes = input.shares.map((share, index) => ({
    model: `step ${index}`,
    values: Float64Array.from(hard, (value) => (value < share ? 0 : 0.9) + 0.1 * random.uniform()),
  }));
  return { table, outcomes };
}

describe("agreement of coverage and cross-entropy with an outcome", () => {
  const shares = [0.3, 0.05, 0.1, 0.15, 0.2, 0.25];

  test("coverage follows the outcome where cross-entropy does not, and the intervals say so", () => {
    const { table, outcomes } = trajectory({ key: "agreement", prompts: 800, shares });
    const generator = randomGenerator("agreement bootstrap");
    const { coverage, crossEntropy } = outcomeAgreement(table, {
      n: 24,
      outcomes,
      generator,
      samePrompts: true,
    });
    expect(coverage.estimate).toBe(1);
    expect(crossEntropy.estimate).toBeLessThan(0.2);
    expect(coverage.lower).toBeGreaterThan(crossEntropy.upper!);
    expect(coverage.checkpoints).toBe(6);
  });

  test("the estimates are those of the scores themselves, whatever the order of models in the outcomes", () => {
    const { table, outcomes } = trajectory({ key: "order", prompts: 60, shares });
    const options = { n: 24, generator: randomGenerator("order"), replicates: 20 };
    const given = outcomeAgreement(table, { ...options, outcomes });
    const reversed = outcomeAgreement(table, { ...options, outcomes: outcomes.toReversed() });
    expect(reversed.coverage.estimate).toBe(given.coverage.estimate);
    const loss = table.columns.map((column) => compensatedSum(column));
    const outcome = outcomes.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
    expect(given.crossEntropy.estimate).toBeCloseTo(rankCorrelation({ left: loss, right: outcome })!, 12);
  });

  test("all tied scores have no correlation, and a missing outcome is refused", () => {
    const table = likelihoodTable({
      candidates: ["a", "b"].map((model) => ({ model, logProbabilities: Float64Array.of(-1, -2) })),
    });
    const outcomes = [
      { model: "a", values: [1] },
      { model: "b", values: [0] },
    ];
    const generator = randomGenerator("ties");
    const { coverage } = outcomeAgreement(table, { n: 4, outcomes, generator, replicates: 10 });
    expect(coverage).toEqual({ estimate: undefined, lower: undefined, upper: undefined, checkpoints: 2 });
    expect(() => outcomeAgreement(table, { n: 4, outcomes: outcomes.slice(1), generator })).toThrow(
      'model "a" has no outcome',
    );
    expect(() => outcomeAgreement(table, { n: 4, outcomes, generator, samePrompts: true })).toThrow(
      "outcomes have 1 problems: must have the table's 2",
    );
  });
});
