/** Arithmetic, comparisons and functions of single entries. */
import type { Builder } from "../operation.ts";
import type { Tensor } from "../tensor.ts";
import { binary, unary, where } from "./elementwise.ts";

export const add = binary({
  name: "add",
  onnx: "Add",
  value: (a, b) => a + b,
  derivatives: [(_, { d }) => d, (_, { d }) => d],
});

export const negate = unary({
  name: "negate",
  onnx: "Neg",
  value: (x) => -x,
  derivative: (graph, { d }) => negate(graph, d),
  integers: true,
});

export const subtract = binary({
  name: "subtract",
  onnx: "Sub",
  value: (a, b) => a - b,
  derivatives: [(_, { d }) => d, (graph, { d }) => negate(graph, d)],
});

export const multiply = binary({
  name: "multiply",
  onnx: "Mul",
  value: (a, b) => a * b,
  derivatives: [(graph, { d, b }) => multiply(graph, d, b), (graph, { d, a }) => multiply(graph, d, a)],
});

/** Of integers: towards zero. */
export const divide = binary({
  name: "divide",
  onnx: "Div",
  value: (a, b) => a / b,
  derivatives: [
    (graph, { d, b }) => divide(graph, d, b),
    (graph, { d, b, y }) => negate(graph, divide(graph, multiply(graph, d, y), b)),
  ],
});

/** 1 where the relation holds, 0 elsewhere; no derivative. */
export const greater = binary({
  name: "greater",
  onnx: "Greater",
  value: (a, b) => (a > b ? 1 : 0),
  comparison: true,
});

export const less = binary({
  name: "less",
  onnx: "Less",
  value: (a, b) => (a < b ? 1 : 0),
  comparison: true,
});

export const equal = binary({
  name: "equal",
  onnx: "Equal",
  value: (a, b) => (a === b ? 1 : 0),
  comparison: true,
});

/** At ties the derivative is a's. */
export const maximum = binary({
  name: "maximum",
  onnx: "Max",
  value: Math.max,
  derivatives: [
    (graph, { d, a, b }) => where(graph, less(graph, a, b), 0, d),
    (graph, { d, a, b }) => where(graph, less(graph, a, b), d, 0),
  ],
});

export const minimum = binary({
  name: "minimum",
  onnx: "Min",
  value: Math.min,
  derivatives: [
    (graph, { d, a, b }) => where(graph, greater(graph, a, b), 0, d),
    (graph, { d, a, b }) => where(graph, greater(graph, a, b), d, 0),
  ],
});

export const sign = unary({ name: "sign", onnx: "Sign", value: Math.sign, integers: true });

export const absolute = unary({
  name: "abs",
  onnx: "Abs",
  value: Math.abs,
  derivative: (graph, { d, x }) => multiply(graph, d, sign(graph, x)),
  integers: true,
});

export const exp = unary({
  name: "exp",
  onnx: "Exp",
  value: Math.exp,
  derivative: (graph, { d, y }) => multiply(graph, d, y),
});

export const log = unary({
  name: "log",
  onnx: "Log",
  value: Math.log,
  derivative: (graph, { d, x }) => divide(graph, d, x),
});

export const sqrt = unary({
  name: "sqrt",
  onnx: "Sqrt",
  value: Math.sqrt,
  derivative: (graph, { d, y }) => divide(graph, multiply(graph, d, 0.5), y),
});

export const tanh = unary({
  name: "tanh",
  onnx: "Tanh",
  value: Math.tanh,
  derivative: (graph, { d, y }) => multiply(graph, d, subtract(graph, 1, multiply(graph, y, y))),
});

export const sigmoid = unary({
  name: "sigmoid",
  onnx: "Sigmoid",
  value: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  derivative: (graph, { d, y }) => multiply(graph, d, subtract(graph, y, multiply(graph, y, y))),
});

/** log(1 + e^x) without overflow. */
export const softplus = unary({
  name: "softplus",
  onnx: "Softplus",
  value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  derivative: (graph, { d, x }) => multiply(graph, d, sigmoid(graph, x)),
});

export function square(graph: Builder, x: Tensor): Tensor {
  return multiply(graph, x, x);
}
