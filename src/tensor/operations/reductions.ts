/** Mean, largest entry, log of a sum of exponentials, running sums. */
import { applyOne, axisOf, type Builder, gradientOf, type Operation, requireFloat } from "../operation.ts";
import { aroundAxis, broadcastStrides, offsets } from "../shapes.ts";
import { shapeSize, type Tensor } from "../tensor.ts";
import { add, divide, equal, exp, log, multiply, subtract } from "./arithmetic.ts";
import {
  keptShape,
  type Reduction,
  type ReductionOptions,
  reducedType,
  reductionOf,
  reshape,
  spread,
  sum,
} from "./axes.ts";
import { stopGradient } from "./element-type.ts";

const meanOperation: Operation<Reduction> = {
  name: "mean",
  infer([x], attributes) {
    requireFloat("mean", [x!]);
    return [reducedType(x!, attributes)];
  },
  gradient(derivative) {
    const { graph, inputs, outputs, attributes } = derivative;
    const { shape } = inputs[0]!;
    const share = shapeSize(outputs[0]!.shape) / shapeSize(shape);
    return [spread(graph, multiply(graph, gradientOf(derivative), share), shape, attributes.axes)];
  },
  evaluate([x], [y], { inputs, attributes }) {
    const { shape } = inputs[0]!;
    const to = offsets(shape, broadcastStrides(keptShape(shape, attributes.axes), shape));
    const count = x!.length / y!.length;
    y!.fill(0);
    for (let i = 0; i < x!.length; i++) y![to[i]!]! += x![i]!;
    for (let i = 0; i < y!.length; i++) y![i]! /= count;
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("ReduceMean", [inputs[0]!.name, onnx.integers(attributes.axes)], {
      outputs: [outputs[0]!.name],
      attributes: { keepdims: attributes.keep ? 1 : 0 },
    });
  },
};

export function mean(graph: Builder, x: Tensor, options: ReductionOptions = {}): Tensor {
  const reduction = reductionOf("mean", x, options);
  return reduction.axes.length === 0 ? x : applyOne(graph, meanOperation, [x], reduction);
}

const maxOperation: Operation<Reduction> = {
  name: "max",
  infer: ([x], attributes) => [reducedType(x!, attributes)],
  gradient(derivative) {
    const { graph, inputs, outputs, attributes } = derivative;
    const [x] = inputs as [Tensor];
    const { axes } = attributes;
    const largest = equal(graph, x, spread(graph, outputs[0]!, x.shape, axes));
    const count = sum(graph, largest, { axes, keep: true });
    const d = reshape(graph, gradientOf(derivative), keptShape(x.shape, axes));
    return [multiply(graph, divide(graph, d, count), largest)];
  },
  evaluate([x], [y], { inputs, attributes }) {
    const { shape } = inputs[0]!;
    const to = offsets(shape, broadcastStrides(keptShape(shape, attributes.axes), shape));
    y!.fill(y instanceof Int32Array ? -(2 ** 31) : Number.NEGATIVE_INFINITY);
    for (let i = 0; i < x!.length; i++) if (x![i]! > y![to[i]!]!) y![to[i]!] = x![i]!;
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("ReduceMax", [inputs[0]!.name, onnx.integers(attributes.axes)], {
      outputs: [outputs[0]!.name],
      attributes: { keepdims: attributes.keep ? 1 : 0 },
    });
  },
};

/** Ties share the derivative. */
export function max(graph: Builder, x: Tensor, options: ReductionOptions = {}): Tensor {
  const reduction = reductionOf("max", x, options);
  return reduction.axes.length === 0 ? x : applyOne(graph, maxOperation, [x], reduction);
}

/** log Σ e^x, shifted by the largest entry, which must be finite. */
export function logSumExp(graph: Builder, x: Tensor, options: ReductionOptions = {}): Tensor {
  const { axes } = reductionOf("logSumExp", x, options);
  const largest = stopGradient(graph, max(graph, x, { axes, keep: true }));
  const total = sum(graph, exp(graph, subtract(graph, x, largest)), { axes, keep: true });
  const result = add(graph, largest, log(graph, total));
  if (options.keep) return result;
  return reshape(
    graph,
    result,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

interface CumulativeSum {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

const cumulativeSumOperation: Operation<CumulativeSum> = {
  name: "cumulativeSum",
  infer: ([x]) => [{ shape: x!.shape, type: x!.type }],
  gradient(derivative) {
    const { graph, attributes } = derivative;
    const adjoint = { ...attributes, reverse: !attributes.reverse };
    return [cumulativeSum(graph, gradientOf(derivative), adjoint)];
  },
  evaluate([x], [y], { inputs, attributes }) {
    const { outer, length, inner } = aroundAxis(inputs[0]!.shape, attributes.axis);
    const { exclusive, reverse } = attributes;
    for (let block = 0; block < outer; block++) {
      for (let column = 0; column < inner; column++) {
        let total = 0;
        for (let step = 0; step < length; step++) {
          const row = reverse ? length - 1 - step : step;
          const at = (block * length + row) * inner + column;
          if (exclusive) y![at] = total;
          total += x![at]!;
          if (!exclusive) y![at] = total;
        }
      }
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("CumSum", [inputs[0]!.name, onnx.number(attributes.axis, "int")], {
      outputs: [outputs[0]!.name],
      attributes: { exclusive: attributes.exclusive ? 1 : 0, reverse: attributes.reverse ? 1 : 0 },
    });
  },
};

/** Entry i is the sum of entries 0 … i (`exclusive`: … i − 1; `reverse`: from the end). */
export function cumulativeSum(
  graph: Builder,
  x: Tensor,
  options: { readonly axis: number; readonly exclusive?: boolean; readonly reverse?: boolean },
): Tensor {
  const axis = axisOf("cumulativeSum", x, options.axis);
  const { exclusive = false, reverse = false } = options;
  return applyOne(graph, cumulativeSumOperation, [x], { axis, exclusive, reverse });
}
