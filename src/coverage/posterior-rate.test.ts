import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { fitMixingDistribution, posteriorRate } from "./index.ts";

const fit = {
  ...fitMixingDistribution([{ draws: 1, correct: 1 }]),
  rates: Float64Array.of(0, 0.25, 0.75, 1),
  weights: Float64Array.of(0.25, 0.25, 0.25, 0.25),
};

test("the rate has the posterior probabilities of the mixing distribution", () => {
  // P[rate | 1 of 2] is 0, 3/16, 3/16, 0 over its sum: one half each.
  const generator = randomGenerator("posterior");
  const drawn = Array.from({ length: 4000 }, () =>
    posteriorRate(fit, { count: { draws: 2, correct: 1 }, generator }),
  );
  expect(new Set(drawn)).toEqual(new Set([0.25, 0.75]));
  const share = drawn.filter((rate) => rate === 0.25).length / drawn.length;
  expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / drawn.length));
});
