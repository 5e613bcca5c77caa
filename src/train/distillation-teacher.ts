/** Feeds a truncated loss with its teacher's distributions, batch by batch. */
import { forwardFrom, type LanguageModel } from "../model/index.ts";
import { type Executor, Graph, type NamedValues, type Program, type TensorValue } from "../tensor/index.ts";
import type { Batch, EncodedExample } from "./batch.ts";
import { teacherInput } from "./distillation.ts";
import type { BatchShape } from "./step-graph.ts";
import { UnusableTrainingError } from "./training-error.ts";

/** Gives a truncated loss its teacher's distributions, batch by batch. */
export interface Teacher {
  /** Values of the inputs that the loss added to its graph. */
  inputs(batch: Batch, examples: readonly EncodedExample[]): Promise<NamedValues>;
  release(): Promise<void>;
}

/** A teacher that is a model: its log-probabilities of every token, computed for each batch. */
export function modelTeacher(given: {
  readonly model: LanguageModel;
  readonly parameters: NamedValues;
  readonly executor: Executor;
}): Teacher {
  const { model, parameters, executor } = given;
  const programs = new Map<string, Promise<Program>>();
  const programFor = (shape: BatchShape): Promise<Program> => {
    const key = JSON.stringify(shape);
    const program = programs.get(key) ?? executor.compile(teacherGraph(model, shape));
    programs.set(key, program);
    return program;
  };
  return {
    async inputs({ tokens, length, from }) {
      const program = await programFor({ batch: tokens.shape[0]!, length, from });
      return program.run({ ...parameterInputs(parameters), tokens });
    },
    async release() {
      for (const program of programs.values()) await (await program).release();
      programs.clear();
    },
  };
}

const parameterInput = (name: string) => `parameter.${name}`;

const parameterInputs = (parameters: NamedValues): NamedValues =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [parameterInput(name), value]));

function teacherGraph(model: LanguageModel, shape: BatchShape): Graph {
  const graph = new Graph();
  const parameters = Object.fromEntries(
    Object.entries(model.parameterShapes).map(([name, of]) => [name, graph.input(parameterInput(name), of)]),
  );
  const { logits } = forwardFrom(graph, { model, parameters, ...shape });
  graph.output(teacherInput.logProbabilities, graph.logSoftmax(logits));
  return graph;
}

/**
 * A teacher known by its saved distributions over the whole vocabulary: log-probabilities [tokens, vocabulary], row-major,
 * of each response token, the end of sequence counted.
 *
 * @throws UnusableTrainingError (when a batch is fed) for an example without distributions, with another number of tokens,
 * or with probabilities that are no distribution.
 */
export function wholeTeacher(given: {
  readonly vocabularySize: number;
  readonly executor: Executor;
  logProbabilitiesOf(example: EncodedExample): Float32Array | Float64Array | undefined;
}): Teacher {
  const { vocabularySize, executor } = given;
  return {
    async inputs({ targets, from }, examples) {
      const [batch, positions] = targets.shape as [number, number];
      const logProbabilities = executor.allocate([batch, positions, vocabularySize]);
      examples.forEach((example, row) => {
        const saved = given.logProbabilitiesOf(example) ?? refuse("are missing");
        checkWhole(saved, example, vocabularySize);
        const first = row * positions + example.promptLength - 1 - from;
        logProbabilities.data.set(saved, first * vocabularySize);
      });
      return { [teacherInput.logProbabilities]: logProbabilities } satisfies Record<string, TensorValue>;
    },
    async release() {},
  };
}

const refuse = (reason: string): never => {
  throw new UnusableTrainingError(`the teacher's distributions of an example: ${reason}`);
};

function checkWhole(saved: ArrayLike<number>, example: EncodedExample, vocabularySize: number): void {
  const steps = example.tokens.length - example.promptLength;
  checkSteps(saved.length / vocabularySize, steps);
  for (let step = 0; step < steps; step++) {
    let total = 0;
    for (let id = 0; id < vocabularySize; id++) {
      const logProbability = saved[step * vocabularySize + id]!;
      if (!(logProbability <= leastRemainder)) refuse(`hold a log-probability of ${logProbability}`);
      total += Math.exp(logProbability);
    }
    checkTotal(total, step);
    if (total < 1 - largestExcess) {
      refuse(`have probabilities that add up to ${total} over the whole vocabulary`);
    }
  }
}

