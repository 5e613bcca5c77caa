import { describe, expect, test } from "vitest";
import { bigram, bigramVocabulary, momentum, sequenceLoss } from "../../test/bigram.ts";
import { randomGenerator } from "../numeric/index.ts";
import { type Executor, float64Executor, type NamedValues, onnxruntimeExecutor } from "../tensor/index.ts";
import { bucketLengths, type EncodedExample } from "./batch.ts";
import { shuffledEpochs } from "./data.ts";
import { ruleByName } from "./rules/index.ts";
import { type TrainerOptions, trainer } from "./trainer.ts";

const vocabulary = bigramVocabulary;
const random = randomGenerator("trainer test");
const examples: EncodedExample[] = Array.from({ length: 11 }, (_, index) => ({
  tokens: Int32Array.from({ length: 3 + (index % 5) }, () => random.integer(vocabulary)),
  promptLength: 1 + (index % 2),
}));
const parameters: NamedValues = {
  table: { shape: [vocabulary, vocabulary], data: Float64Array.from({ length: 25 }, () => random.normal()) },
  bias: { shape: [vocabulary], data: new Float64Array(vocabulary) },
};

function prepared(executor: Executor, change: Partial<TrainerOptions> = {}) {
  return trainer({
    model: bigram,
    executor,
    rule: momentum,
    loss: sequenceLoss,
    meanOver: "sequence",
    parameters,
    source: shuffledEpochs(examples, randomGenerator("order")),
    batch: 6,
    microBatch: 6,
    lengths: bucketLengths(6),
    learningRate: (step) => 0.1 / step,
    ...change,
  });
}

const difference = (left: NamedValues, right: NamedValues): number =>
  Math.max(
    ...Object.keys(left).flatMap((name) =>
      [...left[name]!.data].map((value, i) => Math.abs(value - right[name]!.data[i]!)),
    ),
  );

/** The same training written out in plain numbers. */
function literal(steps: number, options: { meanOver: "sequence" | "token"; clip?: number }) {
  const table = Float64Array.from(parameters.table!.data);
  const bias = Float64Array.from(parameters.bias!.data);
  const velocity = new Float64Array(30);
  const source = shuffledEpochs(examples, randomGenerator("order"));
  const lines: { loss: number; gradientNorm: number; lossPerToken: number }[] = [];
  for (let step = 1; step <= steps; step += 1) {
    const gradient = new Float64Array(30);
    const batch = source.batch(step, 6);
    const tokens = batch.reduce((sum, { tokens, promptLength }) => sum + tokens.length - promptLength, 0);
    const divisor = options.meanOver === "token" ? tokens : 6;
    let total = 0;
    for (const { tokens: ids, promptLength } of batch) {
      for (let position = promptLength; position < ids.length; position += 1) {
        const [from, to] = [ids[position - 1]!, ids[position]!];
        const odds = Array.from({ length: 5 }, (_, token) =>
          Math.exp(table[5 * from + token]! + bias[token]!),
        );
        const sum = odds.reduce((a, b) => a + b);
        total -= Math.log(odds[to]! / sum);
        odds.forEach((odd, token) => {
          const slope = (odd / sum - (token === to ? 1 : 0)) / divisor;
          gradient[5 * from + token]! += slope;
          gradient[25 + token]! += slope;
        });
      }
    }
    const norm = Math.hypot(...gradient);
    const scale = options.clip === undefined ? 1 : Math.min(1, options.clip / norm);
    lines.push({ loss: total / divisor, gradientNorm: norm, lossPerToken: total / tokens });
    gradient.forEach((value, index) => {
      velocity[index] = 0.5 * velocity[index]! + scale * value;
      const change = (0.1 / step) * velocity[index]!;
      if (index < 25) table[index]! -= change;
      else bias[index - 25]! -= change;
    });
  }
  return { lines, parameters: { table: { shape: [5, 5], data: table }, bias: { shape: [5], data: bias } } };
}

