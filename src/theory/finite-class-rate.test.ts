/** Oracle: every θ of a small cube, and a numerical maximum over the hull. */
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import {
  type CoinClass,
  type CoinCounts,
  drawnCoinCounts,
  hullLeavesReference,
  largestCoinGain,
  leavesReference,
} from "./finite-class-rate.ts";

const coins: CoinClass = { d: 4, epsilon: 0.4, N: 5 };
const generator = randomGenerator("coins");
const dataSets = Array.from({ length: 300 }, () =>
  drawnCoinCounts({ d: 4, n: 40, rareMass: 0.02, generator: generator }),
);

/** log π − log π_D of the model with mass `at0` on (0, 1) and coins (1 + ε·t_i)/2. */
function logGain({ draws, ones, rare }: CoinCounts, ts: readonly number[], at0: number): number {
  const { epsilon } = coins;
  const others = ts.reduce((sum, t, prompt) => {
    const [total, up] = [draws[prompt]!, ones[prompt]!];
    return sum + up * Math.log(1 + epsilon * t) + (total - up) * Math.log(1 - epsilon * t);
  }, 0);
  return others + (rare === 0 ? 0 : rare * Math.log(at0));
}

const corners = Array.from({ length: 16 }, (_, index) =>
  [0, 1, 2, 3].map((bit) => ((index >> bit) & 1 ? 1 : -1)),
);

describe("the class of coins", () => {
  test("is drawn with the prompts' masses and fair coins", () => {
    const counts = drawnCoinCounts({ d: 4, n: 40_000, rareMass: 0.1, generator });
    expect(counts.rare + counts.draws.reduce((sum, count) => sum + count, 0)).toBe(40_000);
    expect(Math.abs(counts.rare - 4000)).toBeLessThan(5 * 60);
    for (let prompt = 0; prompt < 4; prompt++) {
      expect(Math.abs(counts.draws[prompt]! - 9000)).toBeLessThan(5 * 84);
      expect(Math.abs(2 * counts.ones[prompt]! - counts.draws[prompt]!)).toBeLessThan(5 * 95);
    }
  });

  test("has the maximum likelihood of all its members tried", () => {
    let left = 0;
    for (const counts of dataSets) {
      const best = Math.max(...corners.map((theta) => logGain(counts, theta, 1 / coins.N)));
      expect(largestCoinGain(counts, coins) - counts.rare * Math.log(coins.N)).toBeCloseTo(best, 9);
      expect(leavesReference(counts, coins)).toBe(best > 0);
      if (best > 0) left++;
    }
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThan(dataSets.length);
  });

  test("has a hull whose maximum likelihood gives (0, 1) no more than 1/N as the slope says", () => {
    // The best t_i for λ is the free optimum cut to ±λ; λ on a grid.
    const valueAt = (counts: CoinCounts, lambda: number) => {
      const ts = [0, 1, 2, 3].map((prompt) => {
        const [total, up] = [counts.draws[prompt]!, counts.ones[prompt]!];
        const free = total === 0 ? 0 : (2 * up - total) / (coins.epsilon * total);
        return Math.max(-lambda, Math.min(lambda, free));
      });
      return logGain(counts, ts, 1 - lambda * (1 - 1 / coins.N));
    };
    const lambdas = Array.from({ length: 1001 }, (_, index) => index / 1000);
    let left = 0;
    for (const counts of dataSets) {
      const values = lambdas.map((lambda) => valueAt(counts, lambda));
      const atEnd = values.at(-1)! >= Math.max(...values) - 1e-12;
      expect(hullLeavesReference(counts, coins)).toBe(atEnd);
      if (atEnd) left++;
    }
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThan(dataSets.length);
  });
});
