/** A small transformer trained on sums of two digits, as a training run with three checkpoints, made in seconds. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { byteTokenizer, initialParameters, transformerModel, writeCheckpoint } from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import { openRunFolder } from "../src/store/index.ts";
import { onnxruntimeExecutor } from "../src/tensor/index.ts";
import { adam, checkpointName, encodedExample, shuffledEpochs, trainer } from "../src/train/index.ts";

export const sums = Array.from({ length: 100 }, (_, index) => {
  const [left, right] = [Math.floor(index / 10), index % 10];
  return { problem: `${left} and ${right}`, prompt: `${left}+${right}=`, response: String(left + right) };
});

const steps = [40, 120, 360];

/** Writes `runs/sums` (three checkpoints), `checkpoint` (the last) and `test.jsonl` into a folder. */
export async function writeTrainedRun(folder: string): Promise<void> {
  const tokenizer = byteTokenizer();
  const config = {
    vocabularySize: tokenizer.vocabularySize,
    contextLength: 16,
    layers: 1,
    heads: 2,
    width: 32,
    tiedEmbeddings: true,
    layerNormEpsilon: 1e-5,
  };
  const executor = await onnxruntimeExecutor({ threads: 1 });
  const examples = sums.map((sum) =>
    encodedExample(sum, { tokenizer, contextLength: config.contextLength, endOfSequence: true }),
  );
  const training = trainer({
    model: transformerModel(config),
    executor,
    rule: adam(),
    loss: (graph, { logProbabilities, weights }) =>
      graph.negate(graph.sum(graph.multiply(logProbabilities, weights))),
    meanOver: "sequence",
    parameters: initialParameters(config, randomGenerator("sums")),
    source: shuffledEpochs(examples, randomGenerator("order")),
    batch: 50,
    microBatch: 50,
    lengths: [6],
    learningRate: () => 0.01,
  });
  const run = join(folder, "runs", "sums");
  await mkdir(join(folder, "runs"), { recursive: true });
  await openRunFolder(run, { software: {}, command: ["train"] });
  while (training.step < steps.at(-1)!) {
    await training.advance();
    if (!steps.includes(training.step)) continue;
    const parameters = training.parameters;
    await writeCheckpoint(join(run, "checkpoints", checkpointName(training.step)), {
      config,
      parameters,
      tokenizer,
    });
    if (training.step === steps.at(-1))
      await writeCheckpoint(join(folder, "checkpoint"), { config, parameters, tokenizer });
  }
  await training.release();
  await executor.release();
  const lines = sums
    .filter((_, index) => index % 4 === 0)
    .map(({ response, ...sum }) => JSON.stringify({ ...sum, target: response }));
  await writeFile(join(folder, "test.jsonl"), `${lines.join("\n")}\n`);
}
