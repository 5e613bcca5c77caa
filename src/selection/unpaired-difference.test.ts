import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { unpairedDifference } from "./unpaired-difference.ts";

describe("the difference of means on different problems", () => {
  test("equals Welch's interval where 1/m² vanishes (R: t.test on 0/1 data of 400 and 900)", () => {
    // Means .25 and .2; s²/m = .25·.75/399 and .2·.8/899; the guard adds 1/400² + 1/900².
    const left = Array.from({ length: 400 }, (_, index) => (index % 4 === 0 ? 1 : 0));
    const right = Array.from({ length: 900 }, (_, index) => (index % 5 === 0 ? 1 : 0));
    const { estimate, lower, upper } = unpairedDifference({ left, right });
    const [v1, v2] = [0.1875 / 399 + 1 / 400 ** 2, 0.16 / 899 + 1 / 900 ** 2];
    expect(estimate).toBeCloseTo(0.05, 12);
    const half = ((upper ?? 0) - (lower ?? 0)) / 2;
    // t at about 711 degrees of freedom is 1.9633.
    expect(half / Math.sqrt(v1 + v2)).toBeCloseTo(1.9633, 3);
  });

  test("turns its sign when the sides are exchanged", () => {
    const left = [0.1, 0.5, 0.9, 1];
    const right = [0, 0.2, 0.3];
    const there = unpairedDifference({ left, right });
    const back = unpairedDifference({ left: right, right: left });
    expect(back.estimate).toBeCloseTo(-there.estimate, 12);
    expect(back.lower).toBeCloseTo(-(there.upper ?? 0), 12);
  });

  test("covers the true difference at its level on skewed rates", () => {
    const generator = randomGenerator("unpaired coverage");
    let covered = 0;
    const repetitions = 1500;
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      const left = Float64Array.from({ length: 60 }, () => generator.beta(0.3, 0.6));
      const right = Float64Array.from({ length: 90 }, () => generator.beta(0.5, 2));
      const { lower, upper } = unpairedDifference({ left, right });
      const truth = 1 / 3 - 0.2;
      if ((lower ?? 1) <= truth && truth <= (upper ?? -1)) covered += 1;
    }
    expect(covered / repetitions).toBeGreaterThan(0.935);
    expect(covered / repetitions).toBeLessThan(0.985);
  });

  test("has no interval from one problem, stays open where all values are equal, and refuses what is no rate", () => {
    expect(unpairedDifference({ left: [1], right: [0, 0] }).lower).toBeUndefined();
    const equal = unpairedDifference({ left: [1, 1, 1], right: [0, 0, 0] });
    expect(equal.lower).toBeLessThan(1);
    expect(() => unpairedDifference({ left: [], right: [1] })).toThrow("left is empty");
    expect(() => unpairedDifference({ left: [1], right: [1.5] })).toThrow("right[0] is 1.5");
    expect(() => unpairedDifference({ left: [1], right: [1] }, { level: 95 })).toThrow("level is 95");
  });
});
