/** A training in memory: one step after another, its state in two sets of buffers that take turns. */
import type { LanguageModel } from "../model/index.ts";
import type { Executor, FloatArray, NamedValues, Program, TensorValue } from "../tensor/index.ts";
import { type Batch, batchOf, bucketOf, type EncodedExample, firstTarget } from "./batch.ts";
import type { ExampleSource } from "./data.ts";
import type { StepLine } from "./journal.ts";
import {
  fusedGraph,
  gradientGraph,
  inputName,
  type Loss,
  nextName,
  type StepGraphs,
  updateGraph,
} from "./step-graph.ts";
import { tokenParts } from "./token-parts.ts";
import { DivergedError } from "./training-error.ts";
import type { UpdateRule } from "./update-rule.ts";

/** Options of `trainer`. */
export interface TrainerOptions {
  readonly model: LanguageModel;
  readonly executor: Executor;
  readonly rule: UpdateRule;
  readonly loss: Loss;
  /** Whether the loss is a mean over sequences or over response tokens. */
  readonly meanOver: "sequence" | "token";
  readonly parameters: NamedValues;
  readonly source: ExampleSource<EncodedExample>;
  /** Examples a step. */
  readonly batch: number;
  /** Examples that are in memory at once; divides `batch`. */
  readonly microBatch: number;
  /** Lengths to which batches are padded, the longest last. */
  readonly lengths: readonly number[];
  readonly learningRate: (step: number) => number;
  readonly clip?: number | undefined;
  /** Values of the inputs that the loss adds to its graph, such as a teacher's distributions. */
  readonly lossInputs?:
    | ((batch: Batch, examples: readonly EncodedExample[]) => Promise<NamedValues>)
    | undefined;
  /** `token`: an update after each token of the responses, all first ones at once, then all second ones (21). */
  readonly stepAfter?: "batch" | "token" | undefined;
}

/** A training in memory that is advanced step by step, made by `trainer`. */
export interface Trainer {
  /** Finished steps. */
  readonly step: number;
  /** Response tokens seen. */
  readonly tokens: number;
  /** The present parameters; the arrays are overwritten by the second step after this one. */
  readonly parameters: NamedValues;
  /** Runs the next step. Throws DivergedError, with the state before the step kept, where a number is not finite. */
  advance(): Promise<StepLine>;
  /** Parameters and the rule's state by name; throws DivergedError if one holds a number that is not finite. */
  snapshot(): NamedValues;
  /** Continues from a snapshot. Throws Error naming a tensor that is missing or of another shape. */
  restore(from: { readonly step: number; readonly tokens: number; readonly tensors: NamedValues }): void;
  release(): Promise<void>;
}

interface MicroBatch extends Batch {
  readonly examples: readonly EncodedExample[];
}

/** One set of buffers, under the names by which graphs take and give them. */
interface Buffers {
  readonly inputs: NamedValues;
  /** Those of the inputs that are parameters. */
  readonly parameters: NamedValues;
  readonly outputs: NamedValues;
}

/**
 * Prepares a training at step 0; programs are compiled when a batch first needs them. With one micro-batch a step is one
 * run of one graph; with several, gradients add up in a buffer, and the result differs by rounding only.
 *
 * @throws RangeError where the micro-batch does not divide the batch.
 * @example
 * const config = { vocabularySize: 3, contextLength: 4, layers: 1, heads: 1, width: 4, tiedEmbeddings: true, layerNormEpsilon: 1e-5 };
 * const training = trainer({
 *   model: transformerModel(config),
 *   parameters: initialParameters(config, randomGenerator("start")),
 *   executor: float64Executor(),
 *   rule: sgd(),
 *   loss: sequenceLoss,
 *   meanOver: "sequence",
 *   source: shuffledEpochs([{ tokens: Int32Array.of(0, 1, 2), promptLength: 1 }], randomGenerator("order")),
 *   batch: 1,
 *   microBatch: 1,
 *   lengths: [2],
 *   learningRate: () => 0.001,
 * });
 * const first = await training.advance();
 * const second = await training.advance();
 * second.loss < first.loss; // true
 */
