/** What a graph's values are: symbolic tensors while it is built, arrays when it runs. */

/** `float` is float32 on onnxruntime and float64 in the interpreter; `int` is int32 in both. */
export type ElementType = "float" | "int";

/** Static: every dimension is known when the graph is built; `[]` is a scalar. */
export type Shape = readonly number[];

/** A value of a graph under construction. */
export interface Tensor {
  readonly name: string;
  readonly shape: Shape;
  readonly type: ElementType;
}

/** Entries of a float tensor in row-major order, in either precision. */
export type FloatArray = Float32Array | Float64Array;

/** The numbers of one tensor in row-major order. */
export interface TensorValue {
  readonly shape: Shape;
  readonly data: FloatArray | Int32Array;
}

/** Tensors of a graph by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;
/** Shapes by the names of tensors. */
export type NamedShapes = Readonly<Record<string, Shape>>;
/** Values of tensors by name. */
export type NamedValues = Readonly<Record<string, TensorValue>>;

/**
 * Number of entries of a shape.
 *
 * @example
 * shapeSize([2, 3, 4]); // 24
 */
export function shapeSize(shape: Shape): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
