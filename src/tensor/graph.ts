/** A differentiable graph of named tensors with static shapes: the face of `operations/`. */
import { GraphBuilder } from "./builder.ts";
import { gradients } from "./gradients.ts";
import type { Operand } from "./operation.ts";
import {
  absolute,
  add,
  divide,
  equal,
  exp,
  greater,
  less,
  log,
  maximum,
  minimum,
  multiply,
  negate,
  sigmoid,
  sign,
  softplus,
  sqrt,
  square,
  subtract,
  tanh,
} from "./operations/arithmetic.ts";
import { type AttentionOptions, attention, causalAttention } from "./operations/attention.ts";
import { expand, type ReductionOptions, reshape, sum, transpose } from "./operations/axes.ts";
import { cast, stopGradient } from "./operations/element-type.ts";
import { where } from "./operations/elementwise.ts";
import { gelu } from "./operations/gelu.ts";
import { gather, oneHot, pick, scatterAdd } from "./operations/indexing.ts";
import { linear, type MatmulOptions, matmul } from "./operations/matmul.ts";
import { layerNorm, logSoftmax, softmax, standardise } from "./operations/normalisation.ts";
import { concat, pad, slice, split } from "./operations/parts.ts";
import { cumulativeSum, logSumExp, max, mean } from "./operations/reductions.ts";
import type { ElementType, NamedTensors, Shape, Tensor } from "./tensor.ts";

/**
 * Builds a graph and differentiates it; an executor runs it.
 *
 * Methods throw RangeError with the names and shapes of tensors that do not fit each other. Two operands of an
 * operation on single entries broadcast by numpy's rule; one may be a number. Axis −1 is the last.
 *
 * @example
 * const graph = new Graph();
 * const w = graph.input("w", [2]);
 * const loss = graph.sum(graph.exp(w));
 * graph.output("gradient", graph.gradients(loss, { w }).w);
 * const program = await float64Executor().compile(graph);
 * const { gradient } = await program.run({ w: { shape: [2], data: new Float64Array([0, Math.log(2)]) } });
 * gradient?.data; // [1, 2]
 * graph.add(w, graph.input("v", [3])); // throws RangeError: add(w [2], v [3]) is impossible: …
 */
export class Graph extends GraphBuilder {
  /** A tensor fed at each run. */
  input(name: string, shape: Shape, type: ElementType = "float"): Tensor {
    return this.addInput(name, shape, type);
  }

  /** A tensor fetched at each run. */
  output(name: string, tensor: Tensor): void {
    this.addOutput(name, tensor);
  }

  /** Every entry is the same number. */
  full(shape: Shape, value: number, type: ElementType = "float"): Tensor {
    return expand(this, this.constant(value, [], type), shape);
  }

  /** Derivatives of a scalar by each parameter, emitted into this graph; zeros where it does not depend on one. */
  gradients<Names extends string>(
    loss: Tensor,
    parameters: Readonly<Record<Names, Tensor>>,
  ): Record<Names, Tensor> {
    return gradients(this, loss, parameters as NamedTensors) as Record<Names, Tensor>;
  }

  add(a: Operand, b: Operand): Tensor {
    return add(this, a, b);
  }

  subtract(a: Operand, b: Operand): Tensor {
    return subtract(this, a, b);
  }

  multiply(a: Operand, b: Operand): Tensor {
    return multiply(this, a, b);
  }

  /** Of integers: towards zero. */
  divide(a: Operand, b: Operand): Tensor {
    return divide(this, a, b);
  }

  /** The derivative at a tie is a's. */
  maximum(a: Operand, b: Operand): Tensor {
    return maximum(this, a, b);
  }

  /** The derivative at a tie is a's. */
  minimum(a: Operand, b: Operand): Tensor {
    return minimum(this, a, b);
  }

  /** Float 1 where a > b, 0 elsewhere. */
  greater(a: Operand, b: Operand): Tensor {
    return greater(this, a, b);
  }

  /** Float 1 where a < b, 0 elsewhere. */
  less(a: Operand, b: Operand): Tensor {
    return less(this, a, b);
  }

  /** Float 1 where a = b, 0 elsewhere. */
  equal(a: Operand, b: Operand): Tensor {
    return equal(this, a, b);
  }

  /** a where the condition is not 0, else b. The branch not taken may hold NaN or an infinity: its derivative is 0. */
  where(condition: Tensor, a: Operand, b: Operand): Tensor {
    return where(this, condition, a, b);
  }

  negate(x: Tensor): Tensor {
    return negate(this, x);
  }

  /** The derivative at 0 is 0. */
  abs(x: Tensor): Tensor {
    return absolute(this, x);
  }

  /** −1, 0 or 1. */
  sign(x: Tensor): Tensor {
    return sign(this, x);
  }

  exp(x: Tensor): Tensor {
    return exp(this, x);
  }

  log(x: Tensor): Tensor {
    return log(this, x);
  }

  square(x: Tensor): Tensor {
    return square(this, x);
  }

  sqrt(x: Tensor): Tensor {
    return sqrt(this, x);
  }

  tanh(x: Tensor): Tensor {
    return tanh(this, x);
  }

  /** 1/(1 + e^−x). */
  sigmoid(x: Tensor): Tensor {
    return sigmoid(this, x);
  }

  /** log(1 + e^x); −softplus(−x) is the logarithm of the sigmoid. */
  softplus(x: Tensor): Tensor {
    return softplus(this, x);
  }

