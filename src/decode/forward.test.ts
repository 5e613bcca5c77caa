import { expect, test } from "vitest";
import { bagModel } from "../../test/bag-model.ts";
import { randomGenerator } from "../numeric/index.ts";
import { type Executor, float64Executor, onnxruntimeExecutor } from "../tensor/index.ts";
import type { Decoder } from "./decoder.ts";
import { forwardDecoder } from "./forward-decoder.ts";
import { forwardScorer } from "./forward-scorer.ts";
import { type Generation, generate } from "./generate.ts";
import { headSteppingDecoder } from "./head-decoder.ts";
import { batchBucket, lengthBucket } from "./model-programs.ts";
import { type ScoredResponse, type ScoringRequest, scoreByReading } from "./score.ts";
import { steppingDecoder } from "./stepping-decoder.ts";

const executors: readonly [string, () => Promise<Executor>, number][] = [
  ["the float64 interpreter", async () => float64Executor(), 1e-12],
  ["onnxruntime", () => onnxruntimeExecutor(), 1e-5],
];

const requests = (count: number) =>
  Array.from({ length: count }, (_, draw) => ({
    prompt: Array.from({ length: 1 + (draw % 4) }, (_, index) => (draw + index) % 7),
    generator: randomGenerator(`draw/${draw}`),
    maxTokens: 1 + (draw % 11),
  }));

const scoringRequests = (drawn: readonly Generation[]): ScoringRequest[] =>
  requests(drawn.length).map(({ prompt }, index) => ({ prompt, response: drawn[index]!.tokens }));

/** The largest difference of log-probabilities between what was met while drawing and what scoring says. */
function worstDifference(drawn: readonly Generation[], scored: readonly ScoredResponse[]): number {
  const differences = drawn.flatMap(({ logProbabilities }, index) => {
    expect(scored[index]!.logProbabilities).toHaveLength(logProbabilities.length);
    return logProbabilities.map((value, position) =>
      Math.abs(value - scored[index]!.logProbabilities[position]!),
    );
  });
  return Math.max(...differences);
}

test.each(executors)(
  "scoring a model's own draws gives the log-probabilities met while drawing, on %s",
  async (_, open, tolerance) => {
    const executor = await open();
    const loaded = bagModel(executor);
    const drawn = await generate(forwardDecoder(loaded), requests(20), { batch: 6 });
    const scorer = forwardScorer(loaded);
    for (const batch of [1, 3, 256]) {
      expect(worstDifference(drawn, await scorer.score(scoringRequests(drawn), { batch }))).toBeLessThan(
        tolerance,
      );
    }
    const withAlternatives = scoringRequests(drawn).map((request) => ({ ...request, alternatives: 3 }));
    const full = await scorer.score(withAlternatives);
    expect(worstDifference(drawn, full)).toBeLessThan(tolerance);
    expect(full[0]!.alternatives![0]).toHaveLength(3);
    await scorer.release();
    await executor.release();
  },
);

test.each(executors)(
  "scoring under test-time training gives the log-probabilities met while drawing, on %s",
  async (_, open, tolerance) => {
    const executor = await open();
    const loaded = bagModel(executor);
    const plain = await forwardScorer(loaded).score(
      scoringRequests(await generate(forwardDecoder(loaded), requests(12))),
    );
    const cases: readonly [Decoder, (given: readonly ScoringRequest[]) => Promise<ScoredResponse[]>][] = [
      [
        headSteppingDecoder(forwardDecoder(loaded), { stepSize: 0.3 }),
        (given) => forwardScorer(loaded, { headSteps: { stepSize: 0.3 } }).score(given),
      ],
      [
        steppingDecoder(loaded, { stepSize: 0.1 }),
        (given) => scoreByReading(steppingDecoder(loaded, { stepSize: 0.1 }), given),
      ],
    ];
    for (const [decoder, score] of cases) {
      const drawn = await generate(decoder, requests(12));
      expect(worstDifference(drawn, await score(scoringRequests(drawn)))).toBeLessThan(tolerance);
      const unstepped = await forwardScorer(loaded).score(scoringRequests(drawn));
      expect(worstDifference(drawn, unstepped)).toBeGreaterThan(0.01);
      // Parameters are reset after each response: the first token is always the unstepped model's.
      drawn.forEach(({ logProbabilities }, index) => {
        expect(Math.abs(logProbabilities[0]! - unstepped[index]!.logProbabilities[0]!)).toBeLessThan(
          tolerance,
        );
      });
    }
    expect(plain).toHaveLength(12);
    await executor.release();
  },
);

test("a step of all weights is η times the gradient by finite differences", async () => {
  const loaded = bagModel(float64Executor());
  const prompt = [1, 2];
  const [first, second] = [3, 5];
  const stepSize = 0.2;
  const logProbability = async (parameters: typeof loaded.parameters, given: number[], token: number) => {
    const [scored] = await forwardScorer({ ...loaded, parameters }).score([
      { prompt: given, response: [token] },
    ]);
    return scored!.logProbabilities[0]!;
  };
  const stepped = Object.fromEntries(
    Object.entries(loaded.parameters).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float64Array.from(data) },
    ]),
  );
  for (const [name, { shape, data }] of Object.entries(loaded.parameters)) {
    for (let index = 0; index < data.length; index++) {
      const moved = async (offset: number) => {
        const changed = Float64Array.from(data);
        changed[index]! += offset;
        return logProbability({ ...loaded.parameters, [name]: { shape, data: changed } }, prompt, first);
      };
      stepped[name]!.data[index]! += (stepSize * ((await moved(1e-5)) - (await moved(-1e-5)))) / 2e-5;
    }
  }
  const [scored] = await scoreByReading(steppingDecoder(loaded, { stepSize }), [
    { prompt, response: [first, second] },
  ]);
  expect(scored!.logProbabilities[1]).toBeCloseTo(
    await logProbability(stepped, [...prompt, first], second),
    8,
  );
});

test("draws on the float64 interpreter do not depend on the batch", async () => {
  const loaded = bagModel(float64Executor());
  const alone = await generate(forwardDecoder(loaded), requests(15), { batch: 1 });
  const together = await generate(forwardDecoder(loaded), requests(15), { batch: 15 });
  expect(together.map(({ tokens }) => tokens)).toEqual(alone.map(({ tokens }) => tokens));
});

test("lengths and batches are rounded up to few sizes", () => {
  expect([1, 8, 9, 13, 17, 33, 100].map((length) => lengthBucket(length, 60))).toEqual([
    8, 8, 12, 16, 24, 48, 60,
  ]);
  expect([1, 2, 3, 5, 256].map((rows) => batchBucket(rows))).toEqual([1, 2, 4, 8, 256]);
});

test("all weights of one sequence at a time are stepped, and never of two", async () => {
  const decoder = steppingDecoder(bagModel(float64Executor()), { stepSize: 0.1 });
  await expect(decoder.begin([[0], [1]], { reserve: 1 })).rejects.toThrow(
    /number of sequences is 2: must be 1/,
  );
});
