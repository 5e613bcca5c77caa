import { describe, expect, test } from "vitest";
import { idealOptimum, idealPath, idealStart, uniformValues } from "./figure-one-ideal.ts";

const rounded = (value: number) => Number(value.toFixed(3));

describe("models that treat all prompts alike", () => {
  test("the least KL without telling the class is that of shares .9 and .1, with the pass@N of §7", () => {
    const { kl, coverageAt, passAt } = uniformValues(idealOptimum);
    expect(rounded(kl)).toBe(0.325);
    expect([4, 8, 12].map((n) => rounded(passAt(n)))).toEqual([0.934, 0.957, 0.972]);
    expect([1.12, 5, 10].map(coverageAt)).toEqual([0.1, 0.1, 0.1]);
    expect(coverageAt(10.001)).toBe(0);
    for (const model of idealPath()) expect(uniformValues(model).kl).toBeGreaterThanOrEqual(kl - 1e-12);
  });

  test("the ideal pre-trained start covers all within 3 draws", () => {
    const { kl, coverageAt, passAt } = uniformValues(idealStart);
    expect(rounded(kl)).toBe(0.875);
    expect([coverageAt(2), coverageAt(3)]).toEqual([1, 0]);
    expect([4, 8, 12].map((n) => rounded(passAt(n)))).toEqual([0.884, 0.987, 0.998]);
  });

  test("the best pass@N lies before the KL optimum on the way to it", () => {
    const best = (n: number) =>
      idealPath(400)
        .map(({ first, second }) => ({ first, pass: uniformValues({ first, second }).passAt(n) }))
        .reduce((left, right) => (right.pass > left.pass ? right : left));
    expect(best(8).first).toBeCloseTo(0.578, 2);
    expect(rounded(best(8).pass)).toBe(0.998);
    expect(best(12).first).toBeCloseTo(0.55, 2);
    expect(best(12).pass).toBeCloseTo(0.9999, 4);
  });
});
