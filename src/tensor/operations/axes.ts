/** Reshape, transpose, expand and sum: each other's derivatives. */
import {
  applyOne,
  axisOf,
  type Builder,
  gradientOf,
  type Operation,
  shapeError,
  type TensorType,
} from "../operation.ts";
import { broadcastStrides, offsets, sameShape, strides } from "../shapes.ts";
import { type Shape, shapeSize, type Tensor } from "../tensor.ts";

const reshapeOperation: Operation<{ readonly shape: Shape }> = {
  name: "reshape",
  infer: ([x], { shape }) => [{ shape, type: x!.type }],
  gradient: (derivative) => [reshape(derivative.graph, gradientOf(derivative), derivative.inputs[0]!.shape)],
  evaluate: ([x], [y]) => y!.set(x!),
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("Reshape", [inputs[0]!.name, onnx.integers(attributes.shape)], { outputs: [outputs[0]!.name] });
  },
};

/** One dimension may be −1: it is what the size leaves. */
export function reshape(graph: Builder, x: Tensor, shape: Shape): Tensor {
  const size = shapeSize(x.shape);
  const known = shape.filter((dimension) => dimension !== -1);
  const rest = size / shapeSize(known);
  const full = shape.map((dimension) => (dimension === -1 ? rest : dimension));
  if (shapeSize(full) !== size || known.length < shape.length - 1 || !full.every(Number.isInteger)) {
    throw shapeError("reshape", [x], `${size} entries do not fill [${shape.join(", ")}]`);
  }
  return sameShape(full, x.shape) ? x : applyOne(graph, reshapeOperation, [x], { shape: full });
}

const transposeOperation: Operation<{ readonly order: readonly number[] }> = {
  name: "transpose",
  infer: ([x], { order }) => [{ shape: order.map((axis) => x!.shape[axis]!), type: x!.type }],
  gradient(derivative) {
    const { order } = derivative.attributes;
    const inverse = order.map((_, axis) => order.indexOf(axis));
    return [transpose(derivative.graph, gradientOf(derivative), inverse)];
  },
  evaluate([x], [y], { inputs, outputs, attributes }) {
    const own = strides(inputs[0]!.shape);
    const from = offsets(
      outputs[0]!.shape,
      attributes.order.map((axis) => own[axis]!),
    );
    for (let i = 0; i < y!.length; i++) y![i] = x![from[i]!]!;
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("Transpose", [inputs[0]!.name], {
      outputs: [outputs[0]!.name],
      attributes: { perm: attributes.order },
    });
  },
};

/** Output axis i is input axis `order[i]`; by default the last two change places. */
export function transpose(graph: Builder, x: Tensor, order?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const axes = x.shape.map((_, axis) => axis);
  if (order === undefined && rank < 2) throw shapeError("transpose", [x], "there are no two axes");
  const full = order ?? [...axes.slice(0, -2), rank - 1, rank - 2];
  if (full.length !== rank || axes.some((axis) => !full.includes(axis))) {
    throw shapeError("transpose", [x], `[${full.join(", ")}] is no order of its ${rank} axes`);
  }
  return full.every((axis, i) => axis === i)
    ? x
    : applyOne(graph, transposeOperation, [x], { order: [...full] });
}

const expandOperation: Operation<{ readonly shape: Shape }> = {
  name: "expand",
  infer: ([x], { shape }) => [{ shape, type: x!.type }],
  gradient: (derivative) => [sumTo(derivative.graph, gradientOf(derivative), derivative.inputs[0]!.shape)],
  evaluate([x], [y], { inputs, attributes }) {
    const from = offsets(attributes.shape, broadcastStrides(inputs[0]!.shape, attributes.shape));
    for (let i = 0; i < y!.length; i++) y![i] = x![from[i]!]!;
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("Expand", [inputs[0]!.name, onnx.integers(attributes.shape)], { outputs: [outputs[0]!.name] });
  },
};

