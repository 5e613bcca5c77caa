/** Oracle: all counts of the four outcomes (prompt, y), enumerated. */
import { describe, expect, test } from "vitest";
import { misspecifiedPair, misspecifiedPairRow, pairCoverage, tieProbability } from "./misspecified-pair.ts";
import { runTheoryRow } from "./run-row.ts";

const M = 1e5;
const p = 1 / (64 * Math.log(M));
/** Outcomes (+, 1), (+, 0), (−, 1), (−, 0): probabilities, and log π2 − log π1 of each. */
const outcomes = [
  { probability: (1 - p) / 2, gain: 1 },
  { probability: (1 - p) / 2, gain: Math.log(0.5 / (1 - 1 / (2 * Math.E))) },
  { probability: p / 2, gain: Math.log(1 / M) },
  { probability: p / 2, gain: Math.log(2 * (1 - 1 / (2 * M))) },
];

/** P[the summed gain of n outcomes is positive]: maximum likelihood takes π2. */
function likelihoodTakesSecond(n: number): number {
  let total = 0;
  const visit = (outcome: number, left: number, weight: number, gain: number): void => {
    const { probability, gain: each } = outcomes[outcome]!;
    if (outcome === 3) {
      if (gain + left * each > 0) total += weight * probability ** left;
      return;
    }
    let ways = 1;
    for (let count = 0; count <= left; count++) {
      visit(outcome + 1, left - count, weight * ways * probability ** count, gain + count * each);
      ways *= (left - count) / (count + 1);
    }
  };
  visit(0, n, 1, 0);
  return total;
}

describe("the misspecified pair", () => {
  test("has coverage 0 and p/2 for e^α < N ≤ M, and the other way round below e^α", () => {
    for (const N of [2.72, 10, M]) {
      expect(pairCoverage("π1", N)).toBe(0);
      expect(pairCoverage("π2", N)).toBeCloseTo(p / 2, 15);
    }
    expect(pairCoverage("π1", 2.7)).toBeCloseTo((1 - p) / 2, 12);
    expect(pairCoverage("π2", M * 1.01)).toBe(0);
  });

  test("is chosen among as the enumerated counts have it", () => {
    const { table } = runTheoryRow(misspecifiedPair, { scale: "fast", seed: "oracle" });
    const at = (n: number) => table.find((record) => record.n === n) as Readonly<Record<string, number>>;
    const near = (share: number, probability: number, trials: number) =>
      expect(Math.abs(share - probability)).toBeLessThan(
        4 * Math.sqrt((probability * (1 - probability)) / trials),
      );
    expect(likelihoodTakesSecond(10)).toBeCloseTo(0.82, 1);
    near(at(10).likelihoodShare!, likelihoodTakesSecond(10), at(10).replicates!);
    for (const n of [10, 100, 1000])
      near(at(n).ties! / at(n).replicates!, tieProbability(n), at(n).replicates!);
    expect(tieProbability(100)).toBeCloseTo(0.93, 2);
    expect(tieProbability(10_000)).toBeLessThan(0.002);
  }, 120_000);

  test("fails with the printed coverage p in place of p/2", () => {
    const { criteria } = misspecifiedPairRow(1);
    const criterion = criteria.find(({ name }) => name === "coverage-of-second");
    expect(criterion?.judge([{ coverage2: pairCoverage("π2", 8) / p }])).toMatchObject({ pass: false });
  });
});
