import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/selection.json" with { type: "json" };
import { randomGenerator } from "../numeric/index.ts";
import { pairedDifferences } from "./paired-difference.ts";

describe("paired differences", () => {
  test.each(oracle.cases.map((entry) => [entry.left.length, entry.level, entry] as const))(
    "%i problems at level %f agree with numpy and scipy",
    (problems, level, entry) => {
      const result = pairedDifferences({ left: entry.left, right: entry.right }, { level });
      expect(result.problems).toBe(problems);
      for (const field of ["estimate", "standardError", "lower", "upper"] as const) {
        expect(Math.abs(result[field]! - entry[field])).toBeLessThanOrEqual(1e-12);
      }
    },
  );

  test("exchanging the sides turns the sign of everything", () => {
    const { left, right } = oracle.cases[2]!;
    const forth = pairedDifferences({ left, right });
    const back = pairedDifferences({ left: right, right: left });
    expect(back.estimate + forth.estimate).toBe(0);
    expect(back.lower! + forth.upper!).toBe(0);
    expect(back.upper! + forth.lower!).toBe(0);
  });

  test("equal models have an interval around 0 that is not empty", () => {
    const result = pairedDifferences({ left: [1, 0, 1], right: [1, 0, 1] });
    expect(result.estimate).toBe(0);
    expect(result.upper).toBeCloseTo(4.302652729696142 / 3, 0);
    expect(result.upper).toBe(1);
    expect(result.lower).toBe(-1);
  });

  test("one problem has an estimate and no interval", () => {
    expect(pairedDifferences({ left: [1], right: [0.25] })).toEqual({
      estimate: 0.75,
      lower: undefined,
      upper: undefined,
      standardError: undefined,
      problems: 1,
    });
  });

  test("bad arguments are refused with their value and limit", () => {
    expect(() => pairedDifferences({ left: [], right: [] })).toThrow(/left is empty/);
    expect(() => pairedDifferences({ left: [1], right: [1, 0] })).toThrow(/right has length 2.*1/);
    expect(() => pairedDifferences({ left: [1, Number.NaN], right: [1, 0] })).toThrow(/left\[1\] is NaN/);
    expect(() => pairedDifferences({ left: [1, 0], right: [1, 1.5] })).toThrow(/right\[1\] is 1.5/);
    expect(() => pairedDifferences({ left: [1, 0], right: [1, 0] }, { level: 1 })).toThrow(/level is 1/);
  });

  test("the interval covers the true difference in at least 95 of 100 simulated comparisons", () => {
    const random = randomGenerator("paired difference coverage");
    let covered = 0;
    const repetitions = 2000;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const rates = Float64Array.from({ length: 100 }, () => random.uniform());
      const draw = (scale: number) =>
        Float64Array.from(rates, (rate) => random.binomial(4, rate * scale) / 4);
      const { lower, upper } = pairedDifferences({ left: draw(1), right: draw(0.9) });
      // E[rate · 1] − E[rate · 0.9] with rate uniform.
      if (lower! <= 0.05 && 0.05 <= upper!) covered++;
    }
    expect(covered / repetitions).toBeGreaterThanOrEqual(0.95);
  });
});