/** Repeats along axes of length 1 and along new leading axes. */
export function expand(graph: Builder, x: Tensor, shape: Shape): Tensor {
  const missing = shape.length - x.shape.length;
  const fits =
    missing >= 0 &&
    x.shape.every((dimension, axis) => dimension === 1 || dimension === shape[axis + missing]);
  if (!fits) throw shapeError("expand", [x], `it does not broadcast to [${shape.join(", ")}]`);
  return sameShape(shape, x.shape) ? x : applyOne(graph, expandOperation, [x], { shape: [...shape] });
}

export interface Reduction {
  readonly axes: readonly number[];
  readonly keep: boolean;
}

export const reducedType = (x: Tensor, { axes, keep }: Reduction): TensorType => ({
  shape: keep ? keptShape(x.shape, axes) : x.shape.filter((_, axis) => !axes.includes(axis)),
  type: x.type,
});

export const keptShape = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));

/** A reduced tensor, repeated along the axes that went. */
export function spread(graph: Builder, reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return expand(graph, reshape(graph, reduced, keptShape(shape, axes)), shape);
}

const sumOperation: Operation<Reduction> = {
  name: "sum",
  infer: ([x], attributes) => [reducedType(x!, attributes)],
  gradient(derivative) {
    const { graph, inputs, attributes } = derivative;
    return [spread(graph, gradientOf(derivative), inputs[0]!.shape, attributes.axes)];
  },
  evaluate([x], [y], { inputs, attributes }) {
    const { shape } = inputs[0]!;
    const kept = keptShape(shape, attributes.axes);
    const to = offsets(shape, broadcastStrides(kept, shape));
    y!.fill(0);
    for (let i = 0; i < x!.length; i++) y![to[i]!]! += x![i]!;
  },
  lower(onnx, { inputs, outputs, attributes }) {
    const [{ name, shape, type }] = inputs as [Tensor];
    const { axes } = attributes;
    const output = outputs[0]!;
    const ofRows = axes.length < shape.length && axes.every((axis, i) => axis === i);
    if (onnx.device === "cpu" && type === "float" && ofRows) {
      // As a product the sum of rows takes two thirds of the time.
      const columns = shapeSize(shape.slice(axes.length));
      const rows = shapeSize(shape) / columns;
      const flat = onnx.node("Reshape", [name, onnx.integers([rows, columns])]);
      const total = onnx.node("Gemm", [onnx.full([1, rows], 1), flat]);
      onnx.node("Reshape", [total, onnx.integers(output.shape)], { outputs: [output.name] });
      return;
    }
    const squared = axes.length === shape.length && type === "float" ? onnx.squared(name) : undefined;
    onnx.node(
      squared === undefined ? "ReduceSum" : "ReduceSumSquare",
      [squared ?? name, onnx.integers(axes)],
      {
        outputs: [output.name],
        attributes: { keepdims: attributes.keep ? 1 : 0 },
      },
    );
  },
};

/** Options of reductions such as `Graph.sum`. */
export interface ReductionOptions {
  /** Axes that go; −1 is the last. All, if not given. */
  readonly axes?: readonly number[];
  /** Whether the axes stay with length 1. */
  readonly keep?: boolean;
}

export function reductionOf(operation: string, x: Tensor, options: ReductionOptions): Reduction {
  const axes = options.axes ?? x.shape.map((_, axis) => axis);
  const full = axes.map((axis) => axisOf(operation, x, axis)).sort((a, b) => a - b);
  if (new Set(full).size < full.length) {
    throw shapeError(operation, [x], `axes [${axes.join(", ")}] name one twice`);
  }
  return { axes: full, keep: options.keep ?? false };
}

export function sum(graph: Builder, x: Tensor, options: ReductionOptions = {}): Tensor {
  const reduction = reductionOf("sum", x, options);
  return reduction.axes.length === 0 ? x : applyOne(graph, sumOperation, [x], reduction);
}

/** The adjoint of broadcasting: sums over the axes along which `shape` was repeated. */
export function sumTo(graph: Builder, x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < missing || (shape[axis - missing] === 1 && x.shape[axis] !== 1));
  return reshape(graph, sum(graph, x, { axes }), shape);
}
