/** Programs of a language model's forward pass, one for each shape that is met. */
import { forwardFrom, type LanguageModel } from "../model/index.ts";
import {
  type Executor,
  Graph,
  type NamedTensors,
  type NamedValues,
  type Program,
  type Tensor,
} from "../tensor/index.ts";
import type { TokenIds } from "./decoder.ts";

/** A model with its parameters' values, on an executor. */
export interface LoadedModel {
  readonly model: LanguageModel;
  /** Read at every run, so that a model in training can be drawn from. */
  readonly parameters: NamedValues;
  readonly executor: Executor;
  readonly vocabularySize: number;
  readonly contextLength: number;
}

export interface ForwardGraph {
  readonly graph: Graph;
  readonly parameters: NamedTensors;
  /** [batch, length − from, vocabulary]. */
  readonly logits: Tensor;
  /** [batch, length − from, width]. */
  readonly hidden: Tensor;
}

/**
 * A graph that holds a model's forward pass on `tokens` [batch, length], of the positions from `from` on (0 if not given);
 * its parameters are inputs by their names.
 */
export function forwardGraph(
  model: LanguageModel,
  shape: { readonly batch: number; readonly length: number; readonly from?: number },
): ForwardGraph {
  const graph = new Graph();
  const parameters = Object.fromEntries(
    Object.entries(model.parameterShapes).map(([name, size]) => [name, graph.input(name, size)]),
  );
  return { graph, parameters, ...forwardFrom(graph, { model, parameters, ...shape }) };
}

/** Programs by key, compiled when first asked for. */
export class ProgramCache {
  readonly #executor: Executor;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  get(key: string, build: () => Graph): Promise<Program> {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const compiled = this.#executor.compile(build());
    this.#programs.set(key, compiled);
    return compiled;
  }

  async release(): Promise<void> {
    for (const program of this.#programs.values()) await (await program).release();
    this.#programs.clear();
  }
}

/** The least of 8, 12, 16, 24, 32, 48, … that is not below a length, at most `limit`: few shapes, little padding. */
export function lengthBucket(length: number, limit: number): number {
  for (let bucket = 8; ; bucket *= 2) {
    if (bucket >= length) return Math.min(bucket, limit);
    if (1.5 * bucket >= length) return Math.min(1.5 * bucket, limit);
  }
}

/** The least power of two that is not below a number of rows. */
export function batchBucket(rows: number): number {
  let bucket = 1;
  while (bucket < rows) bucket *= 2;
  return bucket;
}

/** Token sequences as rows of a matrix, padded on the right by token 0, which a causal model does not look at. */
export function paddedTokens(
  sequences: readonly TokenIds[],
  shape: { readonly batch: number; readonly length: number },
): Int32Array {
  const data = new Int32Array(shape.batch * shape.length);
  sequences.forEach((sequence, row) => {
    data.set(sequence, row * shape.length);
  });
  return data;
}
