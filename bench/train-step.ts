/** Our side of bench/train.ts: the trainer's own step. Reads one number of seconds a line, answers with step times. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { initialParameters, transformerModel } from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import { onnxruntimeExecutor } from "../src/tensor/index.ts";
import { adam, type EncodedExample, sequenceLoss, trainer } from "../src/train/index.ts";
import type { TrainingSizes } from "./train.ts";

const sizes = JSON.parse(process.argv[2] ?? "{}") as TrainingSizes & {
  readonly threads: number;
  readonly spinning: boolean;
};
const { batch, length, vocabularySize } = sizes;
const config = { ...sizes, contextLength: length, tiedEmbeddings: false, layerNormEpsilon: 1e-5 };
const executor = await onnxruntimeExecutor({ threads: sizes.threads, spinning: sizes.spinning });
const examples = Array.from({ length: batch }, (_, row): EncodedExample => {
  const tokens = Int32Array.from(
    { length: length + 1 },
    (_, column) => ((row * length + column) * 7919) % vocabularySize,
  );
  return { tokens, promptLength: 1 };
});
const training = trainer({
  model: transformerModel(config),
  executor,
  rule: adam(),
  loss: sequenceLoss,
  meanOver: "sequence",
  parameters: initialParameters(config, randomGenerator("bench")),
  source: { batch: () => examples },
  batch,
  microBatch: sizes.microBatch ?? batch,
  lengths: [length],
  learningRate: () => 1e-3,
});

for (let step = 0; step < 3; step++) await training.advance();
console.log(JSON.stringify({ name: executor.name }));
for await (const line of createInterface({ input: process.stdin })) {
  const seconds: number[] = [];
  const cpu = process.cpuUsage();
  const end = performance.now() + 1000 * Number(line);
  let loss = Number.NaN;
  while (performance.now() < end || seconds.length === 0) {
    const start = performance.now();
    ({ loss } = await training.advance());
    seconds.push((performance.now() - start) / 1000);
  }
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6 / seconds.length;
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"));
  console.log(JSON.stringify({ seconds, cpuSeconds, peakBytes: 1024 * Number(peak?.[1]), loss }));
}
await training.release();
await executor.release();
