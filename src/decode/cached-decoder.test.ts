import { expect, test } from "vitest";
import { smallCached, smallTransformer } from "../../test/small-transformer.ts";
import { randomGenerator } from "../numeric/index.ts";
import { type Executor, float64Executor, onnxruntimeExecutor } from "../tensor/index.ts";
import { cachedDecoder } from "./cached-decoder.ts";
import { forwardDecoder } from "./forward-decoder.ts";
import { forwardScorer } from "./forward-scorer.ts";
import { generate } from "./generate.ts";
import { headSteppingDecoder } from "./head-decoder.ts";
import { scoreByReading } from "./score.ts";
import { steppingDecoder } from "./stepping-decoder.ts";

const requests = (count: number) =>
  Array.from({ length: count }, (_, draw) => ({
    prompt: Array.from({ length: 1 + (draw % 4) * 3 }, (_, index) => (draw + 2 * index) % 11),
    generator: randomGenerator(`draw/${draw}`),
    maxTokens: 1 + ((draw * 5) % 19),
  }));

const executors: readonly [string, () => Promise<Executor>, number][] = [
  ["the float64 interpreter", async () => float64Executor(), 1e-12],
  ["onnxruntime", () => onnxruntimeExecutor(), 1e-5],
];

test.each(executors)(
  "reading with a cache says what reading the whole prefix says, on %s",
  async (_, open, tolerance) => {
    const executor = await open();
    const decoder = cachedDecoder(smallCached(executor));
    const drawn = await generate(decoder, requests(40), { batch: 21 });
    expect(drawn.some(({ tokens }) => tokens.length > 15)).toBe(true);
    const given = drawn.map(({ tokens }, index) => ({
      prompt: requests(40)[index]!.prompt,
      response: tokens,
    }));
    const whole = await forwardScorer(smallTransformer(executor)).score(given);
    const again = await scoreByReading(decoder, given, { batch: 9 });
    drawn.forEach(({ logProbabilities }, index) => {
      logProbabilities.forEach((value, position) => {
        expect(Math.abs(value - whole[index]!.logProbabilities[position]!)).toBeLessThan(tolerance);
        expect(Math.abs(value - again[index]!.logProbabilities[position]!)).toBeLessThan(tolerance);
      });
    });
    await decoder.release();
    await executor.release();
  },
);

test("draws with a cache are the draws without one, on the float64 interpreter", async () => {
  const executor = float64Executor();
  const cached = await generate(cachedDecoder(smallCached(executor)), requests(24));
  const reforwarded = await generate(forwardDecoder(smallTransformer(executor)), requests(24));
  expect(cached.map(({ tokens }) => tokens)).toEqual(reforwarded.map(({ tokens }) => tokens));
});

test.each([
  [
    "the output head",
    (executor: Executor) => headSteppingDecoder(cachedDecoder(smallCached(executor)), { stepSize: 0.2 }),
    { stepSize: 0.2 },
  ],
  [
    "all weights",
    (executor: Executor) => steppingDecoder(smallTransformer(executor), { stepSize: 0.05 }),
    undefined,
  ],
] as const)(
  "on onnxruntime, test-time training of %s scores its own samples as it met them",
  async (_, open, headSteps) => {
    const executor = await onnxruntimeExecutor();
    const decoder = open(executor);
    const drawn = await generate(decoder, requests(headSteps ? 24 : 8));
    const given = drawn.map(({ tokens }, index) => ({
      prompt: requests(24)[index]!.prompt,
      response: tokens,
    }));
    const scored =
      headSteps === undefined
        ? await scoreByReading(decoder, given)
        : await forwardScorer(smallTransformer(executor), { headSteps }).score(given);
    const plain = await forwardScorer(smallTransformer(executor)).score(given);
    let moved = 0;
    drawn.forEach(({ logProbabilities }, index) => {
      logProbabilities.forEach((value, position) => {
        expect(Math.abs(value - scored[index]!.logProbabilities[position]!)).toBeLessThan(1e-5);
        moved = Math.max(moved, Math.abs(value - plain[index]!.logProbabilities[position]!));
      });
    });
    expect(moved).toBeGreaterThan(0.05);
    await executor.release();
  },
);

test.each(executors)(
  "a draw does not depend on its batch: tokens are equal, log-probabilities up to noise, on %s",
  async (_, open, tolerance) => {
    const executor = await open();
    const decoder = cachedDecoder(smallCached(executor));
    const alone = await generate(decoder, requests(30), { batch: 1 });
    for (const batch of [4, 30]) {
      const together = await generate(decoder, requests(30), { batch });
      expect(together.map(({ tokens }) => tokens)).toEqual(alone.map(({ tokens }) => tokens));
      together.forEach(({ logProbabilities }, index) => {
        logProbabilities.forEach((value, position) => {
          expect(Math.abs(value - alone[index]!.logProbabilities[position]!)).toBeLessThan(tolerance);
        });
      });
    }
    await executor.release();
  },
);

test("many draws of one prompt read it once, and rows that leave make room", async () => {
  let tokensRead = 0;
  const interpreter = float64Executor();
  const counting: Executor = {
    ...interpreter,
    compile: async (graph) => {
      const program = await interpreter.compile(graph);
      return {
        release: () => program.release(),
        run: (inputs, outputs) => {
          tokensRead += inputs.tokens!.data.length;
          return program.run(inputs, outputs);
        },
      };
    },
  };
  const decoder = cachedDecoder(smallCached(counting));
  const prompt = [1, 2, 3, 4, 5, 6, 7, 8];
  const draws = Array.from({ length: 16 }, (_, draw) => ({
    prompt,
    generator: randomGenerator(`room/${draw}`),
    maxTokens: draw < 2 ? 9 : 3,
  }));
  await generate(decoder, draws);
  // One prefill of 8, two steps of 16 rows, and six of the two rows that are left.
  expect(tokensRead).toBe(8 + 2 * 16 + 6 * 2);
});
