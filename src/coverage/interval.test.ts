import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { regularizedIncompleteBeta } from "../numeric/index.ts";
import { clopperPearson, kornGraubard } from "./index.ts";

describe("Clopper–Pearson", () => {
  test("the ends are where the binomial tails have (1 − level)/2", () => {
    for (const [successes, trials] of [
      [3, 10],
      [1, 1000],
      [499_999, 1_000_000],
      [2.5, 7.25],
    ] as const) {
      const { lower, upper } = clopperPearson({ successes, trials, level: 0.9 });
      const above = regularizedIncompleteBeta({ x: lower, alpha: successes, beta: trials - successes + 1 });
      const below = regularizedIncompleteBeta({ x: upper, alpha: successes + 1, beta: trials - successes });
      expect(above).toBeCloseTo(0.05, 9);
      expect(1 - below).toBeCloseTo(0.05, 9);
    }
  });

  test("no success, only successes and no trials give closed forms", () => {
    expect(clopperPearson({ successes: 0, trials: 10, level: 0.95 }).upper).toBeCloseTo(1 - 0.025 ** 0.1, 12);
    expect(clopperPearson({ successes: 10, trials: 10, level: 0.95 }).lower).toBeCloseTo(0.025 ** 0.1, 12);
    expect(clopperPearson({ successes: 0, trials: 0, level: 0.95 })).toEqual({ lower: 0, upper: 1 });
  });

  test("it covers at least the level for every rate, by enumeration", () => {
    const trials = 12;
    const intervals = Array.from({ length: trials + 1 }, (_, successes) =>
      clopperPearson({ successes, trials, level: 0.95 }),
    );
    for (let rate = 0.01; rate < 1; rate += 0.01) {
      let covered = 0;
      let probability = (1 - rate) ** trials;
      intervals.forEach(({ lower, upper }, successes) => {
        if (lower <= rate && rate <= upper) covered += probability;
        probability *= ((trials - successes) / (successes + 1)) * (rate / (1 - rate));
      });
      expect(covered).toBeGreaterThanOrEqual(0.95);
    }
  });

  test("impossible arguments throw, naming value and limit", () => {
    expect(() => clopperPearson({ successes: 3, trials: 2, level: 0.95 })).toThrow("successes is 3");
    expect(() => clopperPearson({ successes: 1, trials: 2, level: 1 })).toThrow("level is 1");
    expect(() => clopperPearson({ successes: 1, trials: Number.NaN, level: 0.9 })).toThrow("trials is NaN");
  });
});

describe("Korn–Graubard", () => {
  test("all failures, all successes and a single cluster count each cluster as one trial", () => {
    const zero = kornGraubard({ means: [0, 0, 0], sizes: [100, 100, 100], level: 0.95 });
    expect(zero).toMatchObject({ effectiveTrials: 3, lower: 0 });
    expect(zero.upper).toBe(clopperPearson({ successes: 0, trials: 3, level: 0.95 }).upper);
    expect(kornGraubard({ means: [1, 1, 1], sizes: [9, 9, 9], level: 0.95 })).toMatchObject({
      effectiveTrials: 3,
      upper: 1,
    });
    expect(kornGraubard({ means: [0.4], sizes: [1000], level: 0.95 }).effectiveTrials).toBe(1);
  });

  test("equal means inside (0, 1) are taken for no more than all trials, less what the few clusters can prove", () => {
    const { effectiveTrials } = kornGraubard({ means: [0.5, 0.5, 0.5], sizes: [10, 10, 10], level: 0.95 });
    // (t₂₉/t₂)² = (2.0452/4.3027)²
    expect(effectiveTrials).toBeCloseTo(30 * (2.045229642 / 4.30265273) ** 2, 6);
  });

  test("one trial a cluster is Clopper–Pearson itself", () => {
    const means = [1, 0, 0, 1, 1, 0, 0, 0];
    const { lower, upper } = kornGraubard({ means, sizes: means.map(() => 1), level: 0.95 });
    const { lower: low, upper: high } = clopperPearson({ successes: 3, trials: 8, level: 0.95 });
    // p̂(1−p̂)/v̂ = m − 1: one trial is lost to the estimated variance.
    const loss = clopperPearson({ successes: (3 / 8) * 7, trials: 7, level: 0.95 });
    expect(lower).toBeCloseTo(loss.lower, 12);
    expect(upper).toBeCloseTo(loss.upper, 12);
    expect(lower).toBeLessThan(low);
    expect(upper).toBeGreaterThan(high);
  });

  test("it is never narrower than Clopper–Pearson on all trials as if independent", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.constant(8)), { minLength: 2, maxLength: 30 }),
        (clusters) => {
          const means = clusters.map(([hits, size]) => hits / size);
          const sizes = clusters.map(([, size]) => size);
          const trials = sizes.reduce((sum, size) => sum + size, 0);
          const wide = kornGraubard({ means, sizes, level: 0.95 });
          const narrow = clopperPearson({
            successes: Math.min(trials, wide.estimate * trials),
            trials,
            level: 0.95,
          });
          expect(wide.lower).toBeLessThanOrEqual(narrow.lower + 1e-9);
          expect(wide.upper).toBeGreaterThanOrEqual(narrow.upper - 1e-9);
        },
      ),
      { seed: 3 },
    );
  });

  test("impossible arguments throw, naming value and limit", () => {
    expect(() => kornGraubard({ means: [], sizes: [], level: 0.95 })).toThrow("means is empty");
    expect(() => kornGraubard({ means: [1.5], sizes: [1], level: 0.95 })).toThrow("means[0] is 1.5");
    expect(() => kornGraubard({ means: [0.5], sizes: [0], level: 0.95 })).toThrow("sizes[0] is 0");
    expect(() => kornGraubard({ means: [0.5], sizes: [1, 1], level: 0.95 })).toThrow("sizes has length 2");
  });
});