export function trainer(options: TrainerOptions): Trainer {
  const { model, executor, rule, source, batch, microBatch, lengths, learningRate } = options;
  if (batch % microBatch !== 0) throw new RangeError(`microBatch is ${microBatch}: must divide ${batch}`);
  const microBatches = batch / microBatch;
  const graphs: StepGraphs = { model, rule, loss: options.loss, clip: options.clip };
  const programs = new Map<string, Promise<Program>>();
  const program = (name: string, build: () => Promise<Program>): Promise<Program> => {
    const known = programs.get(name) ?? build();
    programs.set(name, known);
    return known;
  };
  const fused = ({ length, from }: Batch) =>
    program(`fused ${length} from ${from}`, () =>
      executor.compile(fusedGraph(graphs, { batch, length, from })),
    );
  const gradient = ({ length, from }: Batch) =>
    program(`gradient ${length} from ${from}`, () =>
      executor.compile(gradientGraph(graphs, { batch: microBatch, length, from }, microBatches)),
    );
  const update = () => program("update", () => executor.compile(updateGraph(graphs)));

  const state = rule.init(model.parameterShapes);
  const names = [
    ...Object.entries(model.parameterShapes).map(([name, shape]) => ({
      name: inputName.parameter(name),
      shape,
    })),
    ...Object.entries(state).map(([name, { shape }]) => ({ name: inputName.state(name), shape })),
  ];
  const newBuffers = (): Buffers =>
    buffersOf(names.map(({ name, shape }) => [name, executor.allocate(shape)]));
  let current = newBuffers();
  let spare = newBuffers();
  for (const name of Object.keys(model.parameterShapes)) {
    copyInto(current.inputs[inputName.parameter(name)]!, options.parameters[name], name);
  }
  for (const [name, { fill }] of Object.entries(state)) {
    (current.inputs[inputName.state(name)]!.data as FloatArray).fill(fill);
  }
  const newSums = () =>
    buffersOf(
      Object.entries(model.parameterShapes).map(([name, shape]) => [
        inputName.gradient(name),
        executor.allocate(shape),
      ]),
    );
  let sums: Buffers | undefined;
  let step = 0;
  let tokens = 0;

  const allocate = (size: number) => executor.allocate([size]).data as FloatArray;
  const scalar = (value: number): TensorValue => {
    const allocated = executor.allocate([]);
    allocated.data[0] = value;
    return allocated;
  };
  const present = () =>
    Object.fromEntries(
      Object.keys(model.parameterShapes).map((name) => [name, current.inputs[inputName.parameter(name)]!]),
    );

  /** The micro-batches of the next step, weighted so that the mean of their losses is the step's. */
  const nextBatches = (): MicroBatch[] => {
    const examples = source.batch(step + 1, batch);
    const parts = Array.from({ length: microBatches }, (_, index) =>
      examples.slice(index * microBatch, (index + 1) * microBatch),
    );
    const batches = parts.map((part) => {
      const alike = options.stepAfter === "token" ? examples : part;
      const length = bucketOf(alike, lengths);
      const arrays = batchOf(part, { length, from: firstTarget(alike, length), allocate });
      return { ...arrays, examples: part };
    });
    if (options.meanOver === "token") {
      const total = batches.reduce((sum, { responseTokens }) => sum + responseTokens, 0);
      for (const { weights } of batches) scale(weights.data as FloatArray, batch / total);
    }
    return batches;
  };

  const fed = async (part: MicroBatch): Promise<NamedValues> => ({
    tokens: part.tokens,
    targets: part.targets,
    weights: part.weights,
    ...(await options.lossInputs?.(part, part.examples)),
  });

  /** Adds up the gradients of micro-batches, each in its place; returns the losses' sums. */
  const accumulate = async (batches: readonly MicroBatch[]) => {
    sums ??= newSums();
    for (const { data } of Object.values(sums.inputs)) data.fill(0);
    let loss = 0;
    let logLoss = 0;
    for (const part of batches) {
      const run = await gradient(part);
      const result = await run.run(
        { ...current.parameters, ...sums.inputs, ...(await fed(part)) },
        sums.outputs,
      );
      loss += scalarOf(result.loss);
      logLoss += scalarOf(result.logLoss);
    }
    return { loss, logLoss, gradients: sums };
  };

  /** One run of the rule from `current` into `spare`. */
  const updateOnce = async (batches: readonly MicroBatch[], rate: number) => {
    const scalars = { learningRate: scalar(rate), step: scalar(step + 1) };
    const [only] = batches;
    if (batches.length === 1 && only !== undefined) {
      const run = await fused(only);
      const result = await run.run({ ...current.inputs, ...(await fed(only)), ...scalars }, spare.outputs);
      return { loss: scalarOf(result.loss), logLoss: scalarOf(result.logLoss), norms: normsOf(result) };
    }
    const { loss, logLoss, gradients } = await accumulate(batches);
    const run = await update();
    const result = await run.run({ ...current.inputs, ...gradients.inputs, ...scalars }, spare.outputs);
    return { loss: loss / microBatches, logLoss, norms: normsOf(result) };
  };

  /** The state before a step of several updates, which overwrite both sets of buffers. */
  let kept: Buffers | undefined;
  const keepCurrent = () => {
    kept ??= newBuffers();
    for (const { name } of names) kept.inputs[name]!.data.set(current.inputs[name]!.data);
  };
  const takeBack = () => {
    for (const { name } of names) current.inputs[name]!.data.set(kept!.inputs[name]!.data);
  };

  const diverged = async (
    batches: readonly MicroBatch[],
    { gradientNorm }: StepNormValues,
  ): Promise<DivergedError> => {
    const parameter = firstNotFinite(present());
    if (parameter !== undefined) return new DivergedError(step + 1, parameter, "the value");
    // The step's numbers are finite and what it led to is not.
    const next = Number.isFinite(gradientNorm) ? firstNotFinite(spare.parameters) : undefined;
    if (next !== undefined) return new DivergedError(step + 1, shortName(next), "the value");
    const { loss, gradients } = await accumulate(batches);
    if (!Number.isFinite(loss)) return new DivergedError(step + 1, "the batch", "the loss");
    const found = firstNotFinite(gradients.inputs)?.slice(inputName.gradient("").length);
    // Each gradient is finite where only the sum of their squares overflows.
    return new DivergedError(
      step + 1,
      found ?? "all parameters",
      found === undefined ? "the norm" : "the gradient",
    );
  };

  return {
    get step() {
      return step;
    },
    get tokens() {
      return tokens;
    },
    get parameters() {
      return present();
    },
    async advance() {
      const rate = learningRate(step + 1);
      const batches = nextBatches();
      const updates =
        options.stepAfter === "token" ? tokenParts(batches) : [{ parts: batches, sequences: batch }];
      if (updates.length > 1) keepCurrent();
      let [loss, logLoss] = [0, 0];
      let norms: StepNormValues = { gradientNorm: 0, updateNorm: 0, parameterNorm: 0 };
      for (const { parts, sequences } of updates) {
        const done = await updateOnce(parts, rate);
        if (![done.loss, ...Object.values(done.norms)].every(Number.isFinite)) {
          const error = await diverged(parts, done.norms);
          if (updates.length > 1) takeBack();
          throw error;
        }
        [current, spare] = [spare, current];
        loss += (done.loss * sequences) / batch;
        logLoss += (done.logLoss * sequences) / batch;
        norms = {
          gradientNorm: Math.max(norms.gradientNorm, done.norms.gradientNorm),
          updateNorm: Math.max(norms.updateNorm, done.norms.updateNorm),
          parameterNorm: done.norms.parameterNorm,
        };
      }
      step += 1;
      const responseTokens = batches.reduce((sum, { responseTokens: count }) => sum + count, 0);
      tokens += responseTokens;
      // The weights of a mean over tokens are scaled already.
      const lossPerToken = options.meanOver === "token" ? logLoss / batch : logLoss / responseTokens;
      return { step, loss, lossPerToken, ...norms, learningRate: rate, tokens };
    },
    snapshot() {
      const bad = firstNotFinite(current.inputs);
      if (bad !== undefined) throw new DivergedError(step, shortName(bad), "the value");
      return current.inputs;
    },
    restore(from) {
      for (const { name } of names) copyInto(current.inputs[name]!, from.tensors[name], name);
      step = from.step;
      tokens = from.tokens;
    },
    async release() {
      for (const compiled of programs.values()) await (await compiled).release();
      programs.clear();
    },
  };
}

