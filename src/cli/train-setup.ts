/** Everything a training needs, made from its configuration; whatever cannot work is refused here, before any folder is written. */
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { cachedDecoder, cachedTransformer, type Decoder } from "../decode/index.ts";
import { tokenTexts } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import {
  type Executor,
  float64Executor,
  type NamedValues,
  onnxruntimeExecutor,
  shapeSize,
} from "../tensor/index.ts";
import {
  bucketLengths,
  type EncodedExample,
  type Example,
  encodedExample,
  responseScorer,
  type Trainer,
  type TrainingConfig,
  trainer,
} from "../train/index.ts";
import { verifierByName } from "../verifier/index.ts";
import { decodingKnown } from "./generate-model.ts";
import {
  type ExampleGenerators,
  encodedSource,
  exampleGenerators,
  heldOut,
  trainingData,
} from "./train-data.ts";
import type { DrawOptions } from "./train-draws.ts";
import type { EvaluationSet } from "./train-evaluation.ts";
import { exampleFiles } from "./train-examples.ts";
import { type PreparedModel, prepareModel } from "./train-model.ts";
import type { ProbeOptions } from "./train-probe.ts";
import { preparedRule } from "./train-rule.ts";
import { preparedTeacher } from "./train-teacher.ts";

export interface PreparedTraining {
  /** With the number of threads that was left open. */
  readonly config: TrainingConfig;
  readonly trainer: Trainer;
  /** Engine, version, device and threads in words. */
  readonly engine: string;
  /** Words that belong beside every number of the loss, such as that its divergences are lower bounds. */
  readonly caveat: string | undefined;
  readonly lossName: string;
  /** Files whose content decides the result. */
  readonly files: readonly string[];
  readonly numbers: {
    readonly parameters: number;
    readonly vocabulary: number;
    readonly context: number;
    readonly examples: number;
    readonly longestTokens: number;
    readonly evaluation: number;
  };
  readonly evaluation: EvaluationSet | undefined;
  probeOptions(runFolder: string): ProbeOptions;
  writeCheckpoint(folder: string): Promise<void>;
  release(): Promise<void>;
}

export async function prepareTraining(
  given: TrainingConfig,
  options: { readonly folder: string; readonly generators?: ExampleGenerators },
): Promise<PreparedTraining> {
  const config = { ...given, threads: given.threads ?? availableParallelism() };
  const modelName = config.name ?? basename(options.folder);
  const random = randomGenerator(config.seed);
  const data = await trainingData(config, options.generators ?? exampleGenerators);
  const prepared = await prepareModel(config, {
    examples: data.examples,
    generator: random.split("parameters"),
  });
  const encode = encoder(config, prepared);
  const { contextLength } = prepared.config;
  const { source, longest, encoded } = encodedSource(data, { encode, random, contextLength });
  const held = await heldOut(config, { data, encode, generator: random.split("held out") });
  const longestHeld = Math.max(0, ...(held?.encoded ?? []).map(({ tokens }) => tokens.length - 1));
  const inputLength = Math.max(longest, longestHeld);
  const lengths = bucketLengths(inputLength);
  const { rule, loss, learningRate } = preparedRule(config);
  const draws = drawOptions(config, prepared);
  const executor = await executorOf(config);
  try {
    const { model, parameters } = prepared;
    const { examples } = data;
    const taught =
      loss.teacher && (await preparedTeacher(loss.teacher, { prepared, executor, examples, encoded }));
    const loop = trainer({
      model,
      executor,
      rule: rule.update,
      stepAfter: rule.stepAfter,
      loss: (taught && loss.lossFor?.(taught.form)) ?? loss.loss,
      meanOver: loss.meanOver,
      lossInputs: taught?.teacher.inputs,
      learningRate,
      parameters,
      source,
      batch: config.batch,
      microBatch: config.microBatch ?? config.batch,
      lengths,
      clip: config.clip,
    });
    const scorer = responseScorer({
      model,
      executor,
      lengths,
      batch: scoringBatch(config, { length: inputLength, vocabularySize: prepared.config.vocabularySize }),
    });
    const drawn = draws === undefined ? undefined : drawnFrom(prepared, executor);
    const texts = config.probes?.tokens ? held?.encoded.map((item) => textsOf(item, prepared)) : undefined;
    return {
      config,
      trainer: loop,
      engine: executor.name,
      caveat: taught?.caveat,
      lossName: loss.name,
      files: [
        ...new Set([
          ...(await exampleFiles(config.data.file)),
          ...(await exampleFiles(config.evaluation?.file)),
          ...prepared.files,
          ...(taught?.files ?? []),
        ]),
      ],
      numbers: {
        parameters: Object.values(model.parameterShapes).reduce((sum, shape) => sum + shapeSize(shape), 0),
        vocabulary: prepared.config.vocabularySize,
        context: prepared.config.contextLength,
        examples: data.count ?? data.examples.length,
        longestTokens: inputLength + 1,
        evaluation: held?.examples.length ?? 0,
      },
      evaluation: held,
      probeOptions(runFolder) {
        if (held === undefined) throw new Error("there is no evaluation set to probe");
        return {
          runFolder,
          model: modelName,
          set: held,
          scorer,
          ns: config.probes?.coverage ?? [],
          tokenTexts: texts,
          ...(draws !== undefined &&
            drawn !== undefined && { draws: { ...draws, decoder: drawn.with(loop.parameters) } }),
          generator: random.split("probes"),
        };
      },
      writeCheckpoint: (folder) =>
        prepared.write(folder, {
          parameters: loop.parameters,
          training: {
            name: modelName,
            step: loop.step,
            tokens: loop.tokens,
            rule: config.rule,
            learningRate: learningRate(loop.step),
            seed: config.seed,
            endOfSequence: config.endOfSequence,
          },
        }),
      async release() {
        await scorer.release();
        await taught?.teacher.release();
        await drawn?.decoder.release();
        await loop.release();
        await executor.release();
      },
    };
  } catch (error) {
    await executor.release();
    throw error;
  }
}

