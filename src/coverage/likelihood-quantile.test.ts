import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/profile.json" with { type: "json" };
import { randomGenerator } from "../numeric/index.ts";
import { likelihoodQuantile } from "./likelihood-quantile.ts";
import { upperBoundLogRatios } from "./log-ratio.ts";
import { coverageAt } from "./profile.ts";

describe("the likelihood quantile", () => {
  test("inverts the upper-bound profile: at N = 1/Q(ε) it is at least ε, just above it is less", () => {
    const random = randomGenerator("quantiles");
    for (let repeat = 0; repeat < 500; repeat++) {
      const records = 1 + random.integer(60);
      const logProbabilities = Array.from(
        { length: records },
        () => -0.5 - random.integer(30) * random.uniform(),
      );
      const prompts = logProbabilities.map(() => random.integer(10));
      const epsilon = random.uniform();
      const { logProbability } = likelihoodQuantile({ model: "a", logProbabilities, epsilon, prompts });
      const sample = upperBoundLogRatios({ model: "a", logProbabilities });
      expect(coverageAt(sample, { n: Math.exp(-logProbability), prompts })).toBeGreaterThanOrEqual(
        epsilon - 1e-9,
      );
      const above = Math.exp(-logProbability + 1e-5);
      expect(coverageAt(sample, { n: above, prompts })).toBeLessThan(epsilon + 1e-9);
    }
  });

  test("has the exact interval of order statistics where responses are independent", () => {
    for (const { epsilon, level, values, quantile, lower, upper } of oracle.quantiles) {
      const found = likelihoodQuantile({ model: "a", logProbabilities: values, epsilon, level });
      expect(found.logProbability).toBe(quantile);
      // Korn and Graubard's size is one trial short of the records, so ends may lie one order statistic further out.
      const sorted = [Number.NEGATIVE_INFINITY, ...[...values].sort((left, right) => left - right), 0];
      const rank = (value: number) => sorted.indexOf(value);
      const fromBelow = rank(lower ?? Number.NEGATIVE_INFINITY) - rank(found.lower);
      const fromAbove = rank(found.upper) - rank(upper);
      expect(fromBelow === 0 || fromBelow === 1).toBe(true);
      expect(fromAbove === 0 || fromAbove === 1).toBe(true);
    }
  });

  test("covers at its level where prompts are clusters", () => {
    const random = randomGenerator("clustered quantiles");
    const [prompts, size, epsilon, repeats] = [100, 5, 0.2, 600];
    // −log π̂ = exponential of mean 40 a prompt plus exponential of mean 10 a response.
    const tail = (t: number) => (40 * Math.exp(-t / 40) - 10 * Math.exp(-t / 10)) / 30;
    let [low, high] = [0, 1000];
    while (high - low > 1e-9) {
      const middle = (low + high) / 2;
      if (tail(middle) > epsilon) low = middle;
      else high = middle;
    }
    let covered = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const own = Array.from({ length: prompts }, () => 40 * Math.log(random.uniform()));
      const owner = Array.from({ length: prompts * size }, (_, record) => Math.floor(record / size));
      const logProbabilities = owner.map((prompt) => own[prompt]! + 10 * Math.log(random.uniform()));
      const { lower, upper } = likelihoodQuantile({ model: "a", logProbabilities, epsilon, prompts: owner });
      if (lower <= -low && -low <= upper) covered += 1;
    }
    // Three standard errors of 600 repeats around .95.
    expect(covered / repeats).toBeGreaterThan(0.923);
    expect(covered / repeats).toBeLessThan(0.99);
  });

  test("is open below where the records cannot exclude anything smaller", () => {
    const found = likelihoodQuantile({ model: "a", logProbabilities: [-1, -2, -3], epsilon: 0.1 });
    expect(found).toMatchObject({ logProbability: -3, lower: Number.NEGATIVE_INFINITY, responses: 3 });
    expect(() => likelihoodQuantile({ model: "a", logProbabilities: [-1], epsilon: 0 })).toThrow(
      "epsilon is 0",
    );
  });
});
