import { describe, expect, test } from "vitest";
import {
  asNumber,
  coverage,
  expectation,
  kl,
  randomModel,
  randomN,
  squaredHellinger,
} from "../../test/oracle/profile-finite-models.ts";
import { randomGenerator } from "../numeric/index.ts";
import { binaryDivergence } from "./berk-jones.ts";
import {
  coverageBoundFromHellinger,
  coverageBoundFromKl,
  klBoundFromDecay,
  looseCoverageBoundFromKl,
  tightCoverageBoundFromKl,
  tightnessPair,
} from "./bounds-from-divergence.ts";

const pairs = 20_000;
const rounding = 1e-12;

describe("bounds between coverage and divergences, on 20,000 random finite pairs", () => {
  const random = randomGenerator("finite pairs for divergence bounds");
  const cases = Array.from({ length: pairs }, () => {
    const size = { prompts: 1 + random.integer(3), responses: 2 + random.integer(5) };
    const reference = randomModel(random, size);
    const model = randomModel(random, size);
    const n = randomN(random, reference, model);
    return { reference, model, n: asNumber(n), coverage: coverage(reference, model, n) };
  });

  test("D.1 and Proposition 3.1 hold, and the binary form lies between coverage and D.1", () => {
    let attained = 0;
    for (const { reference, model, n, coverage } of cases) {
      const divergence = kl(reference, model);
      const tight = tightCoverageBoundFromKl({ n, kl: divergence });
      expect(coverage).toBeLessThanOrEqual(tight + rounding);
      if (coverage > 0.01 && tight - coverage < 1e-6) attained += 1;
      if (n <= 1) continue;
      const bound = coverageBoundFromKl({ n, kl: divergence });
      expect(Math.min(1, bound)).toBeGreaterThanOrEqual(tight - rounding);
      if (n > Math.E) expect(looseCoverageBoundFromKl({ n, kl: divergence })).toBeGreaterThanOrEqual(bound);
    }
    expect(attained).toBeGreaterThan(0);
  });

  test("D.3 holds", () => {
    for (const { reference, model } of cases) {
      let logLargestRatio = Number.NEGATIVE_INFINITY;
      const ratios = new Set<number>();
      expectation(reference, model, (above, below) => {
        const ratio = Math.log(above / below);
        ratios.add(ratio);
        logLargestRatio = Math.max(logLargestRatio, ratio);
        return 0;
      });
      let decay = 0;
      for (const ratio of ratios) {
        if (ratio <= 0) continue;
        const share = expectation(reference, model, (above, below) =>
          Math.log(above / below) >= ratio ? 1 : 0,
        );
        decay = Math.max(decay, share * ratio);
      }
      const bound = klBoundFromDecay({ decay, logLargestRatio: Math.max(decay, logLargestRatio) });
      expect(kl(reference, model)).toBeLessThanOrEqual(bound + rounding);
    }
  });

  test("D.4 holds", () => {
    for (const { reference, model, n, coverage } of cases) {
      if (n <= 1) continue;
      const bound = coverageBoundFromHellinger({ n, squaredHellinger: squaredHellinger(reference, model) });
      expect(coverage).toBeLessThanOrEqual(bound + rounding);
    }
  });
});

describe("the pair of D.2", () => {
  const random = randomGenerator("tightness pairs");
  const cases = Array.from({ length: 5000 }, () => ({
    n: 1 + 10 ** (12 * random.uniform() - 6),
    p: Math.max(1e-6, random.uniform() / 2),
  }));

  test("has coverage p, at least KL/(log N − ½ + 1/(2N))", () => {
    for (const { n, p } of cases) {
      const pair = tightnessPair({ n, p });
      const [above, below] = [pair.reference[0], pair.model[0]];
      expect(above / below).toBeCloseTo(n, 9 - Math.max(0, Math.ceil(Math.log10(n))));
      expect(pair.coverage).toBe(p);
      expect(pair.coverage).toBeGreaterThanOrEqual(pair.lowerBound * (1 - 1e-9) - 1e-9);
    }
  });

  test("has a lower bound of 0.4087… at N = 4 and p = ½, as computed by hand", () => {
    const divergence = Math.log(4) / 2 + Math.log(4 / 7) / 2;
    expect(tightnessPair({ n: 4, p: 0.5 }).lowerBound).toBeCloseTo(divergence / (Math.log(4) - 0.375), 14);
  });

  test("attains the binary form, which D.1 only comes near", () => {
    for (const { n, p } of cases) {
      if (n < 1.001) continue;
      const { kl: divergence } = tightnessPair({ n, p });
      // The slope of kl(c‖c/N) says how far rounding in it can move c.
      const slope = (binaryDivergence({ p: p * 1.0001, q: (p * 1.0001) / n }) - divergence) / (p * 0.0001);
      const tight = tightCoverageBoundFromKl({ n, kl: divergence });
      expect(Math.abs(tight - p)).toBeLessThanOrEqual(1e-15 / slope + 1e-14);
      expect(coverageBoundFromKl({ n, kl: divergence })).toBeGreaterThanOrEqual(p);
    }
  });
});

describe("the denominators", () => {
  test("log N − 1 + 1/N does not cancel near N = 1", () => {
    // At N = 1 + d it is the sum of (−d)^k·(1 − 1/k) from k = 2; N is read back as a double.
    for (const d of [1e-7, 1e-5, 1e-3]) {
      const n = 1 + d;
      const excess = n - 1;
      let expected = 0;
      for (let k = 2; k <= 8; k++) expected += (-excess) ** k * (1 - 1 / k);
      const bound = coverageBoundFromKl({ n, kl: 1 });
      expect(Math.abs(bound * expected - 1)).toBeLessThan(1e-12);
    }
    const left = coverageBoundFromKl({ n: 1.02 - 1e-12, kl: 1 });
    const right = coverageBoundFromKl({ n: 1.02 + 1e-12, kl: 1 });
    expect(Math.abs(left / right - 1)).toBeLessThan(1e-9);
  });

  test("wrong arguments are named with their limits", () => {
    expect(() => coverageBoundFromKl({ n: 1, kl: 1 })).toThrow("n is 1: must be finite and above 1");
    expect(() => looseCoverageBoundFromKl({ n: 2, kl: 1 })).toThrow(
      "n is 2: must be finite and above 2.718281828459045",
    );
    expect(() => tightCoverageBoundFromKl({ n: 2, kl: Number.NaN })).toThrow("kl is NaN: must be at least 0");
    expect(() => tightnessPair({ n: 2, p: 0.6 })).toThrow("p is 0.6: must be above 0 and at most 0.5");
    expect(() => klBoundFromDecay({ decay: 2, logLargestRatio: 1 })).toThrow(
      "logLargestRatio is 1: must be at least 2",
    );
  });

  test("an infinite KL bounds nothing", () => {
    const kl = Number.POSITIVE_INFINITY;
    expect(tightCoverageBoundFromKl({ n: 8, kl })).toBe(1);
    expect(coverageBoundFromKl({ n: 8, kl })).toBe(kl);
    expect(klBoundFromDecay({ decay: 1, logLargestRatio: kl })).toBe(kl);
  });
});
