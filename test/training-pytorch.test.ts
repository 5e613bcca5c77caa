/** 20 steps of every rule with clipping, warm-up, a cosine and decay at once, and test-time training: test/oracle/pytorch-training.py. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { preparedRule } from "../src/cli/train-rule.ts";
import { checkpointModel } from "../src/decode/index.ts";
import { type TransformerConfig, transformerModel } from "../src/model/index.ts";
import {
  type Executor,
  float64Executor,
  type NamedValues,
  onnxruntimeExecutor,
} from "../src/tensor/index.ts";
import {
  bucketLengths,
  type EncodedExample,
  modelTeacher,
  trainer,
  trainingConfig,
} from "../src/train/index.ts";

interface Line {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly parameterNorm: number;
}

interface Case {
  readonly options: Readonly<Record<string, number>>;
  readonly loss: string;
  readonly N?: number;
  readonly lines: readonly Line[];
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`oracle/${name}`, import.meta.url), "utf8"));
const oracle = read("pytorch-training.json") as {
  steps: number;
  warmup: number;
  final: number;
  clip: number;
  /** Of the first batch's responses, token by token. */
  testTimeTraining: Record<"head" | "all", { stepSize: number; logProbabilities: number[][] }>;
  cases: Record<string, Case>;
};
const { config, parameters: start, training: run, adam: later } = read("pytorch-gpt2.json").untied;
const model = transformerModel(config as TransformerConfig);
const { batch, batches } = run as { batch: number; batches: Record<string, string> };
const length = config.contextLength as number;

const valuesOf = (stored: Record<string, string>, executor: Executor): NamedValues =>
  Object.fromEntries(
    Object.entries(model.parameterShapes).map(([name, shape]) => {
      const bytes = Buffer.from(stored[name]!, "base64");
      const value = executor.allocate(shape);
      value.data.forEach((_, index) => {
        value.data[index] = bytes.readFloatLE(4 * index);
      });
      return [name, value];
    }),
  );

/** The rows of the oracle's padded batches, in order. */
const examples: EncodedExample[] = Array.from({ length: oracle.steps * batch }, (_, row) => {
  const part = (name: string) =>
    Buffer.from(batches[name]!, "base64").subarray(row * length, (row + 1) * length);
  const [tokens, targets, weights] = [part("tokens"), part("targets"), part("weights")];
  const last = weights.lastIndexOf(1);
  return {
    tokens: Int32Array.from([...tokens.subarray(0, last + 1), targets[last]!]),
    promptLength: weights.indexOf(1) + 1,
  };
});

async function trained(executor: Executor, name: string, microBatch: number): Promise<Line[]> {
  const { options, loss, N } = oracle.cases[name]!;
  const { rule, ...prepared } = preparedRule(
    trainingConfig(
      {
        ...{ from: "start", data: { file: "batches" }, batch, steps: oracle.steps },
        // The truncated loss is its rule's own.
        rule: { name, ...options, ...(loss === "truncated" && { N, teacher: "later" }) },
        ...(loss !== "truncated" && { loss: N === undefined ? loss : { name: loss, N } }),
        schedule: { name: "cosine", warmup: oracle.warmup, final: oracle.final },
      },
      "test",
    ),
  );
  const teacher = modelTeacher({ model, executor, parameters: valuesOf(later.parameters, executor) });
  const training = trainer({
    ...{ model, executor, batch, microBatch, clip: oracle.clip, parameters: valuesOf(start, executor) },
    ...{ rule: rule.update, stepAfter: rule.stepAfter, learningRate: prepared.learningRate },
    ...{ loss: prepared.loss.loss, meanOver: prepared.loss.meanOver },
    source: { batch: (step, size) => examples.slice((step - 1) * size, step * size) },
    lengths: bucketLengths(length),
    lossInputs: prepared.loss.teacher && ((part, of) => teacher.inputs(part, of)),
  });
  const lines: Line[] = [];
  while (training.step < oracle.steps) lines.push(await training.advance());
  await training.release();
  await teacher.release();
  return lines;
}

const keysOf = (name: string) =>
  // A shift of all scores of a query changes nothing: the derivative by a key's bias is 0, and sign SGD makes whole steps of
  // the rounding errors that are found instead.
  name === "sign-sgd"
    ? (["loss", "gradientNorm"] as const)
    : (["loss", "gradientNorm", "parameterNorm"] as const);

/** The largest difference from PyTorch's in any line, relative. */
function difference(
  lines: readonly Line[],
  wanted: readonly Line[],
  keys: ReturnType<typeof keysOf>,
): number {
  expect(lines.length).toBe(oracle.steps);
  return Math.max(
    ...wanted.flatMap((line, step) => keys.map((key) => Math.abs(lines[step]![key] / line[key] - 1))),
  );
}

describe.each(Object.keys(oracle.cases))("%s", (name) => {
  const { lines: wanted } = oracle.cases[name]!;

  test("in float64", async () => {
    expect(wanted.some(({ gradientNorm }) => gradientNorm > oracle.clip)).toBe(true);
    const executor = float64Executor();
    expect(difference(await trained(executor, name, batch), wanted, keysOf(name))).toBeLessThan(1e-12);
  }, 120_000);

  test("in float32 by onnxruntime, four sequences at a time", async () => {
    const executor = await onnxruntimeExecutor({ threads: 1 });
    expect(difference(await trained(executor, name, 4), wanted, keysOf(name))).toBeLessThan(1e-5);
    await executor.release();
  }, 60_000);
});

describe.each(["head", "all"] as const)("test-time training of %s", (which) => {
  const { stepSize, logProbabilities: wanted } = oracle.testTimeTraining[which];
  const engines = [
    ["float64", async () => float64Executor(), 1e-11],
    ["onnxruntime", () => onnxruntimeExecutor({ threads: 1 }), 1e-4],
  ] as const;

  test.each(engines)(
    "scores as PyTorch does, by %s",
    async (_, open, tolerance) => {
      const executor = await open();
      const stepped = checkpointModel({
        ...{ config, executor, parameters: valuesOf(start, executor) },
        testTimeTraining: { stepSize, parameters: which },
      });
      const scores = await stepped.scorer.score(
        examples.slice(0, batch).map(({ tokens, promptLength }) => ({
          prompt: tokens.subarray(0, promptLength),
          response: tokens.subarray(promptLength),
        })),
      );
      expect(scores.map(({ logProbabilities }) => logProbabilities.length)).toEqual(
        wanted.map((tokens) => tokens.length),
      );
      const differences = scores.flatMap(({ logProbabilities }, row) =>
        logProbabilities.map((value, place) => Math.abs(value - wanted[row]![place]!)),
      );
      expect(Math.max(...differences)).toBeLessThan(tolerance);
      await stepped.release();
      await executor.release();
    },
    60_000,
  );
});