function checkSteps(found: number, steps: number): void {
  if (found !== steps) refuse(`hold ${found} steps, the response has ${steps} tokens`);
}

function checkTotal(total: number, step: number): void {
  if (total > 1 + largestExcess) refuse(`have probabilities that add up to ${total} at step ${step + 1}`);
}

/** A teacher's likely tokens at each response token of an example, the end of sequence counted. */
export interface TeacherTokens {
  /** So many at every step; where fewer are known, any id with probability 0. */
  readonly top: number;
  /** [tokens, top], row-major. */
  readonly ids: ArrayLike<number>;
  readonly probabilities: ArrayLike<number>;
}

/** Above this a remainder is probability mass, not rounding of the listed probabilities. */
const leastRemainder = 1e-6;
/** What rounding may add to a sum of probabilities. */
const largestExcess = 1e-3;

/**
 * A teacher known by its saved distributions: full ones, whose probabilities add up to 1, or top-k, whose remainder is
 * what lacks.
 *
 * @throws UnusableTrainingError (when a batch is fed) for an example without distributions, with another number of
 * tokens, an id outside the vocabulary, or probabilities that are no distribution.
 */
export function savedTeacher(given: {
  readonly top: number;
  readonly vocabularySize: number;
  readonly executor: Executor;
  tokensOf(example: EncodedExample): TeacherTokens | undefined;
}): Teacher {
  const { top, executor } = given;
  return {
    async inputs({ targets, from }, examples) {
      const [batch, positions] = targets.shape as [number, number];
      const ids = executor.allocate([batch, positions, top], "int");
      const probabilities = executor.allocate([batch, positions, top]);
      const remainder = executor.allocate([batch, positions]);
      examples.forEach((example, row) => {
        const saved = checkedTokens(example, given);
        const first = row * positions + example.promptLength - 1 - from;
        ids.data.set(saved.ids, first * top);
        probabilities.data.set(saved.probabilities, first * top);
        remainder.data.set(saved.remainder, first);
      });
      return {
        [teacherInput.ids]: ids,
        [teacherInput.probabilities]: probabilities,
        [teacherInput.remainder]: remainder,
      } satisfies Record<string, TensorValue>;
    },
    async release() {},
  };
}

function checkedTokens(
  example: EncodedExample,
  given: {
    readonly top: number;
    readonly vocabularySize: number;
    tokensOf(example: EncodedExample): TeacherTokens | undefined;
  },
): { ids: Int32Array; probabilities: Float64Array; remainder: Float64Array } {
  const { top, vocabularySize } = given;
  const saved = given.tokensOf(example) ?? refuse("are missing");
  const steps = example.tokens.length - example.promptLength;
  if (saved.top > top) refuse(`list ${saved.top} tokens a step, more than ${top}`);
  checkSteps(saved.ids.length / saved.top, steps);
  checkSteps(saved.probabilities.length / saved.top, steps);
  const ids = new Int32Array(steps * top);
  const probabilities = new Float64Array(steps * top);
  const remainder = new Float64Array(steps);
  for (let step = 0; step < steps; step++) {
    let total = 0;
    const seen = new Set<number>();
    for (let index = 0; index < saved.top; index++) {
      const id = saved.ids[step * saved.top + index]!;
      const probability = saved.probabilities[step * saved.top + index]!;
      if (!(Number.isInteger(id) && id >= 0 && id < vocabularySize)) {
        refuse(`name token ${id}, the vocabulary has ${vocabularySize}`);
      }
      if (!(probability >= 0 && probability <= 1 + leastRemainder)) {
        refuse(`hold a probability of ${probability}`);
      }
      if (probability > 0 && seen.has(id)) refuse(`name token ${id} twice at one step`);
      if (probability > 0) seen.add(id);
      ids[step * top + index] = id;
      probabilities[step * top + index] = probability;
      total += probability;
    }
    checkTotal(total, step);
    const left = 1 - total;
    if (left > leastRemainder && seen.size === vocabularySize) {
      refuse(`have probabilities that add up to ${total} over the whole vocabulary`);
    }
    remainder[step] = left > leastRemainder ? left : 0;
  }
  return { ids, probabilities, remainder };
}
