/** The Gaussian error linear unit in its tanh form, GPT-2's `gelu_new`. */
import { applyOne, type Builder, gradientOf, type Operation, requireFloat } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { add, multiply, sigmoid, subtract } from "./arithmetic.ts";

/** ½(1 + tanh z) = sigmoid(2z), with 2z = slope·x·(1 + cubic·x²). */
const slope = 2 * Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

const geluOperation: Operation<null> = {
  name: "gelu",
  infer([x]) {
    requireFloat("gelu", [x!]);
    return [{ shape: x!.shape, type: "float" }];
  },
  /** With s = sigmoid(2z): s + x·s·(1 − s)·slope·(1 + 3·cubic·x²). Nothing but x is kept from the forward pass. */
  gradient(derivative) {
    const { graph } = derivative;
    const [x] = derivative.inputs as [Tensor];
    const squared = multiply(graph, x, x);
    const rise = add(graph, multiply(graph, squared, slope * cubic), slope);
    const s = sigmoid(graph, multiply(graph, x, rise));
    const steep = subtract(graph, multiply(graph, rise, 3), 2 * slope);
    const bend = multiply(graph, multiply(graph, x, steep), subtract(graph, 1, s));
    const slopeHere = multiply(graph, s, add(graph, bend, 1));
    return [multiply(graph, gradientOf(derivative), slopeHere)];
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
