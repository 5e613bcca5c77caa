/** Samples at temperature 1 have the distribution that scoring says, on the engine that users run. */
import { expect, test } from "vitest";
import { smallCached, smallConfig, smallTransformer } from "../../test/small-transformer.ts";
import { chiSquareQuantile, randomGenerator } from "../numeric/index.ts";
import { onnxruntimeExecutor } from "../tensor/index.ts";
import { cachedDecoder } from "./cached-decoder.ts";
import { samplingFilter } from "./filters.ts";
import { forwardScorer } from "./forward-scorer.ts";
import { type GenerationRequest, generate } from "./generate.ts";

test("a transformer's draws of two tokens fit the scored probabilities of all 121 pairs; tempered ones do not", async () => {
  const executor = await onnxruntimeExecutor();
  const prompt = [3, 1, 4];
  const size = smallConfig.vocabularySize;
  const pairs = Array.from({ length: size ** 2 }, (_, code) => [Math.floor(code / size), code % size]);
  const scored = await forwardScorer(smallTransformer(executor)).score(
    pairs.map((response) => ({ prompt, response })),
  );
  const probabilities = scored.map(({ logProbabilities: [first, second] }) => Math.exp(first! + second!));
  expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  const draws = 20_000;
  const decoder = cachedDecoder(smallCached(executor));
  const statistic = async (filter: GenerationRequest["filter"]) => {
    const requests = Array.from({ length: draws }, (_, draw) => ({
      prompt,
      generator: randomGenerator(`fit/${draw}`),
      maxTokens: 2,
      filter,
    }));
    const counts = new Float64Array(pairs.length);
    for (const { tokens } of await generate(decoder, requests, { batch: 2048 })) {
      counts[tokens[0]! * size + tokens[1]!]! += 1;
    }
    // Cells with few expected draws are pooled, as the χ² approximation needs.
    const pooled = { expected: 0, count: 0 };
    let sum = 0;
    let cells = 0;
    const add = (expected: number, count: number) => {
      sum += (count - expected) ** 2 / expected;
      cells += 1;
    };
    probabilities.forEach((probability, pair) => {
      const expected = draws * probability;
      if (expected >= 10) add(expected, counts[pair]!);
      else {
        pooled.expected += expected;
        pooled.count += counts[pair]!;
      }
    });
    if (pooled.expected > 0) add(pooled.expected, pooled.count);
    return { sum, critical: chiSquareQuantile({ probability: 0.999, degreesOfFreedom: cells - 1 }), cells };
  };
  const raw = await statistic(undefined);
  expect(raw.cells).toBeGreaterThan(40);
  expect(raw.sum).toBeLessThan(raw.critical);
  const tempered = await statistic(samplingFilter({ temperature: 0.8 }));
  expect(tempered.sum).toBeGreaterThan(2 * tempered.critical);
  await executor.release();
}, 60_000);
