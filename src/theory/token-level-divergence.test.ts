/** Oracle: the decoder with test-time training over all responses; control: the same parameters without such training. */
import { describe, expect, test } from "vitest";
import { linearDecoder, scoreByReading } from "../decode/index.ts";
import { linearClass } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { tokenLevelStepSize } from "../train/index.ts";
import { correctedKlConstant, rarePromptKl, tokenProbability } from "./kl-lower-bound.ts";
import { testTimeTraining, tokenLevelDivergence } from "./token-level-divergence.ts";

const H = 8;
const stepSize = 0.3;
/** Token 0 is −1, token 1 is 1. */
const features = Float64Array.of(-1, 1);
const coin = linearClass<number>({
  dimension: 1,
  vocabularySize: 2,
  horizon: H,
  features: (_, response, length) => [features[response[length - 1]!]!],
});

describe("test-time training on the coin", () => {
  test.each([0, -0.5, 0.9])(
    "from θ = %s has the divergence of all responses as the decoder reads them",
    async (theta) => {
      const responses = Array.from({ length: 2 ** H }, (_, index) =>
        Array.from({ length: H }, (_, bit) => (index >> bit) & 1),
      );
      const decoder = linearDecoder(
        {
          vocabularySize: 2,
          contextLength: H + 1,
          parameters: Float64Array.of(theta),
          features: () => features,
        },
        { stepSize, radius: 1 },
      );
      const scored = await scoreByReading(
        decoder,
        responses.map((response) => ({ prompt: [0], response })),
      );
      let exact = 0;
      scored.forEach(({ logProbabilities }, index) => {
        const truth = responses[index]!.reduce(
          (sum, token) => sum + Math.log(token === 1 ? tokenProbability(1) : 1 - tokenProbability(1)),
          0,
        );
        const model = logProbabilities.reduce((sum, value) => sum + value, 0);
        exact += Math.exp(truth) * (truth - model);
      });
      const generator = randomGenerator(`divergence ${theta}`);
      const found = Float64Array.from(
        { length: 20_000 },
        () => testTimeTraining({ theta, H, stepSize, generator }).divergence,
      );
      const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
      const variance = found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / found.length;
      expect(Math.abs(mean - exact)).toBeLessThan(5 * Math.sqrt(variance / found.length));
      expect(exact).toBeGreaterThan(0.01);
    },
  );

  test("steps as the class's own gradients do", () => {
    let theta = -0.4;
    const drawn = randomGenerator("tokens");
    const response = Array.from({ length: H }, () => (drawn.uniform() < tokenProbability(1) ? 1 : 0));
    const ended = testTimeTraining({ theta, H, stepSize, generator: randomGenerator("tokens") });
    for (let position = 0; position < H; position++) {
      const next = Float64Array.of(theta);
      coin.addTokenGradient({ parameters: [theta], prompt: 0, response }, position, stepSize, next);
      theta = Math.max(-1, Math.min(1, next[0]!));
    }
    expect(ended.theta).toBeCloseTo(theta, 12);
    expect(ended.theta).toBeGreaterThan(0);
  });
});

test("without test-time training the same parameters are a proper estimator: a KL that grows as H, above the bound", () => {
  const n = 64;
  const table = [64, 256, 1024].map((length) => {
    const generator = randomGenerator(`proper ${length}`);
    const variance = (4 * tokenProbability(1) * (1 - tokenProbability(1)) * length) / (2 * n);
    const step = tokenLevelStepSize({ B: 1, variance, steps: n });
    const lowerBound = (correctedKlConstant * length) / n;
    const replicates = 400;
    let [divergence, below] = [0, 0];
    for (let replicate = 0; replicate < replicates; replicate++) {
      let [theta, mean] = [0, 0];
      for (let iterate = 0; iterate < n; iterate++) {
        mean += rarePromptKl({ truth: 1, estimate: theta, n, H: length }) / n;
        if (generator.uniform() < 1 / (2 * n)) {
          theta = testTimeTraining({ theta, H: length, stepSize: step, generator }).theta;
        }
      }
      divergence += mean / replicates;
      if (mean < lowerBound * (1 - 1e-9)) below++;
    }
    return { n, H: length, divergence, below, replicates };
  });
  const failed = tokenLevelDivergence.criteria
    .filter(({ name }) => ["below-proper-bound", "slope-in-h"].includes(name))
    .filter((criterion) => !criterion.judge(table).pass);
  expect(failed.map(({ name }) => name)).toEqual(["below-proper-bound", "slope-in-h"]);
});
