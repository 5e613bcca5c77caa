import { describe, expect, test } from "vitest";
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import {
  coverageBoundFromStoppedKl,
  coverageLowerBoundFromHellinger,
  hellingerThreshold,
} from "./bounds-stopped.ts";
import { stoppedKl } from "./divergence.ts";

const pairs = 20_000;
const rounding = 1e-12;

interface Path {
  /** Probability under π, which draws it. */
  readonly probability: number;
  readonly logRatio: number;
  readonly stepKl: readonly number[];
  readonly stepSquaredHellinger: readonly number[];
}

function nextToken(random: RandomGenerator, tokens: number): number[] {
  const sharpness = 1 + random.integer(8);
  const weights = Array.from({ length: tokens }, () => random.uniform() ** sharpness);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** All responses of a random autoregressive pair, by enumeration: fresh next-token laws at every prefix. */
function paths(random: RandomGenerator, input: { readonly tokens: number; readonly length: number }): Path[] {
  let list: Path[] = [{ probability: 1, logRatio: 0, stepKl: [], stepSquaredHellinger: [] }];
  for (let step = 0; step < input.length; step++) {
    list = list.flatMap((path) => {
      const above = nextToken(random, input.tokens);
      const below = random.integer(3) === 0 ? above : nextToken(random, input.tokens);
      const kl = above.reduce((sum, value, token) => sum + value * Math.log(value / below[token]!), 0);
      const hellinger = above.reduce(
        (sum, value, token) => sum + (Math.sqrt(value) - Math.sqrt(below[token]!)) ** 2 / 2,
        0,
      );
      return above.map((value, token) => ({
        probability: path.probability * value,
        logRatio: path.logRatio + Math.log(value / below[token]!),
        stepKl: [...path.stepKl, Math.max(0, kl)],
        stepSquaredHellinger: [...path.stepSquaredHellinger, hellinger],
      }));
    });
  }
  return list;
}

const share = (list: readonly Path[], condition: (path: Path) => boolean): number =>
  list.reduce((sum, path) => (condition(path) ? sum + path.probability : sum), 0);

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

describe("bounds from the steps of a response, on 20,000 random autoregressive pairs", () => {
  const random = randomGenerator("autoregressive pairs");
  const cases = Array.from({ length: pairs }, () =>
    paths(random, { tokens: 2 + random.integer(2), length: 1 + random.integer(3) }),
  );

  test("D.10 holds", () => {
    let informative = 0;
    for (const list of cases) {
      const n = Math.exp(1 + 4 * random.uniform());
      const stopped = list.reduce(
        (sum, path) => sum + path.probability * Math.min(Math.log(n), total(path.stepKl)),
        0,
      );
      const bound = coverageBoundFromStoppedKl({ n, stoppedKl: stopped });
      expect(share(list, ({ logRatio }) => logRatio >= Math.log(n))).toBeLessThanOrEqual(bound + rounding);
      if (bound < 1) informative += 1;
    }
    expect(informative).toBeGreaterThan(1000);
  });

  test("D.11 and its sharper form at N² hold", () => {
    let informative = 0;
    for (const list of cases) {
      const n = 1 + random.uniform();
      const delta = random.uniform();
      const threshold = hellingerThreshold({ n, delta });
      const exceedance = Math.min(
        1,
        share(list, (path) => total(path.stepSquaredHellinger) >= threshold),
      );
      const bound = coverageLowerBoundFromHellinger({ exceedance, delta });
      if (bound > 0) informative += 1;
      const covered = (at: number) => share(list, ({ logRatio }) => logRatio >= Math.log(at));
      expect(covered(n)).toBeGreaterThanOrEqual(bound - rounding);
      expect(covered(n ** 2)).toBeGreaterThanOrEqual(bound - rounding);
    }
    expect(informative).toBeGreaterThan(100);
  });

  test("the stopped KL of a sample is the mean of its stopped sums", () => {
    for (const list of cases.slice(0, 500)) {
      const n = Math.exp(2 * random.uniform());
      const expected = total(list.map(({ stepKl }) => Math.min(Math.log(n), total(stepKl)))) / list.length;
      const estimate = stoppedKl({ n, stepDivergences: list.map(({ stepKl }) => stepKl) }).estimate!;
      expect(Math.abs(estimate - expected)).toBeLessThanOrEqual(1e-12);
    }
  });
});

test("wrong arguments of step bounds are named with their limits", () => {
  expect(() => coverageBoundFromStoppedKl({ n: 2, stoppedKl: 1 })).toThrow(
    "n is 2: must be finite and above 2.718",
  );
  expect(() => hellingerThreshold({ n: 2, delta: 0 })).toThrow("delta is 0: must be above 0 and at most 1");
  expect(() => stoppedKl({ n: 2, stepDivergences: [[0.5, -1]] })).toThrow(
    "stepDivergences[0][1] is -1: must be at least 0",
  );
  expect(() => stoppedKl({ n: 2, stepDivergences: [] })).toThrow("stepDivergences is empty");
});
