/** Oracle: the log-likelihood itself, and the optimality conditions of a concave problem on a box. */
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import {
  boxMaximumLikelihood,
  floorProbabilities,
  maximumLikelihoodFloor,
} from "./maximum-likelihood-floor.ts";
import { runTheoryRow } from "./run-row.ts";

describe("the maximum likelihood on the box", () => {
  const generator = randomGenerator("box");
  const cases = [
    [5, 1, 0, 0],
    [40, 3, 0, 1, 0, 0, 2],
    [9, 0, 0],
    [3, 3, 2, 1],
  ];

  test.each(cases.map((counts) => [counts]))("of %s meets the optimality conditions", (counts) => {
    const n = counts.reduce((sum, count) => sum + count, 0);
    const B = Math.log(5 * n);
    const model = boxMaximumLikelihood({ counts, B });
    expect(model.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    // θ up to the shift that makes the first one 1; the gradient of the mean log-likelihood is B·(count/n − p).
    counts.forEach((count, response) => {
      const theta = 1 + Math.log(model[response]! / model[0]!) / B;
      expect(Math.abs(theta)).toBeLessThanOrEqual(1 + 1e-12);
      const gradient = count / n - model[response]!;
      if (Math.abs(theta) < 1 - 1e-9) expect(Math.abs(gradient)).toBeLessThan(1e-12);
      else expect(Math.sign(theta) * gradient).toBeGreaterThanOrEqual(-1e-12);
    });
  });

  test("is not beaten by random points of the box", () => {
    const counts = [40, 3, 0, 1, 0, 0, 2];
    const B = Math.log(5 * 46);
    const logLikelihood = (model: ArrayLike<number>) =>
      counts.reduce(
        (sum, count, response) => sum + (count === 0 ? 0 : count * Math.log(model[response]!)),
        0,
      );
    const best = logLikelihood(boxMaximumLikelihood({ counts, B }));
    for (let trial = 0; trial < 2000; trial++) {
      const weights = counts.map(() => Math.exp(B * (2 * generator.uniform() - 1)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      expect(logLikelihood(weights.map((weight) => weight / total))).toBeLessThan(best);
    }
  });

  test("refuses counts whose first is not the largest", () => {
    expect(() => boxMaximumLikelihood({ counts: [1, 2], B: 9 })).toThrow(/counts\[0\] is 1/);
  });
});

test("π_D is the exponential of θ⋆ = (log(4n)/2B)·(1, −1, …)", () => {
  const [d, n, B] = [5, 7, 4];
  const weights = Array.from({ length: d }, (_, y) =>
    Math.exp(B * (Math.log(4 * n) / (2 * B)) * (y === 0 ? 1 : -1)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  floorProbabilities({ d, n }).forEach((p, y) => {
    expect(p).toBeCloseTo(weights[y]! / total, 12);
  });
});

test("the mean coverage is the expected mass of the unseen", () => {
  const { table } = runTheoryRow(maximumLikelihoodFloor, { scale: "fast", seed: "oracle" });
  for (const { d, n, coverage, rareMass } of table as readonly Record<string, number>[]) {
    const expected = rareMass! * (1 - 1 / (d! - 1 + 4 * n!)) ** n!;
    expect(Math.abs(coverage! / expected - 1)).toBeLessThan(0.12);
  }
});
