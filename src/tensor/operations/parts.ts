/** Taking tensors apart along an axis and putting them together. */
import {
  applyOne,
  axisOf,
  type Builder,
  gradientOf,
  type Operation,
  requireOneType,
  shapeError,
} from "../operation.ts";
import { aroundAxis } from "../shapes.ts";
import type { Shape, Tensor } from "../tensor.ts";
import { expand } from "./axes.ts";

const withLength = (shape: Shape, axis: number, length: number): Shape =>
  shape.map((dimension, i) => (i === axis ? length : dimension));

interface SplitAttributes {
  readonly axis: number;
  readonly sizes: readonly number[];
}

const splitOperation: Operation<SplitAttributes> = {
  name: "split",
  infer: ([x], { axis, sizes }) =>
    sizes.map((size) => ({ shape: withLength(x!.shape, axis, size), type: x!.type })),
  gradient({ graph, outputs, outputGradients, attributes }) {
    const pieces = outputs.map(
      (output, i) => outputGradients[i] ?? expand(graph, graph.constant(0), output.shape),
    );
    return [concat(graph, pieces, attributes.axis)];
  },
  evaluate([x], outputs, { inputs, attributes }) {
    const { outer, length, inner } = aroundAxis(inputs[0]!.shape, attributes.axis);
    let start = 0;
    attributes.sizes.forEach((size, part) => {
      const y = outputs[part]!;
      for (let block = 0; block < outer; block++) {
        const from = (block * length + start) * inner;
        y.set(x!.subarray(from, from + size * inner), block * size * inner);
      }
      start += size;
    });
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("Split", [inputs[0]!.name, onnx.integers(attributes.sizes)], {
      outputs: outputs.map((output) => output.name),
      attributes: { axis: attributes.axis },
    });
  },
};

/** Parts of these sizes along an axis. */
export function split(graph: Builder, x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
  const along = axisOf("split", x, axis);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.shape[along] || !sizes.every((size) => Number.isInteger(size) && size > 0)) {
    throw shapeError("split", [x], `sizes [${sizes.join(", ")}] do not fill axis ${along}`);
  }
  return sizes.length === 1 ? [x] : graph.apply(splitOperation, [x], { axis: along, sizes: [...sizes] });
}

const concatOperation: Operation<{ readonly axis: number }> = {
  name: "concat",
  infer(inputs, { axis }) {
    requireOneType("concat", inputs);
    const first = inputs[0]!.shape;
    const fits = inputs.every(
      ({ shape }) =>
        shape.length === first.length && shape.every((dimension, i) => i === axis || dimension === first[i]),
    );
    if (!fits) throw shapeError("concat", inputs, `they differ beside axis ${axis}`);
    const length = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return [{ shape: withLength(first, axis, length), type: inputs[0]!.type }];
  },
  gradient(derivative) {
    const { graph, inputs, attributes } = derivative;
    const sizes = inputs.map(({ shape }) => shape[attributes.axis]!);
    return split(graph, gradientOf(derivative), sizes, attributes.axis);
  },
  evaluate(inputs, [y], { inputs: tensors, outputs, attributes }) {
    const { outer, length, inner } = aroundAxis(outputs[0]!.shape, attributes.axis);
    let start = 0;
    inputs.forEach((x, part) => {
      const size = tensors[part]!.shape[attributes.axis]!;
      for (let block = 0; block < outer; block++) {
        const from = block * size * inner;
        y!.set(x.subarray(from, from + size * inner), (block * length + start) * inner);
      }
      start += size;
    });
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node(
      "Concat",
      inputs.map((input) => input.name),
      { outputs: [outputs[0]!.name], attributes: { axis: attributes.axis } },
    );
  },
};

export function concat(graph: Builder, parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (first === undefined) throw new RangeError("parts is []: concat needs at least one tensor");
  const along = axisOf("concat", first, axis);
  return parts.length === 1 ? first : applyOne(graph, concatOperation, parts, { axis: along });
}

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

const sliceOperation: Operation<Range> = {
  name: "slice",
  infer: ([x], { axis, start, end }) => [{ shape: withLength(x!.shape, axis, end - start), type: x!.type }],
  gradient(derivative) {
    const { graph, inputs, attributes } = derivative;
    const { axis, start, end } = attributes;
    const after = inputs[0]!.shape[axis]! - end;
    return [pad(graph, gradientOf(derivative), { axis, before: start, after })];
  },
  evaluate([x], [y], { inputs, attributes }) {
    const { outer, length, inner } = aroundAxis(inputs[0]!.shape, attributes.axis);
    const size = (attributes.end - attributes.start) * inner;
    for (let block = 0; block < outer; block++) {
      const from = (block * length + attributes.start) * inner;
      y!.set(x!.subarray(from, from + size), block * size);
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    const { axis, start, end } = attributes;
    const ranges = [[start], [end], [axis]].map((value) => onnx.integers(value));
    onnx.node("Slice", [inputs[0]!.name, ...ranges], { outputs: [outputs[0]!.name] });
  },
};

/** Entries start … end − 1 along an axis. */
export function slice(
  graph: Builder,
  x: Tensor,
  range: { readonly axis: number; readonly start: number; readonly end: number },
): Tensor {
  const axis = axisOf("slice", x, range.axis);
  const { start, end } = range;
  const length = x.shape[axis]!;
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= length)) {
    throw shapeError("slice", [x], `${start} … ${end} is no range of axis ${axis}`);
  }
  return start === 0 && end === length ? x : applyOne(graph, sliceOperation, [x], { axis, start, end });
}

interface Padding {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

const padOperation: Operation<Padding> = {
  name: "pad",
  infer: ([x], { axis, before, after }) => [
    { shape: withLength(x!.shape, axis, before + x!.shape[axis]! + after), type: x!.type },
  ],
  gradient(derivative) {
    const { axis, before } = derivative.attributes;
    const end = before + derivative.inputs[0]!.shape[axis]!;
    return [slice(derivative.graph, gradientOf(derivative), { axis, start: before, end })];
  },
  evaluate([x], [y], { outputs, attributes }) {
    const { outer, length, inner } = aroundAxis(outputs[0]!.shape, attributes.axis);
    const size = x!.length / outer;
    y!.fill(0);
    for (let block = 0; block < outer; block++) {
      const to = (block * length + attributes.before) * inner;
      y!.set(x!.subarray(block * size, (block + 1) * size), to);
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    const { axis, before, after } = attributes;
    // onnxruntime 1.30 moves transposes through Pad as if it named every axis.
    const along = (count: number) => inputs[0]!.shape.map((_, i) => (i === axis ? count : 0));
    const names = [inputs[0]!.name, onnx.integers([...along(before), ...along(after)])];
    onnx.node("Pad", names, { outputs: [outputs[0]!.name] });
  },
};

/** Zeros before and after along an axis. */
export function pad(
  graph: Builder,
  x: Tensor,
  padding: { readonly axis: number; readonly before: number; readonly after: number },
): Tensor {
  const axis = axisOf("pad", x, padding.axis);
  const { before, after } = padding;
  if (!(Number.isInteger(before) && Number.isInteger(after) && before >= 0 && after >= 0)) {
    throw shapeError("pad", [x], `before ${before}, after ${after} must be integers of at least 0`);
  }
  return before + after === 0 ? x : applyOne(graph, padOperation, [x], { axis, before, after });
}
