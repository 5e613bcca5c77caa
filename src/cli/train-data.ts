/** What a training learns from and is probed on: files, or a generator's fresh samples. */
import { relative } from "node:path";
import type { RandomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import {
  type EncodedExample,
  type Example,
  type ExampleGenerator,
  type ExampleSource,
  fixedSamples,
  freshSamples,
  shuffledEpochs,
  type TrainingConfig,
} from "../train/index.ts";
import { graphExampleGenerator, graphTaskNames } from "./graph-task-options.ts";
import { type EvaluationSet, evaluationSet } from "./train-evaluation.ts";
import { readExamples, taskOf } from "./train-examples.ts";

/** Makes a generator from its options in the configuration; throws InputError for options that it does not know. */
export type ExampleGenerators = Readonly<
  Record<string, (options: Readonly<Record<string, unknown>>) => ExampleGenerator>
>;

/** The generators that a configuration can name. */
export const exampleGenerators: ExampleGenerators = Object.fromEntries(
  graphTaskNames.map((name) => [name, (options) => graphExampleGenerator(name, options)]),
);

export interface TrainingData {
  /** The whole set; empty for a generator. */
  readonly examples: readonly Example[];
  readonly generator?: ExampleGenerator;
  /** Size of the fixed set that the generator draws; fresh samples for every step where absent. */
  readonly count?: number;
}

/** Throws InputError naming the first bad row, or a generator that there is not. */
export async function trainingData(
  { data }: TrainingConfig,
  generators: ExampleGenerators,
): Promise<TrainingData> {
  if (data.file !== undefined) {
    const { prompt, response } = data;
    return { examples: await readExamples(data.file, { prompt, response }, data.limit) };
  }
  const name = data.generator ?? "";
  const make = Object.hasOwn(generators, name) ? generators[name] : undefined;
  if (make !== undefined) {
    const count = data.limit;
    return { examples: [], generator: make(data.options), ...(count !== undefined && { count }) };
  }
  const known = Object.keys(generators).join(", ") || "none";
  throw new InputError(`data.generator: no generator is called ${name} (known: ${known})`);
}

export interface EncodedData {
  readonly source: ExampleSource<EncodedExample>;
  /** The most positions that an example takes. */
  readonly longest: number;
  /** The whole set in its order; empty for a generator. */
  readonly encoded: readonly EncodedExample[];
}

/** Where batches come from, and the most positions that an example takes. */
export function encodedSource(
  data: TrainingData,
  given: {
    readonly encode: (example: Example) => EncodedExample;
    readonly random: RandomGenerator;
    readonly contextLength: number;
  },
): EncodedData {
  const { encode, random, contextLength } = given;
  const { generator } = data;
  if (generator !== undefined) {
    const longest = Math.min(contextLength, (generator.longestTokens ?? contextLength + 1) - 1);
    const { count } = data;
    const draw = (stream: RandomGenerator) => encode(generator.example(stream));
    const samples = random.split("samples");
    const source =
      count === undefined ? freshSamples(draw, samples) : fixedSamples(draw, { count, generator: samples });
    return { source, longest, encoded: [] };
  }
  const encoded = data.examples.map(encode);
  const longest = encoded.reduce((most, { tokens }) => Math.max(most, tokens.length - 1), 1);
  return { source: shuffledEpochs(encoded, random.split("order")), longest, encoded };
}

/** The held-out responses: a file's, or the generator's from another stream; undefined where none are asked for. */
export async function heldOut(
  { evaluation }: TrainingConfig,
  given: {
    readonly data: TrainingData;
    readonly encode: (example: Example) => EncodedExample;
    readonly generator: RandomGenerator;
  },
): Promise<EvaluationSet | undefined> {
  if (evaluation === undefined) return undefined;
  const { file, limit, task, ...columns } = evaluation;
  const { generator } = given.data;
  if (file !== undefined) {
    const examples = await readExamples(file, columns, limit);
    const source = relative(process.cwd(), file) || file;
    return evaluationSet({
      task: task ?? taskOf(file),
      source,
      examples,
      encoded: examples.map(given.encode),
    });
  }
  if (generator === undefined) throw new InputError("evaluation.file: is missing");
  const examples = Array.from({ length: limit }, (_, index) =>
    generator.example(given.generator.split(`example ${index}`)),
  );
  const { name } = generator;
  return evaluationSet({ task: task ?? name, source: name, examples, encoded: examples.map(given.encode) });
}
