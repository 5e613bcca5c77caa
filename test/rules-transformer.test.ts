/** Every rule trains a tiny transformer through the trainer, alike on both engines and in micro-batches. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  initialParameters,
  type LanguageModel,
  scaledInitialisation,
  transformerModel,
} from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import {
  type Executor,
  float64Executor,
  type NamedValues,
  onnxruntimeExecutor,
} from "../src/tensor/index.ts";
import {
  type EncodedExample,
  lossByName,
  modelTeacher,
  type NamedLoss,
  ruleByName,
  shuffledEpochs,
  type Teacher,
  trainer,
} from "../src/train/index.ts";

const config = {
  vocabularySize: 11,
  contextLength: 8,
  layers: 1,
  heads: 2,
  width: 8,
  tiedEmbeddings: true,
  layerNormEpsilon: 1e-5,
};
const model = transformerModel(config);
/** Computes what precedes the responses too. */
const wholeModel: LanguageModel = {
  ...model,
  forward: (graph, parameters, inputs) => model.forward(graph, parameters, inputs),
};
const parametersOf = (key: string) => initialParameters(config, randomGenerator(key), scaledInitialisation);

/** Copy the last prompt token, and count on from it. */
const examples: EncodedExample[] = Array.from({ length: 12 }, (_, index) => {
  const first = index % 8;
  const response = [first, first + 1, first + 2].slice(0, 1 + (index % 3));
  return { tokens: Int32Array.from([9, (index * 5) % 9, first, ...response]), promptLength: 3 };
});

const learningRates: Readonly<Record<string, number>> = {
  sgd: 0.05,
  "normalized-sgd": 0.05,
  "sign-sgd": 0.003,
  adam: 0.01,
  adamw: 0.01,
  "token-sgd": 0.05,
  "truncated-distillation": 0.05,
  muon: 0.03,
};
/** Few divergences count: whole responses are further from the teacher than log N. */
const truncated = { N: 1.02, teacher: "another" };
const cases: readonly [string, Record<string, unknown>, NamedLoss][] = [
  ["sgd", {}, lossByName("sequence")],
  ["sgd", { radius: 6, momentum: 0.5 }, lossByName("sequence")],
  ["normalized-sgd", {}, lossByName("sequence")],
  ["sign-sgd", {}, lossByName("sequence")],
  ["adam", {}, lossByName("sequence")],
  ["adamw", { weightDecay: 0.1 }, lossByName("token")],
  ["adamw", {}, lossByName("dco", { N: 4 })],
  ["token-sgd", {}, lossByName("sequence")],
  ["truncated-distillation", truncated, lossByName("truncated", truncated)],
  ["muon", {}, lossByName("sequence")],
];

let onnxruntime: Executor;
beforeAll(async () => {
  onnxruntime = await onnxruntimeExecutor();
});
afterAll(() => onnxruntime.release());

async function trained(
  executor: Executor,
  given: {
    name: string;
    options: Record<string, unknown>;
    loss: NamedLoss;
    microBatch: number;
    steps: number;
    model?: LanguageModel;
  },
) {
  const { name, options, loss, microBatch, steps, model: own = model } = given;
  const rule = ruleByName(name, { learningRate: learningRates[name], ...options });
  const teacher: Teacher | undefined =
    loss.teacher && modelTeacher({ model: own, parameters: parametersOf("teacher"), executor });
  const training = trainer({
    model: own,
    executor,
    rule: rule.update,
    stepAfter: rule.stepAfter,
    loss: loss.loss,
    meanOver: loss.meanOver,
    parameters: parametersOf("start"),
    source: shuffledEpochs(examples, randomGenerator("order")),
    batch: 4,
    microBatch,
    lengths: [6],
    learningRate: () => rule.learningRate,
    lossInputs: teacher && ((batch, of) => teacher.inputs(batch, of)),
  });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await training.advance()).loss);
  const parameters = structuredClone(training.parameters);
  await training.release();
  await teacher?.release();
  return { losses, parameters };
}

function norm(values: NamedValues): number {
  return Math.hypot(...Object.values(values).flatMap(({ data }) => [...data]));
}

function largestDifference(left: NamedValues, right: NamedValues): number {
  return Math.max(
    ...Object.entries(left).map(([name, { data }]) => {
      const other = right[name]!.data;
      const scale = Math.max(...Array.from(data, Math.abs), 0.1);
      return Math.max(...Array.from(data, (value, i) => Math.abs(value - other[i]!))) / scale;
    }),
  );
}

