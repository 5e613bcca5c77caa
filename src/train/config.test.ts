import { expect, test } from "vitest";
import { trainingConfig } from "./config.ts";

const base = {
  model: { layers: 2, heads: 2, width: 32, context: 64 },
  tokenizer: "bytes",
  data: { file: "train.jsonl" },
  rule: { name: "adam", learningRate: 0.001 },
  steps: 100,
  batch: 8,
};
const refusal = (change: object) => () => trainingConfig({ ...base, ...change }, "train.yaml");

test("defaults are filled in, and what a rule takes is kept", () => {
  const config = trainingConfig(
    { ...base, seed: 7, rule: { name: "adam", learningRate: 0.1, beta2: 0.99 } },
    "c",
  );
  expect(config).toMatchObject({
    seed: "7",
    device: "cpu",
    loss: "sequence",
    endOfSequence: true,
    schedule: { name: "constant", warmup: 0 },
    state: { seconds: 60 },
    rule: { beta2: 0.99 },
    model: { tiedEmbeddings: true },
  });
});

test.each([
  [
    "an unknown key with the near one",
    { microbatch: 2 },
    /^train\.yaml: microbatch: unknown key; did you mean microBatch\?/,
  ],
  [
    "an unknown key inside",
    { model: { ...base.model, layer: 2 } },
    /model\.layer: unknown key; did you mean layers\?/,
  ],
  [
    "an unknown key inside an optional part",
    { probes: { evry: 5 } },
    /probes\.evry: unknown key; did you mean every\?/,
  ],
  ["an unknown key that resembles none", { zzzzzz: 1 }, /zzzzzz: unknown key; \(known: name, model, from/],
  ["a missing key", { steps: undefined }, /steps: is missing/],
  ["a wrong type", { batch: "8" }, /batch: .*expected (number|int)/i],
  [
    "a width that heads do not divide",
    { model: { ...base.model, width: 30, heads: 4 } },
    /model\.width: 30 is not divisible by 4 heads/,
  ],
  ["a model without tokenizer", { tokenizer: undefined }, /tokenizer: a new model needs one/],
  ["a model beside a checkpoint", { from: "step-1" }, /model: give either model or from/],
  ["two sources", { data: { file: "a", generator: "b" } }, /data: give either file or generator/],
  ["micro-batches that do not divide", { microBatch: 3 }, /microBatch: 3 does not divide the batch of 8/],
  [
    "a warm-up longer than the training",
    { schedule: { warmup: 101 } },
    /schedule\.warmup: 101 steps are more than the 100/,
  ],
  ["probes without a set", { probes: { every: 5 } }, /probes: need an evaluation set/],
  [
    "two rules for checkpoints",
    { checkpoints: { every: 1, perDecade: 2 } },
    /checkpoints: give either every or perDecade/,
  ],
  ["best checkpoints without probes", { checkpoints: { every: 1, keepBest: 1 } }, /keepBest: needs probes/],
  ["no steps", { steps: 0 }, /steps: /],
  ["more threads than any machine runs", { threads: 100_000 }, /threads: Too big/],
  [
    "a final share without a fall",
    { schedule: { final: 0.1 } },
    /schedule\.final: a constant schedule has none/,
  ],
  [
    "a generator's options beside a file",
    { data: { file: "a", options: { depth: 2 } } },
    /data\.options: are a generator's/,
  ],
  [
    "a column of no file",
    { data: { generator: "b" }, evaluation: { logProbability: "l" } },
    /evaluation\.logProbability: is a column of evaluation\.file/,
  ],
])("%s is refused by name", (_, change, message) => {
  expect(refusal(change)).toThrow(message);
});

test("what is no object is refused", () => {
  expect(() => trainingConfig("steps", "train.yaml")).toThrow(/train\.yaml: .*expected object/i);
});
