/** Oracle: all responses of a few tokens, enumerated. */
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import {
  correctedKlConstant,
  klLowerBoundRow,
  properEstimators,
  rarePromptCoverage,
  rarePromptKl,
  tokenProbability,
} from "./kl-lower-bound.ts";
import { runTheoryRow } from "./run-row.ts";

const H = 6;

/** Probabilities of the 2^H responses to x = 1. */
const responses = (theta: number) =>
  Array.from({ length: 2 ** H }, (_, index) =>
    Array.from({ length: H }, (_, bit): number => ((index >> bit) & 1 ? 1 : -1)).reduce(
      (product, token) => product * (Math.exp(theta * token) / (Math.exp(theta) + Math.exp(-theta))),
      1,
    ),
  );

describe("the pair of prompts", () => {
  test.each([
    [1, 0],
    [-1, 0.3],
    [1, -0.7],
    [-1, 1],
  ])("has the KL and the coverage of the enumerated responses, θ⋆ = %s, θ̂ = %s", (truth, estimate) => {
    const n = 5;
    const [p, q] = [responses(truth), responses(estimate)];
    const kl = p.reduce((sum, value, index) => sum + value * Math.log(value / q[index]!), 0) / (2 * n);
    expect(rarePromptKl({ truth, estimate, n, H })).toBeCloseTo(kl, 12);
    for (const N of [1.0001, 2, 5, 20, 1000]) {
      const coverage = p.reduce((sum, value, index) => (value / q[index]! >= N ? sum + value : sum), 0);
      expect(rarePromptCoverage({ truth, estimate, n, H, N })).toBeCloseTo(coverage / (2 * n), 10);
    }
  });

  test("covers everything where the estimate is right", () => {
    expect(rarePromptCoverage({ truth: 1, estimate: 1, n: 5, H, N: 1.5 })).toBe(0);
    expect(rarePromptKl({ truth: 1, estimate: 1, n: 5, H })).toBe(0);
  });
});

describe("the proper estimators", () => {
  const generator = randomGenerator("estimators");

  test("of maximum likelihood maximise it over [−1, 1], and take 0 where nothing was seen", () => {
    const estimator = properEstimators["maximum likelihood, 0 where unseen"]!;
    for (const ones of [0, 1, 5, 11, 12]) {
      const logLikelihood = (theta: number) =>
        ones * Math.log(tokenProbability(theta)) + (12 - ones) * Math.log(1 - tokenProbability(theta));
      const best = estimator({ examples: 2, ones, H }, generator);
      const grid = Array.from({ length: 2001 }, (_, index) => -1 + index / 1000);
      expect(logLikelihood(best)).toBeGreaterThanOrEqual(Math.max(...grid.map(logLikelihood)) - 1e-9);
      expect(Math.abs(best)).toBeLessThanOrEqual(1);
    }
    expect(estimator({ examples: 0, ones: 0, H }, generator)).toBe(0);
  });

  test("of the posterior mean follow Bayes' rule for θ = ±1", () => {
    const weigh = (theta: number) => tokenProbability(theta) ** 8 * (1 - tokenProbability(theta)) ** 4;
    const expected = (weigh(1) - weigh(-1)) / (weigh(1) + weigh(-1));
    const found = properEstimators["posterior mean"]!({ examples: 2, ones: 8, H }, generator);
    expect(found).toBeCloseTo(expected, 12);
  });
});

describe("the constant", () => {
  test("is 0.1639, half of KL(Ber(e/(e + 1/e))‖½)", () => {
    const p = Math.E / (Math.E + 1 / Math.E);
    expect(correctedKlConstant).toBeCloseTo((p * Math.log(2 * p) + (1 - p) * Math.log(2 - 2 * p)) / 2, 12);
    expect(correctedKlConstant).toBeCloseTo(0.1639, 4);
  });

  test("as printed, 1/4, fails: the estimator that says 0 stays below", () => {
    const { instances, table } = runTheoryRow(klLowerBoundRow(0.25), { scale: "fast", seed: "lmcov" });
    expect(instances.filter(({ pass }) => !pass).map(({ name }) => name)).toEqual([
      "kl-lower-bound/kl-grows",
    ]);
    const constant = table.filter(({ estimator }) => estimator === "always 0");
    expect(constant.map(({ largeKl }) => largeKl)).toEqual(constant.map(() => 0));
  });
});
