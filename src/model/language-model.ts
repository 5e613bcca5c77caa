/** What training, scoring and generation need of a model: its parameters' shapes and its forward pass as a graph. */
import type { Graph, NamedShapes, NamedTensors, Tensor } from "../tensor/index.ts";

/** Log-odds of the next token before softmax [batch, length, vocabulary], and the last hidden states [batch, length, width]. */
export interface ForwardPass {
  readonly logits: Tensor;
  readonly hidden: Tensor;
}

/** A model as training and scoring need it: the shapes of its parameters and its forward pass as a graph. */
export interface LanguageModel {
  readonly parameterShapes: NamedShapes;
  /** Inputs of one batch, such as tokens: int [batch, length]. */
  inputs(graph: Graph, shape: { readonly batch: number; readonly length: number }): NamedTensors;
  /**
   * With `from`, a model may leave out what earlier positions would have: its outputs are [batch, length − from, …].
   * Whoever asks for it calls `forwardFrom`, which also cuts what a model without the option gives.
   */
  forward(
    graph: Graph,
    parameters: NamedTensors,
    inputs: NamedTensors,
    options?: { readonly from?: number },
  ): ForwardPass;
}

/**
 * The forward pass on `inputs(graph, { batch, length })`, of the positions `from` … length − 1 only: where prompts are long,
 * a transformer saves its output head and most of its last layer.
 *
 * @throws RangeError where `from` is no position.
 */
export function forwardFrom(
  graph: Graph,
  given: {
    readonly model: LanguageModel;
    readonly parameters: NamedTensors;
    readonly batch: number;
    readonly length: number;
    readonly from?: number | undefined;
  },
): ForwardPass {
  const { model, parameters, batch, length, from = 0 } = given;
  if (!(Number.isInteger(from) && from >= 0 && from < length)) {
    throw new RangeError(`from is ${from}: must be a position, 0 … ${length - 1}`);
  }
  const { logits, hidden } = model.forward(graph, parameters, model.inputs(graph, { batch, length }), {
    from,
  });
  const cut = (whole: Tensor) =>
    whole.shape[1] === length ? graph.slice(whole, { axis: 1, start: from, end: length }) : whole;
  return { logits: cut(logits), hidden: cut(hidden) };
}

/**
 * The position from which a forward pass over `length` positions has to be known where `earliest` is the first that
 * matters: at most that, such that 1, 2, 3, 4, 6, 8, 12, 16, 24, … or all positions remain.
 *
 * @example
 * firstPosition({ length: 81, earliest: 75 }); // 75
 * firstPosition({ length: 81, earliest: 74 }); // 73
 * firstPosition({ length: 6, earliest: 1 }); // 0
 */
export function firstPosition(given: { readonly length: number; readonly earliest: number }): number {
  return Math.max(0, given.length - countBucket(given.length - given.earliest));
}

/**
 * The least of 1, 2, 3, 4, 6, 8, 12, 16, 24, … that is not below a count: each is a compiled program, so there should be
 * few.
 *
 * @example
 * [5, 6, 13].map(countBucket); // [6, 6, 16]
 */
export function countBucket(count: number): number {
  for (let bucket = 1; ; bucket *= 2) {
    if (bucket >= count) return bucket;
    if (bucket > 1 && 1.5 * bucket >= count) return 1.5 * bucket;
  }
}