  /** x·½(1 + tanh(√(2/π)(x + 0.044715x³))), GPT-2's `gelu_new`. */
  gelu(x: Tensor): Tensor {
    return gelu(this, x);
  }

  /** Products of the last two axes; leading axes broadcast. */
  matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
    return matmul(this, a, b, options);
  }

  /**
   * softmax(scale·Q·Kᵀ + mask)·V with Q [..., queries, width], K [..., keys, width], V [..., keys, values]; the scale
   * is 1/√width if not given.
   */
  attention(
    given: { readonly query: Tensor; readonly key: Tensor; readonly value: Tensor } & AttentionOptions,
  ): Tensor {
    return attention(this, given);
  }

  /** Attention in which each query sees the keys up to its own position; [..., length, width] all. */
  causalAttention(given: {
    readonly query: Tensor;
    readonly key: Tensor;
    readonly value: Tensor;
    readonly scale?: number;
  }): Tensor {
    return causalAttention(this, given);
  }

  /** x·W + b with x [..., in], W [in, out], b [out]. */
  linear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
    return linear(this, x, weight, bias);
  }

  /** One dimension may be −1. */
  reshape(x: Tensor, shape: Shape): Tensor {
    return reshape(this, x, shape);
  }

  /** Output axis i is input axis `order[i]`; by default the last two change places. */
  transpose(x: Tensor, order?: readonly number[]): Tensor {
    return transpose(this, x, order);
  }

  /** Repeats along axes of length 1 and along new leading axes. */
  expand(x: Tensor, shape: Shape): Tensor {
    return expand(this, x, shape);
  }

  /** Parts of these sizes along an axis. */
  split(x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
    return split(this, x, sizes, axis);
  }

  concat(parts: readonly Tensor[], axis: number): Tensor {
    return concat(this, parts, axis);
  }

  /** Entries start … end − 1 along an axis. */
  slice(x: Tensor, range: { readonly axis: number; readonly start: number; readonly end: number }): Tensor {
    return slice(this, x, range);
  }

  /** Zeros before and after along an axis. */
  pad(
    x: Tensor,
    padding: { readonly axis: number; readonly before: number; readonly after: number },
  ): Tensor {
    return pad(this, x, padding);
  }

  /** Over all axes if none are named; `keep` leaves them with length 1. */
  sum(x: Tensor, options: ReductionOptions = {}): Tensor {
    return sum(this, x, options);
  }

  mean(x: Tensor, options: ReductionOptions = {}): Tensor {
    return mean(this, x, options);
  }

  /** The largest entry; ties share the derivative. */
  max(x: Tensor, options: ReductionOptions = {}): Tensor {
    return max(this, x, options);
  }

  /** log Σ e^x without overflow; the largest entry must be finite. */
  logSumExp(x: Tensor, options: ReductionOptions = {}): Tensor {
    return logSumExp(this, x, options);
  }

  /** Entry i is the sum of entries 0 … i; `exclusive`: … i − 1; `reverse`: from the end. */
  cumulativeSum(
    x: Tensor,
    options: { readonly axis: number; readonly exclusive?: boolean; readonly reverse?: boolean },
  ): Tensor {
    return cumulativeSum(this, x, options);
  }

  /** Over the last axis. An entry may be −∞ (a mask), a whole row may not. */
  softmax(x: Tensor): Tensor {
    return softmax(this, x);
  }

  /** Over the last axis. An entry may be −∞ (a mask), a whole row may not. */
  logSoftmax(x: Tensor): Tensor {
    return logSoftmax(this, x);
  }

  /** (x − mean)/√(variance + ε)·gain + bias over the last axis; ε is 1e-5 if not given. */
  layerNorm(
    x: Tensor,
    given: { readonly gain: Tensor; readonly bias: Tensor; readonly epsilon?: number },
  ): Tensor {
    return layerNorm(this, x, given);
  }

  /** (x − mean)/√(variance + ε) over the last axis; ε is 1e-5 if not given. Its derivative is cheaper than layerNorm's. */
  standardise(x: Tensor, epsilon?: number): Tensor {
    return standardise(this, x, epsilon);
  }

  /** Rows of a matrix [rows, width] by int indices of any shape: [...indices, width]. */
  gather(matrix: Tensor, indices: Tensor): Tensor {
    return gather(this, matrix, indices);
  }

  /** Row r of the result [rows, width] is the sum of the updates [count, width] whose index [count] is r. */
  scatterAdd(updates: Tensor, indices: Tensor, rows: number): Tensor {
    return scatterAdd(this, updates, indices, rows);
  }

  /** [...indices, depth]: 1 at the index, 0 elsewhere; an index outside 0 … depth − 1 gives zeros. */
  oneHot(indices: Tensor, depth: number): Tensor {
    return oneHot(this, indices, depth);
  }

  /** One entry of each row of x [..., depth] by int indices [...]. */
  pick(x: Tensor, indices: Tensor): Tensor {
    return pick(this, x, indices);
  }

  /** Floats become integers towards zero. Nothing is differentiated through it. */
  cast(x: Tensor, type: ElementType): Tensor {
    return cast(this, x, type);
  }

  /** The same values, a constant to differentiation. */
  stopGradient(x: Tensor): Tensor {
    return stopGradient(this, x);
  }
}
