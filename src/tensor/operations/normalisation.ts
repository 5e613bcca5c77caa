/** Softmax, log-softmax and layer normalisation over the last axis. */
import {
  applyOne,
  type Builder,
  type Derivative,
  gradientOf,
  type Operation,
  requireFloat,
  shapeError,
} from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { add, divide, exp, multiply, negate, subtract } from "./arithmetic.ts";
import { sum, sumTo } from "./axes.ts";
import { mean } from "./reductions.ts";

function inferRows(
  operation: string,
  inputs: readonly Tensor[],
): { shape: readonly number[]; type: "float" }[] {
  requireFloat(operation, inputs);
  if (inputs[0]!.shape.length === 0) throw shapeError(operation, inputs, "there is no last axis");
  return [{ shape: inputs[0]!.shape, type: "float" }];
}

const lastAxis = { axes: [-1], keep: true } as const;

const softmaxOperation: Operation<null> = {
  name: "softmax",
  infer: (inputs) => inferRows("softmax", inputs),
  gradient(derivative) {
    const { graph, outputs } = derivative;
    const [y] = outputs as [Tensor];
    const weighted = multiply(graph, gradientOf(derivative), y);
    return [subtract(graph, weighted, multiply(graph, y, sum(graph, weighted, lastAxis)))];
  },
  evaluate([x], [y], { inputs }) {
    const width = inputs[0]!.shape.at(-1)!;
    for (let start = 0; start < x!.length; start += width) {
      const { largest, total } = exponentialSum(x!, start, width);
      for (let i = start; i < start + width; i++) y![i] = Math.exp(x![i]! - largest) / total;
    }
  },
  lower(onnx, { inputs, outputs }) {
    onnx.node("Softmax", [inputs[0]!.name], { outputs: [outputs[0]!.name], attributes: { axis: -1 } });
  },
};

export function softmax(graph: Builder, x: Tensor): Tensor {
  return applyOne(graph, softmaxOperation, [x], null);
}

const logSoftmaxOperation: Operation<null> = {
  name: "logSoftmax",
  infer: (inputs) => inferRows("logSoftmax", inputs),
  gradient(derivative) {
    const { graph, outputs } = derivative;
    const d = gradientOf(derivative);
    const probabilities = exp(graph, outputs[0]!);
    return [subtract(graph, d, multiply(graph, probabilities, sum(graph, d, lastAxis)))];
  },
  evaluate([x], [y], { inputs }) {
    const width = inputs[0]!.shape.at(-1)!;
    for (let start = 0; start < x!.length; start += width) {
      const { largest, total } = exponentialSum(x!, start, width);
      const shift = largest + Math.log(total);
      for (let i = start; i < start + width; i++) y![i] = x![i]! - shift;
    }
  },
  lower(onnx, { inputs, outputs }) {
    onnx.node("LogSoftmax", [inputs[0]!.name], { outputs: [outputs[0]!.name], attributes: { axis: -1 } });
  },
};

export function logSoftmax(graph: Builder, x: Tensor): Tensor {
  return applyOne(graph, logSoftmaxOperation, [x], null);
}

export function exponentialSum(
  x: ArrayLike<number>,
  start: number,
  width: number,
): { largest: number; total: number } {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + width; i++) largest = Math.max(largest, x[i]!);
  let total = 0;
  for (let i = start; i < start + width; i++) total += Math.exp(x[i]! - largest);
  return { largest, total };
}