describe("a training in memory", () => {
  test.each([
    ["a mean over sequences", { meanOver: "sequence" as const }],
    ["a mean over tokens", { meanOver: "token" as const }],
    ["a clipped gradient", { meanOver: "sequence" as const, clip: 0.5 }],
  ])("follows the literal recursion with %s, in one piece and in micro-batches", async (_, options) => {
    const expected = literal(8, options);
    for (const microBatch of [6, 3, 1]) {
      const training = prepared(float64Executor(), { ...options, microBatch });
      for (const line of expected.lines) {
        const done = await training.advance();
        expect(done.loss).toBeCloseTo(line.loss, 12);
        expect(done.lossPerToken).toBeCloseTo(line.lossPerToken, 12);
        expect(done.gradientNorm).toBeCloseTo(line.gradientNorm, 12);
      }
      expect(difference(training.parameters, expected.parameters)).toBeLessThan(1e-13);
    }
  });

  test("on onnxruntime differs from the interpreter by float32 alone, also in micro-batches", async () => {
    const executor = await onnxruntimeExecutor();
    const oracle = prepared(float64Executor());
    const whole = prepared(executor);
    const pieces = prepared(executor, { microBatch: 2 });
    for (let step = 0; step < 10; step += 1)
      for (const training of [oracle, whole, pieces]) await training.advance();
    expect(difference(whole.parameters, oracle.parameters)).toBeLessThan(2e-6);
    expect(difference(pieces.parameters, oracle.parameters)).toBeLessThan(2e-6);
    await whole.release();
    await pieces.release();
    await executor.release();
  });

  test("with a step after each token follows the literal recursion (21), in one piece and in micro-batches", async () => {
    const table = Float64Array.from(parameters.table!.data);
    const bias = Float64Array.from(parameters.bias!.data);
    const source = shuffledEpochs(examples, randomGenerator("order"));
    const losses: number[] = [];
    for (let step = 1; step <= 4; step += 1) {
      let total = 0;
      const batch = source.batch(step, 6);
      for (let place = 0; place < 7; place += 1) {
        const gradient = new Float64Array(30);
        const open = batch.filter(({ tokens, promptLength }) => promptLength + place < tokens.length);
        for (const { tokens: ids, promptLength } of open) {
          const position = promptLength + place;
          const [from, to] = [ids[position - 1]!, ids[position]!];
          const odds = Array.from({ length: 5 }, (_, token) =>
            Math.exp(table[5 * from + token]! + bias[token]!),
          );
          const sum = odds.reduce((a, b) => a + b);
          total -= Math.log(odds[to]! / sum) / 6;
          odds.forEach((odd, token) => {
            const slope = (odd / sum - (token === to ? 1 : 0)) / open.length;
            gradient[5 * from + token]! += slope;
            gradient[25 + token]! += slope;
          });
        }
        gradient.forEach((value, index) => {
          if (index < 25) table[index]! -= (0.1 / step) * value;
          else bias[index - 25]! -= (0.1 / step) * value;
        });
      }
      losses.push(total);
    }
    for (const microBatch of [6, 2]) {
      const training = prepared(float64Executor(), {
        stepAfter: "token",
        rule: ruleByName("token-sgd", { learningRate: 1 }).update,
        microBatch,
      });
      for (const loss of losses) expect((await training.advance()).loss).toBeCloseTo(loss, 12);
      const expected = { table: { shape: [5, 5], data: table }, bias: { shape: [5], data: bias } };
      expect(difference(training.parameters, expected)).toBeLessThan(1e-13);
    }
  });

  test("that diverges between the tokens of a step takes the whole step back", async () => {
    const training = prepared(float64Executor(), {
      stepAfter: "token",
      rule: ruleByName("token-sgd", { learningRate: 1 }).update,
      learningRate: () => 1e308,
    });
    const before = structuredClone(training.snapshot());
    await expect(training.advance()).rejects.toMatchObject({ name: "DivergedError", step: 1 });
    expect(training.snapshot()).toEqual(before);
    expect(training.step).toBe(0);
  });

  test("continued from a snapshot is the undisturbed one, bit for bit", async () => {
    const executor = await onnxruntimeExecutor();
    for (const microBatch of [6, 2]) {
      const whole = prepared(executor, { microBatch });
      for (let step = 0; step < 9; step += 1) await whole.advance();
      const first = prepared(executor, { microBatch });
      for (let step = 0; step < 4; step += 1) await first.advance();
      const saved = structuredClone({ step: first.step, tokens: first.tokens, tensors: first.snapshot() });
      const second = prepared(executor, { microBatch });
      second.restore(saved);
      for (let step = 0; step < 5; step += 1) await second.advance();
      expect(second.snapshot()).toEqual(whole.snapshot());
      expect([second.step, second.tokens]).toEqual([whole.step, whole.tokens]);
    }
    await executor.release();
  });

  test("stops at the first number that is not finite, naming step and tensor, with the state before it kept", async () => {
    const training = prepared(float64Executor(), {
      learningRate: (step) => (step === 3 ? Number.POSITIVE_INFINITY : 0.1),
    });
    await training.advance();
    await training.advance();
    const before = structuredClone(training.snapshot());
    for (const _attempt of [1, 2]) {
      await expect(training.advance()).rejects.toMatchObject({
        name: "DivergedError",
        step: 3,
        tensor: "table",
      });
      expect(training.snapshot()).toEqual(before);
      expect(training.step).toBe(2);
    }
  });

  test("names the loss where parameters are finite", async () => {
    for (const microBatch of [6, 3]) {
      const training = prepared(float64Executor(), {
        microBatch,
        loss: (graph, given) => graph.log(graph.subtract(sequenceLoss(graph, given), 1e9)),
      });
      const before = structuredClone(training.snapshot());
      await expect(training.advance()).rejects.toThrow("step 1: the loss of the batch is not finite");
      expect(training.snapshot()).toEqual(before);
    }
  });

  test("a snapshot of another model is refused", () => {
    const training = prepared(float64Executor());
    expect(() => training.restore({ step: 1, tokens: 1, tensors: {} })).toThrow(
      "parameter.table: is missing",
    );
  });
});
