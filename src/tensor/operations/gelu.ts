/** The Gaussian error linear unit in its tanh form, GPT-2's `gelu_new`. */
import { applyOne, type Builder, gradientOf, type Operation, requireFloat } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { absolute, add, divide, exp, multiply, negate, sigmoid, square, subtract } from "./arithmetic.ts";

/** ½(1 + tanh z) = sigmoid(2z), with 2z = slope·x·(1 + cubic·x²). */
const slope = 2 * Math.sqrt(2 / Math.PI);
const cubic = 0.044715;
const tiny = 1e-30;

/**
 * The derivative of y = gelu(x) from x and y, both of which the backward pass has anyway. With s = sigmoid(2z), which
 * is y/x: s + (y − y·s)·slope·(1 + 3·cubic·x²). Shifts far below the precision of x and y make y/x ½ at x = 0.
 */
const slopeOperation: Operation<null> = {
  name: "geluSlope",
  infer: ([x]) => [{ shape: x!.shape, type: "float" }],
  /** With u = 2z, s' = s(1 − s): s'·(2u' + x·((1 − 2s)·u'² + u'')). */
  gradient(derivative) {
    const { graph } = derivative;
    const [x] = derivative.inputs as [Tensor];
    const squared = multiply(graph, x, x);
    const angle = multiply(graph, x, add(graph, multiply(graph, squared, slope * cubic), slope));
    const s = sigmoid(graph, angle);
    const rise = add(graph, multiply(graph, squared, 3 * slope * cubic), slope);
    const turn = multiply(graph, x, 6 * slope * cubic);
    const tilt = multiply(graph, subtract(graph, 1, multiply(graph, s, 2)), multiply(graph, rise, rise));
    const bend = add(graph, multiply(graph, rise, 2), multiply(graph, x, add(graph, tilt, turn)));
    // s·(1 − s) would lose the digits that large x multiply.
    const decay = exp(graph, negate(graph, absolute(graph, angle)));
    const spread = divide(graph, decay, square(graph, add(graph, decay, 1)));
    return [multiply(graph, gradientOf(derivative), multiply(graph, spread, bend)), undefined];
  },
  evaluate([x], [slopes]) {
    for (let i = 0; i < slopes!.length; i++) {
      const squared = x![i]! ** 2;
      const s = 1 / (1 + Math.exp(-slope * x![i]! * (1 + cubic * squared)));
      slopes![i] = s + x![i]! * s * (1 - s) * slope * (1 + 3 * cubic * squared);
    }
  },
  lower(onnx, { inputs, outputs }) {
    const [x, y] = inputs.map((tensor) => tensor.name) as [string, string];
    const above = onnx.node("Add", [y, onnx.number(tiny / 2)]);
    const s = onnx.node("Div", [above, onnx.node("Add", [x, onnx.number(tiny)])]);
    const scaled = onnx.node("Mul", [onnx.node("Mul", [x, x]), onnx.number(3 * slope * cubic)]);
    const rise = onnx.node("Add", [scaled, onnx.number(slope)]);
    const rest = onnx.node("Sub", [y, onnx.node("Mul", [y, s])]);
    onnx.node("Add", [onnx.node("Mul", [rest, rise]), s], { outputs: [outputs[0]!.name] });
  },
};

const geluOperation: Operation<null> = {
  name: "gelu",
  infer([x]) {
    requireFloat("gelu", [x!]);
    return [{ shape: x!.shape, type: "float" }];
  },
  gradient(derivative) {
    const { graph, inputs, outputs } = derivative;
    const slopes = applyOne(graph, slopeOperation, [inputs[0]!, outputs[0]!], null);
    return [multiply(graph, gradientOf(derivative), slopes)];
  },
  evaluate([x], [y]) {
    for (let i = 0; i < y!.length; i++) {
      const value = x![i]!;
      y![i] = value / (1 + Math.exp(-slope * value * (1 + cubic * value * value)));
    }
  },
  lower(onnx, { inputs, outputs }) {
    onnx.node("Gelu", [inputs[0]!.name], {
      outputs: [outputs[0]!.name],
      attributes: { approximate: "tanh" },
    });
  },
};

/** x·½(1 + tanh(√(2/π)(x + 0.044715x³))). */
export function gelu(graph: Builder, x: Tensor): Tensor {
  return applyOne(graph, geluOperation, [x], null);
}
