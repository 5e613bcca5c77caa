import { describe, expect, test } from "vitest";
import { initialParameters, scaledInitialisation, transformerModel } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor, type NamedValues } from "../tensor/index.ts";
import { batchOf, type EncodedExample } from "./batch.ts";
import { truncatedLoss } from "./distillation.ts";
import { modelTeacher, savedTeacher } from "./distillation-teacher.ts";
import { sequenceLoss } from "./loss.ts";
import { dcoLoss } from "./loss-dco.ts";
import { sgd } from "./rules/index.ts";
import { gradientGraph, inputName, scoreGraph } from "./step-graph.ts";

const length = 9;
const config = {
  vocabularySize: 7,
  contextLength: length,
  layers: 2,
  heads: 2,
  width: 8,
  tiedEmbeddings: true,
  layerNormEpsilon: 1e-5,
};
const model = transformerModel(config);
const executor = float64Executor();
const allocate = (size: number) => new Float64Array(size);
const random = randomGenerator("step graph test");
const examples: EncodedExample[] = Array.from({ length: 4 }, (_, index) => ({
  tokens: Int32Array.from({ length: 8 + (index % 3) }, () => random.integer(config.vocabularySize)),
  promptLength: 5 + (index % 2),
}));
const valuesOf = (key: string) => initialParameters(config, randomGenerator(key), scaledInitialisation);
const named = (prefix: (name: string) => string, values: NamedValues): NamedValues =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix(name), value]));
const start = valuesOf("student");
const zeros = Object.fromEntries(
  Object.entries(start).map(([name, { shape, data }]) => [name, { shape, data: allocate(data.length) }]),
);

const whole = modelTeacher({ model, parameters: valuesOf("teacher"), executor });
const top = 3;
const likely = savedTeacher({
  top,
  vocabularySize: config.vocabularySize,
  executor,
  tokensOf: ({ tokens, promptLength }) => {
    const steps = tokens.length - promptLength;
    return {
      top: 2,
      ids: Array.from({ length: steps }, (_, step) => [
        tokens[promptLength + step]!,
        6 - tokens[promptLength + step]!,
      ]).flatMap(([id, other]) => [id!, other === id ? (id! + 1) % config.vocabularySize : other!]),
      probabilities: Array.from({ length: steps }, () => [0.6, 0.3]).flat(),
    };
  },
});
const losses = [
  { name: "sequence", loss: sequenceLoss },
  { name: "dco", loss: dcoLoss(16) },
  { name: "truncated, a model as teacher", loss: truncatedLoss({ N: 2, teacher: "full" }), teacher: whole },
  { name: "truncated, likely tokens", loss: truncatedLoss({ N: 2, teacher: { top } }), teacher: likely },
];

describe("positions before the first target are left out without a trace", () => {
  test.each(losses)("in loss and gradients: $name", async ({ loss, teacher }) => {
    const results = async (from: number) => {
      const shape = { batch: examples.length, length, from };
      const batch = batchOf(examples, { ...shape, allocate });
      const program = await executor.compile(gradientGraph({ model, rule: sgd(), loss }, shape, 1));
      const { tokens, targets, weights } = batch;
      return program.run({
        ...named(inputName.parameter, start),
        ...named(inputName.gradient, zeros),
        ...(await teacher?.inputs(batch, examples)),
        tokens,
        targets,
        weights,
      });
    };
    const expected = await results(0);
    expect(expected.loss!.data[0]).toBeGreaterThan(0.01);
    for (const from of [1, 4]) {
      const found = await results(from);
      for (const [name, { data }] of Object.entries(expected)) {
        const scale = Math.max(1, ...Array.from(data, Math.abs));
        const error = Math.max(...Array.from(data, (value, i) => Math.abs(value - found[name]!.data[i]!)));
        expect(error / scale, name).toBeLessThan(1e-12);
      }
    }
  });

  test("in scores", async () => {
    const scores = async (from: number) => {
      const shape = { batch: examples.length, length, from };
      const { tokens, targets } = batchOf(examples, { ...shape, allocate });
      const program = await executor.compile(scoreGraph(model, shape));
      return (await program.run({ ...named(inputName.parameter, start), tokens, targets })).logProbabilities!;
    };
    const expected = await scores(0);
    const found = await scores(4);
    expect(found.shape).toEqual([4, 5]);
    found.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.data[length * Math.floor(i / 5) + 4 + (i % 5)]!, 12);
    });
  });
});