const layerNormOperation: Operation<{ readonly epsilon: number }> = {
  name: "layerNorm",
  infer(inputs) {
    const [type] = inferRows("layerNorm", inputs) as [{ shape: readonly number[]; type: "float" }];
    const [x, gain, bias] = inputs as [Tensor, Tensor, Tensor];
    const width = x.shape.at(-1)!;
    if ([gain, bias].some(({ shape }) => shape.length !== 1 || shape[0] !== width)) {
      throw shapeError("layerNorm", inputs, `gain and bias must be [${width}]`);
    }
    const one = { shape: [...x.shape.slice(0, -1), 1], type: "float" } as const;
    return [type, one, one];
  },
  gradient(derivative) {
    const { graph, outputGradients } = derivative;
    const [x, gain, bias] = derivative.inputs as [Tensor, Tensor, Tensor];
    const [, centre, inverse] = derivative.outputs as [Tensor, Tensor, Tensor];
    const normal = multiply(graph, subtract(graph, x, centre), inverse);
    const [d] = outputGradients;
    let ofX: Tensor | undefined;
    if (d !== undefined && derivative.wanted(0)) {
      const scaled = multiply(graph, d, gain);
      const along = mean(graph, multiply(graph, scaled, normal), lastAxis);
      const centred = subtract(graph, scaled, mean(graph, scaled, lastAxis));
      ofX = multiply(graph, subtract(graph, centred, multiply(graph, normal, along)), inverse);
    }
    return [
      momentGradient(derivative, normal, ofX),
      d && derivative.wanted(1) ? sumTo(graph, multiply(graph, d, normal), gain.shape) : undefined,
      d && derivative.wanted(2) ? sumTo(graph, d, bias.shape) : undefined,
    ];
  },
  evaluate([x, gain, bias], [y, centre, inverse], { inputs, attributes }) {
    const width = inputs[0]!.shape.at(-1)!;
    for (let row = 0; row < centre!.length; row++) {
      const start = row * width;
      const { middle, factor } = moments(x!, start, { width, ...attributes });
      centre![row] = middle;
      inverse![row] = factor;
      for (let i = 0; i < width; i++) {
        y![start + i] = (x![start + i]! - middle) * factor * gain![i]! + bias![i]!;
      }
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node(
      "LayerNormalization",
      inputs.map((input) => input.name),
      {
        outputs: outputs.map((output) => output.name),
        attributes: { axis: -1, epsilon: { float: attributes.epsilon } },
      },
    );
  },
};

/** Without gain and bias the result is what the derivative needs of x: half of the passes over it are saved. */
const standardiseOperation: Operation<{ readonly epsilon: number }> = {
  name: "standardise",
  infer(inputs) {
    const [type] = inferRows("standardise", inputs) as [{ shape: readonly number[]; type: "float" }];
    const one = { shape: [...type.shape.slice(0, -1), 1], type: "float" } as const;
    return [type, one, one];
  },
  gradient(derivative) {
    const { graph, outputGradients } = derivative;
    const [normal, , inverse] = derivative.outputs as [Tensor, Tensor, Tensor];
    const [d] = outputGradients;
    if (d === undefined) return [momentGradient(derivative, normal, undefined)];
    const along = mean(graph, multiply(graph, d, normal), lastAxis);
    const centred = subtract(graph, d, mean(graph, d, lastAxis));
    const ofX = multiply(graph, subtract(graph, centred, multiply(graph, normal, along)), inverse);
    return [momentGradient(derivative, normal, ofX)];
  },
  evaluate([x], [y, centre, inverse], { inputs, attributes }) {
    const width = inputs[0]!.shape.at(-1)!;
    for (let row = 0; row < centre!.length; row++) {
      const { middle, factor } = moments(x!, row * width, { width, ...attributes });
      centre![row] = middle;
      inverse![row] = factor;
      for (let i = row * width; i < (row + 1) * width; i++) y![i] = (x![i]! - middle) * factor;
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    onnx.node("LayerNormalization", [inputs[0]!.name, onnx.full([inputs[0]!.shape.at(-1)!], 1)], {
      outputs: outputs.map((output) => output.name),
      attributes: { axis: -1, epsilon: { float: attributes.epsilon } },
    });
  },
};

function moments(
  x: ArrayLike<number>,
  start: number,
  { width, epsilon }: { readonly width: number; readonly epsilon: number },
): { middle: number; factor: number } {
  let total = 0;
  for (let i = start; i < start + width; i++) total += x[i]!;
  const middle = total / width;
  let squares = 0;
  for (let i = start; i < start + width; i++) squares += (x[i]! - middle) ** 2;
  return { middle, factor: 1 / Math.sqrt(squares / width + epsilon) };
}

/** Derivatives of second order meet the mean and the inverse deviation as outputs of their own. */
function momentGradient(
  { graph, inputs, outputs, outputGradients, wanted }: Derivative<{ readonly epsilon: number }>,
  normal: Tensor,
  ofX: Tensor | undefined,
): Tensor | undefined {
  const [, ofCentre, ofInverse] = outputGradients;
  if (!wanted(0)) return undefined;
  const width = inputs[0]!.shape.at(-1)!;
  let result = ofX;
  const collect = (part: Tensor): void => {
    result = result === undefined ? part : add(graph, result, part);
  };
  if (ofInverse !== undefined) {
    const square = multiply(graph, outputs[2]!, outputs[2]!);
    const factor = divide(graph, multiply(graph, ofInverse, square), width);
    collect(negate(graph, multiply(graph, factor, normal)));
  }
  if (ofCentre !== undefined) {
    const even = graph.constant(new Array(width).fill(1 / width), [width]);
    collect(multiply(graph, ofCentre, even));
  }
  return result;
}

/** (x − mean)/√(variance + ε) over the last axis. */
export function standardise(graph: Builder, x: Tensor, epsilon = 1e-5): Tensor {
  return graph.apply(standardiseOperation, [x], { epsilon })[0]!;
}

/** (x − mean)/√(variance + ε)·gain + bias over the last axis. */
export function layerNorm(
  graph: Builder,
  x: Tensor,
  given: { readonly gain: Tensor; readonly bias: Tensor; readonly epsilon?: number },
): Tensor {
  const { gain, bias, epsilon = 1e-5 } = given;
  return graph.apply(layerNormOperation, [x, gain, bias], { epsilon })[0]!;
}
