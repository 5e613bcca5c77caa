/** Oracle: all counts of n draws with their binomial probabilities, and coverage from its definition. */
import { describe, expect, test } from "vitest";
import {
  bernoulliCoverageBound,
  bernoulliMaximumLikelihood,
  triedExpectations,
} from "./bernoulli-maximum-likelihood.ts";
import { theoryPiece } from "./run-row.ts";

const logFactorials = [0];
for (let i = 1; i <= 1000; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));

function binomial(n: number, count: number, p: number): number {
  const ways = logFactorials[n]! - logFactorials[count]! - logFactorials[n - count]!;
  return Math.exp(ways + count * Math.log(p) + (n - count) * Math.log1p(-p));
}

/** P_{y ~ p}[p(y)/q(y) ≥ N]; p(y)/0 reaches every N. */
const coverage = (p: readonly number[], q: readonly number[], N: number): number =>
  p.reduce((sum, mass, y) => (mass / q[y]! >= N ? sum + mass : sum), 0);

/** P[Cov_N of the frequency of n draws > limit]. */
function exceedance(given: { n: number; p: number; N: number; limit: number }): number {
  const { n, p, N, limit } = given;
  let total = 0;
  for (let count = 0; count <= n; count++) {
    const found = coverage([1 - p, p], [1 - count / n, count / n], N);
    if (found > limit) total += binomial(n, count, p);
  }
  return total;
}

const coins = (n: number) => triedExpectations.filter((value) => value <= n / 2).map((value) => value / n);
const worst = (n: number, limit: number, ps: readonly number[]) =>
  Math.max(...ps.map((p) => exceedance({ n, p, N: 2, limit })));

describe.each([60, 240])("the coin of n = %s draws", (n) => {
  const settings = bernoulliMaximumLikelihood.settings("fast");
  const piece = settings.findIndex((setting) => setting.n === n);
  const [record] = theoryPiece(bernoulliMaximumLikelihood, piece, { scale: "fast", seed: "oracle" });
  const { replicates, infiniteKl, quantile } = record as Readonly<Record<string, number>>;
  const near = (events: number, probability: number) =>
    expect(Math.abs(events / replicates! - probability)).toBeLessThan(
      (5 * Math.sqrt(probability * (1 - probability)) + 0.1) / Math.sqrt(replicates!),
    );

  test.each([0.1, 0.01])(
    "exceeds the bound of δ = %s as often as the enumerated counts do, and no more than δ",
    (delta) => {
      const limit = bernoulliCoverageBound({ n, delta });
      const enumerated = worst(n, limit, coins(n));
      near(replicates! - Number(record![`within${delta}`]), enumerated);
      // Every coin, also between those that are tried; a larger N covers no less.
      const all = Array.from({ length: 5 * n - 1 }, (_, index) => (index + 1) / (5 * n));
      expect(worst(n, limit, all)).toBeLessThan(delta);
      for (const N of [3, 10]) {
        for (const p of coins(n)) {
          expect(exceedance({ n, p, N, limit })).toBeLessThanOrEqual(exceedance({ n, p, N: 2, limit }));
        }
      }
    },
  );

  test("has infinite KL where all draws are alike", () => {
    near(infiniteKl!, binomial(n, 0, 1 / n) + binomial(n, n, 1 / n));
  });

  test("has the 95% quantile of the enumerated counts", () => {
    const slack = 5 * Math.sqrt((0.05 * 0.95) / replicates!);
    const largest = (least: number) =>
      Math.max(...coins(n).filter((p) => exceedance({ n, p, N: 2, limit: p * (1 - 1e-12) }) > least));
    expect(quantile).toBeGreaterThanOrEqual(largest(0.05 + slack));
    expect(quantile).toBeLessThanOrEqual(largest(0.05 - slack));
  });
});

test("a third of the bound is exceeded about as often as δ: the constant is less than three times too large", () => {
  const n = 240;
  const limit = bernoulliCoverageBound({ n, delta: 0.1 }) / 3;
  expect(worst(n, limit, coins(n))).toBeCloseTo(0.0958, 4);
  // Just above the limit, at n·p⋆ = 6.5085…
  expect(exceedance({ n, p: limit * (1 + 1e-9), N: 2, limit })).toBeCloseTo(0.108, 3);
});
