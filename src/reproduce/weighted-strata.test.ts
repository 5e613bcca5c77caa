import { describe, expect, test } from "vitest";
import { randomGenerator, studentQuantile } from "../numeric/index.ts";
import { weightedDifference, weightedStrata } from "./weighted-strata.ts";

describe("weighted strata", () => {
  test("normal intervals combine as variances do", () => {
    const { estimate, lower, upper } = weightedStrata([
      { weight: 0.9, estimate: 1, lower: 0.8, upper: 1.2 },
      { weight: 0.1, estimate: 3, lower: 2, upper: 4 },
    ]);
    expect(estimate).toBeCloseTo(1.2, 12);
    const half = Math.sqrt(0.18 ** 2 + 0.1 ** 2);
    expect(lower).toBeCloseTo(1.2 - half, 12);
    expect(upper).toBeCloseTo(1.2 + half, 12);
  });

  test("a stratum that cannot go higher widens only the lower end", () => {
    const { lower, upper } = weightedStrata([
      { weight: 0.5, estimate: 1, lower: 0.9, upper: 1 },
      { weight: 0.5, estimate: 0, lower: 0, upper: 0 },
    ]);
    expect(lower).toBeCloseTo(0.45, 12);
    expect(upper).toBe(0.5);
  });

  test("of one stratum the difference is the paired one", () => {
    const left = [0.9, 0.5, 0.7, 0.2];
    const right = [0.8, 0.5, 0.4, 0.3];
    const differences = [0.1, 0, 0.3, -0.1];
    const mean = 0.075;
    const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3;
    const half =
      studentQuantile({ probability: 0.975, degreesOfFreedom: 3 }) * Math.sqrt(variance / 4 + 1 / 16);
    const { estimate, lower, upper } = weightedDifference([{ weight: 1, left, right }]);
    expect(estimate).toBeCloseTo(mean, 12);
    expect(lower).toBeCloseTo(mean - half, 12);
    expect(upper).toBeCloseTo(mean + half, 12);
  });

  test("intervals of a mixture's difference cover it in about 95 of 100 draws", () => {
    const random = randomGenerator("weighted strata");
    const truth = 0.9 * 0.1 + 0.1 * -0.2;
    const repetitions = 400;
    let covered = 0;
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const draw = (probability: number) =>
        Float64Array.from({ length: 200 }, () => (random.uniform() < probability ? 1 : 0));
      const { lower, upper } = weightedDifference([
        { weight: 0.9, left: draw(0.4), right: draw(0.3) },
        { weight: 0.1, left: draw(0.3), right: draw(0.5) },
      ]);
      if (lower <= truth && truth <= upper) covered += 1;
    }
    // Four standard errors of a share of .95 among 400.
    expect(Math.abs(covered / repetitions - 0.955)).toBeLessThan(0.044);
  });
});
