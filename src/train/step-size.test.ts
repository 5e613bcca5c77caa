import { describe, expect, test } from "vitest";
import {
  largestSgdStepSize,
  maximumLikelihoodRate,
  normalizedLambda,
  normalizedRate,
  normalizedStepSize,
  sgdRate,
  tokenLevelRate,
  tokenLevelStepSize,
  truncatedRate,
  truncatedStepSize,
} from "./step-size.ts";

/** log N = 2. */
const N = Math.exp(2);

describe("step sizes of the proofs, worked by hand", () => {
  test("normalized SGD: min{1/(128B), (log N/(σ²T))^{1/4}}, λ = log N/(16η)", () => {
    expect(normalizedStepSize({ B: 2, variance: 1, steps: 100, N })).toBe(1 / 256);
    // (2/(2·10^12))^{1/4} = 1e-3.
    expect(normalizedStepSize({ B: 2, variance: 2, steps: 1e12, N })).toBeCloseTo(1e-3, 15);
    expect(normalizedLambda({ N, stepSize: 0.125 })).toBeCloseTo(1, 15);
  });

  test("token level: min{1/(2B²), (σ²T)^{−1/2}}", () => {
    expect(tokenLevelStepSize({ B: 3, variance: 0.01, steps: 100 })).toBeCloseTo(1 / 18, 15);
    expect(tokenLevelStepSize({ B: 1, variance: 4, steps: 100 })).toBeCloseTo(0.05, 15);
  });

  test("truncated: min{1/((64 log N + 2)B²), (Tσ² log N)^{−1/2}}", () => {
    expect(truncatedStepSize({ B: 2, variance: 0.01, steps: 10, N })).toBeCloseTo(1 / 520, 15);
    expect(truncatedStepSize({ B: 1, variance: 2, steps: 1e6, N })).toBeCloseTo(5e-4, 15);
  });

  test("SGD: 1/(2HB²)", () => {
    expect(largestSgdStepSize({ B: 2, H: 8 })).toBe(1 / 64);
  });

  test("without variance the bound by B is what remains", () => {
    expect(tokenLevelStepSize({ B: 1, variance: 0, steps: 10 })).toBe(0.5);
    expect(truncatedRate({ B: 1, variance: 0, steps: 10, N })).toBe(0.1);
  });
});

describe("rates, worked by hand", () => {
  const given = { B: 3, variance: 4, steps: 100, N };

  test("are the printed formulas", () => {
    // √(4/100) = 0.2, B²/T = 0.09.
    expect(sgdRate({ ...given, H: 10 })).toBeCloseTo((0.2 + 0.9) / 2, 15);
    expect(tokenLevelRate(given)).toBeCloseTo((0.2 + 0.09) / 2, 15);
    expect(truncatedRate(given)).toBeCloseTo(0.2 / Math.SQRT2 + 0.09, 15);
    expect(maximumLikelihoodRate(given)).toBe(truncatedRate(given));
    expect(normalizedRate({ ...given, samples: 30 })).toBeCloseTo(0.2 / Math.SQRT2 + 0.09 + 0.05, 15);
  });

  test("grow with the horizon for SGD at sequence level", () => {
    const at = (H: number) => sgdRate({ ...given, H });
    expect(at(1000) - at(10)).toBeCloseTo((9 * 990) / 100 / 2, 12);
  });
});

test("numbers outside their limits are refused by name", () => {
  expect(() => tokenLevelStepSize({ B: 0, variance: 1, steps: 1 })).toThrow(
    "B is 0: must be positive and finite",
  );
  expect(() => truncatedRate({ B: 1, variance: -1, steps: 1, N })).toThrow(
    "variance is -1: must be at least 0",
  );
  expect(() => truncatedRate({ B: 1, variance: 1, steps: 1, N: 1 })).toThrow(
    "N is 1: must be above 1 and finite",
  );
});
