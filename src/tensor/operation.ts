/** What an operation is: its shape rule, derivative, float64 arithmetic and lowering to ONNX, declared in one place. */
import type { OnnxModel } from "./onnx-model.ts";
import type { ElementType, FloatArray, Shape, Tensor } from "./tensor.ts";

export interface TensorType {
  readonly shape: Shape;
  readonly type: ElementType;
}

export type Values = FloatArray | Int32Array;

/** A tensor, or a number that stands for a scalar of the other operand's type. */
export type Operand = Tensor | number;

/** One use of an operation in a graph. */
export interface Node<Attributes = unknown> {
  readonly operation: Operation<Attributes>;
  /** Plain data: equal JSON means equal attributes. */
  readonly attributes: Attributes;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** What operations need of a graph to emit further operations. */
export interface Builder {
  apply<Attributes>(
    operation: Operation<Attributes>,
    inputs: readonly Tensor[],
    attributes: Attributes,
  ): readonly Tensor[];
  constant(values: number | ArrayLike<number>, shape?: Shape, type?: ElementType): Tensor;
}

/** A node whose derivative is asked for. */
export interface Derivative<Attributes> extends Node<Attributes> {
  readonly graph: Builder;
  /** Derivatives of the loss by each output; undefined where the loss does not depend on it. */
  readonly outputGradients: readonly (Tensor | undefined)[];
  /** Whether the derivative by this input is needed. */
  wanted(index: number): boolean;
}

export interface Operation<Attributes = unknown> {
  readonly name: string;
  /** Types of the outputs; throws `shapeError` where the inputs do not fit. */
  infer(inputs: readonly Tensor[], attributes: Attributes): readonly TensorType[];
  /** Derivatives of the loss by each input, emitted as ordinary operations; absent where it is zero everywhere. */
  gradient?(derivative: Derivative<Attributes>): readonly (Tensor | undefined)[];
  /** Writes the outputs; every float array is a Float64Array. */
  evaluate(inputs: readonly Values[], outputs: readonly Values[], node: Node<Attributes>): void;
  lower(onnx: OnnxModel, node: Node<Attributes>): void;
}

/** `tokens int [2, 3]`. */
export function describe(tensor: Tensor): string {
  return `${tensor.name}${tensor.type === "int" ? " int" : ""} [${tensor.shape.join(", ")}]`;
}

/** `matmul(x [2, 3], w [4, 5]) is impossible: 3 columns meet 4 rows`. */
export function shapeError(operation: string, tensors: readonly Tensor[], reason: string): RangeError {
  return new RangeError(`${operation}(${tensors.map(describe).join(", ")}) is impossible: ${reason}`);
}

/** The tensor for an operand; a number takes the type of `like`. */
export function lift(graph: Builder, operand: Operand, like: ElementType = "float"): Tensor {
  return typeof operand === "number" ? graph.constant(operand, [], like) : operand;
}

/** Applies an operation that has one output. */
export function applyOne<Attributes>(
  graph: Builder,
  operation: Operation<Attributes>,
  inputs: readonly Tensor[],
  attributes: Attributes,
): Tensor {
  return graph.apply(operation, inputs, attributes)[0]!;
}

/** The only output's gradient, of an operation that has one output. */
export function gradientOf<Attributes>(derivative: Derivative<Attributes>): Tensor {
  return derivative.outputGradients[0]!;
}

export function requireFloat(operation: string, tensors: readonly Tensor[]): void {
  if (tensors.some((tensor) => tensor.type !== "float")) {
    throw shapeError(operation, tensors, "the tensors must be of type float");
  }
}

export function requireOneType(operation: string, tensors: readonly Tensor[]): void {
  if (tensors.some((tensor) => tensor.type !== tensors[0]!.type)) {
    throw shapeError(operation, tensors, "the tensors must be of one type: cast one of them");
  }
}

/** An axis counted from the front; −1 is the last. */
export function axisOf(operation: string, tensor: Tensor, axis: number): number {
  const rank = tensor.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw shapeError(operation, [tensor], `axis is ${axis}, must be an integer in ${-rank} … ${rank - 1}`);
  }
  return axis < 0 ? axis + rank : axis;
}