/** Positions that are scored together: more gain no speed. */
const scoredPositions = 4096;
/** 64 MB in float32. */
const scoredLogits = 2 ** 24;

/** As many responses as training holds at once, or more where that is few: scoring keeps no layer for a gradient. */
function scoringBatch(
  { batch, microBatch = batch }: TrainingConfig,
  { length, vocabularySize }: { readonly length: number; readonly vocabularySize: number },
): number {
  const positions = Math.min(scoredPositions, scoredLogits / vocabularySize);
  return Math.max(microBatch, Math.floor(positions / length));
}

function encoder(config: TrainingConfig, prepared: PreparedModel): (example: Example) => EncodedExample {
  const { tokenizer, config: sizes } = prepared;
  return (example) =>
    encodedExample(example, {
      tokenizer,
      contextLength: sizes.contextLength,
      endOfSequence: config.endOfSequence,
    });
}

function textsOf({ tokens, promptLength }: EncodedExample, { tokenizer }: PreparedModel): readonly string[] {
  const ids = Array.from(tokens);
  return tokenTexts((part) => tokenizer.decode(part), {
    before: ids.slice(0, promptLength),
    tokens: ids.slice(promptLength),
  });
}

function drawOptions(
  config: TrainingConfig,
  prepared: PreparedModel,
): Omit<DrawOptions, "decoder"> | undefined {
  const passAt = config.probes?.passAt;
  if (passAt === undefined) return undefined;
  const { tokenizer, config: sizes } = prepared;
  return {
    tokenizer: decodingKnown(tokenizer),
    tokens: config.probes?.tokens === true,
    endOfSequence: config.endOfSequence ? tokenizer.endOfSequence : undefined,
    verifier: verifierByName(passAt.verifier),
    draws: passAt.draws,
    problems: passAt.problems,
    temperature: passAt.temperature,
    maxTokens: passAt.maxTokens ?? sizes.contextLength,
  };
}

/** A decoder whose programs stay compiled: it reads parameters of its own, which each probe overwrites. */
function drawnFrom(prepared: PreparedModel, executor: Executor) {
  const shapes = Object.entries(prepared.model.parameterShapes);
  const parameters = Object.fromEntries(shapes.map(([name, shape]) => [name, executor.allocate(shape)]));
  const decoder = cachedDecoder({ model: cachedTransformer(prepared.config), parameters, executor });
  return {
    decoder,
    with(present: NamedValues): Decoder {
      for (const [name, { data }] of Object.entries(parameters)) data.set(present[name]!.data);
      return decoder;
    },
  };
}

async function executorOf({ device, threads }: TrainingConfig): Promise<Executor> {
  if (device === "float64") return float64Executor();
  return onnxruntimeExecutor({ device, ...(threads !== undefined && { threads }) });
}