/** Largest difference of the losses of steps, which parameters that act on nothing do not reach. */
const lossDifference = (left: readonly number[], right: readonly number[]) =>
  Math.max(...left.map((value, i) => Math.abs(value - right[i]!) / Math.max(1, Math.abs(value))));

/** A key's bias has no gradient but rounding, of which these make full steps; what the model says does not change. */
const withoutKeyBias = (values: NamedValues): NamedValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => {
      const kept = data.slice();
      if (name.endsWith("c_attn.bias")) kept.fill(0, config.width, 2 * config.width);
      return [name, { shape, data: kept }];
    }),
  );
const stepsOfRounding = ["sign-sgd", "adam", "adamw", "muon"];

describe("on a transformer", () => {
  test.each(cases)("%s %o lowers its loss, in micro-batches as in one piece", async (name, options, loss) => {
    const given = { name, options, loss, microBatch: 4 };
    const { losses, parameters } = await trained(onnxruntime, { ...given, steps: 36 });
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(losses.slice(-3))).toBeLessThan(mean(losses.slice(0, 3)));
    if (options.radius !== undefined) expect(norm(parameters)).toBeCloseTo(options.radius as number, 4);
    const whole = await trained(float64Executor(), { ...given, steps: 5 });
    const pieces = await trained(float64Executor(), { ...given, steps: 5, microBatch: 2 });
    const compared = stepsOfRounding.includes(name) ? withoutKeyBias : (values: NamedValues) => values;
    expect(lossDifference(pieces.losses, whole.losses)).toBeLessThan(1e-9);
    expect(largestDifference(compared(pieces.parameters), compared(whole.parameters))).toBeLessThan(1e-9);
  });

  test.each(cases)("%s %o on onnxruntime is the interpreter's to float32", async (name, options, loss) => {
    const given = { name, options, loss, steps: 5, microBatch: 4 };
    const oracle = await trained(float64Executor(), given);
    const single = await trained(onnxruntime, given);
    expect(lossDifference(single.losses, oracle.losses)).toBeLessThan(5e-6);
    const compared = stepsOfRounding.includes(name) ? withoutKeyBias : (values: NamedValues) => values;
    expect(largestDifference(compared(single.parameters), compared(oracle.parameters))).toBeLessThan(5e-6);
  });

  test.each(cases)(
    "%s %o is the same where positions before the responses are left out",
    async (name, options, loss) => {
      for (const microBatch of [4, 2]) {
        const given = { name, options, loss, steps: 5, microBatch };
        const whole = await trained(float64Executor(), { ...given, model: wholeModel });
        const part = await trained(float64Executor(), { ...given, model });
        const compared = stepsOfRounding.includes(name) ? withoutKeyBias : (values: NamedValues) => values;
        expect(lossDifference(part.losses, whole.losses)).toBeLessThan(1e-12);
        expect(largestDifference(compared(part.parameters), compared(whole.parameters))).toBeLessThan(1e-12);
      }
    },
  );

  test("truncation is at work", async () => {
    const given = { steps: 3, microBatch: 4, loss: lossByName("truncated", truncated) };
    const some = await trained(float64Executor(), {
      ...given,
      name: "truncated-distillation",
      options: truncated,
    });
    const all = await trained(float64Executor(), {
      ...given,
      name: "sgd",
      options: {},
      loss: lossByName("sequence"),
    });
    some.losses.forEach((value, step) => {
      expect(value).toBeLessThan(0.9 * all.losses[step]!);
      expect(value).toBeGreaterThan(0);
    });
  });

  test("a step's line has the norms of its change and of what it left", async () => {
    const rule = ruleByName("normalized-sgd", { learningRate: 0.2, lambda: 0 });
    const training = trainer({
      model,
      executor: float64Executor(),
      rule: rule.update,
      loss: lossByName("sequence").loss,
      meanOver: "sequence",
      parameters: parametersOf("start"),
      source: shuffledEpochs(examples, randomGenerator("order")),
      batch: 4,
      microBatch: 2,
      lengths: [6],
      learningRate: () => rule.learningRate,
    });
    const line = await training.advance();
    // Without λ, the step's length is the learning rate.
    expect(line.updateNorm).toBeCloseTo(0.2, 14);
    expect(line.parameterNorm).toBeCloseTo(norm(training.parameters), 12);
    expect(line.gradientNorm).toBeGreaterThan(0);
  });
});