function buffersOf(entries: readonly (readonly [string, TensorValue])[]): Buffers {
  const isParameter = (name: string) => name.startsWith(inputName.parameter(""));
  return {
    inputs: Object.fromEntries(entries),
    parameters: Object.fromEntries(entries.filter(([name]) => isParameter(name))),
    outputs: Object.fromEntries(entries.map(([name, value]) => [nextName(name), value])),
  };
}

function copyInto(target: TensorValue, source: TensorValue | undefined, name: string): void {
  if (source === undefined) throw new Error(`${name}: is missing`);
  if (source.data.length !== target.data.length) {
    throw new Error(`${name}: has shape [${source.shape}], the model needs [${target.shape}]`);
  }
  target.data.set(source.data);
}

function scale(data: FloatArray, factor: number): void {
  for (let index = 0; index < data.length; index += 1) data[index]! *= factor;
}

type StepNormValues = Pick<StepLine, "gradientNorm" | "updateNorm" | "parameterNorm">;

const normsOf = (result: NamedValues): StepNormValues => ({
  gradientNorm: scalarOf(result.gradientNorm),
  updateNorm: scalarOf(result.updateNorm),
  parameterNorm: scalarOf(result.parameterNorm),
});

const scalarOf = (value: TensorValue | undefined): number => value?.data[0] ?? Number.NaN;

const shortName = (name: string): string => name.replace(inputName.parameter(""), "");

function firstNotFinite(values: NamedValues): string | undefined {
  for (const [name, { data }] of Object.entries(values)) {
    for (let index = 0; index < data.length; index += 1) if (!Number.isFinite(data[index])) return name;
  }
  return undefined;
}
