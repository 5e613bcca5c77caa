/** How operations on single entries are declared: one function of numbers, one derivative, one ONNX operator. */
import {
  applyOne,
  type Builder,
  gradientOf,
  lift,
  type Operand,
  type Operation,
  requireFloat,
  requireOneType,
  shapeError,
} from "../operation.ts";
import { broadcastShape, broadcastStrides, offsets, sameShape } from "../shapes.ts";
import type { Shape, Tensor } from "../tensor.ts";
import { sumTo } from "./axes.ts";

interface UnaryDeclaration {
  readonly name: string;
  readonly onnx: string;
  readonly value: (x: number) => number;
  /** The loss's derivative by x from `d`, its derivative by y. */
  readonly derivative?: (graph: Builder, given: { d: Tensor; x: Tensor; y: Tensor }) => Tensor;
  /** Whether integers are allowed. */
  readonly integers?: boolean;
}

/** Declares y = f(x), entry by entry. */
export function unary(declaration: UnaryDeclaration): (graph: Builder, x: Tensor) => Tensor {
  const { name, onnx: operator, value, derivative } = declaration;
  const operation: Operation<null> = {
    name,
    infer([x]) {
      if (!declaration.integers) requireFloat(name, [x!]);
      return [{ shape: x!.shape, type: x!.type }];
    },
    evaluate([x], [y]) {
      for (let i = 0; i < y!.length; i++) y![i] = value(x![i]!);
    },
    lower(onnx, { inputs, outputs }) {
      onnx.node(operator, [inputs[0]!.name], { outputs: [outputs[0]!.name] });
    },
  };
  if (derivative !== undefined) {
    operation.gradient = (given) => [
      derivative(given.graph, { d: gradientOf(given), x: given.inputs[0]!, y: given.outputs[0]! }),
    ];
  }
  return (graph, x) => applyOne(graph, operation, [x], null);
}

type BinaryDerivative = (
  graph: Builder,
  given: { d: Tensor; a: Tensor; b: Tensor; y: Tensor },
) => Tensor | undefined;

interface BinaryDeclaration {
  readonly name: string;
  readonly onnx: string;
  readonly value: (a: number, b: number) => number;
  /** Derivatives by a and b before the sum over broadcast axes. */
  readonly derivatives?: readonly [BinaryDerivative, BinaryDerivative];
  /** The result is 1 where the relation holds and 0 elsewhere. */
  readonly comparison?: boolean;
}

const onnxFloat = 1;

/** Declares y = f(a, b), entry by entry with numpy's broadcasting. */
export function binary(declaration: BinaryDeclaration): (graph: Builder, a: Operand, b: Operand) => Tensor {
  const { name, onnx: operator, value, derivatives } = declaration;
  const operation: Operation<null> = {
    name,
    infer(inputs) {
      requireOneType(name, inputs);
      const type = declaration.comparison ? "float" : inputs[0]!.type;
      return [{ shape: commonShape(name, inputs), type }];
    },
    evaluate([a, b], [y], { inputs, outputs }) {
      const { shape } = outputs[0]!;
      const left = readOffsets(inputs[0]!.shape, shape);
      const right = readOffsets(inputs[1]!.shape, shape);
      if (left === undefined && right === undefined) {
        for (let i = 0; i < y!.length; i++) y![i] = value(a![i]!, b![i]!);
        return;
      }
      for (let i = 0; i < y!.length; i++) {
        y![i] = value(a![left ? left[i]! : i]!, b![right ? right[i]! : i]!);
      }
    },
    lower(onnx, { inputs, outputs }) {
      const names = inputs.map((tensor) => tensor.name);
      const output = outputs[0]!.name;
      if (!declaration.comparison) {
        onnx.node(operator, names, { outputs: [output] });
        return;
      }
      const truth = onnx.node(operator, names, { outputs: [truthOf(output)] });
      onnx.node("Cast", [truth], { outputs: [output], attributes: { to: onnxFloat } });
    },
  };
  if (derivatives !== undefined) {
    operation.gradient = (given) => {
      const [a, b] = given.inputs as [Tensor, Tensor];
      const y = given.outputs[0]!;
      return derivatives.map((derivative, index) => {
        if (!given.wanted(index)) return undefined;
        const gradient = derivative(given.graph, { d: gradientOf(given), a, b, y });
        return gradient && sumTo(given.graph, gradient, given.inputs[index]!.shape);
      });
    };
  }
  return (graph, a, b) => {
    const like = typeof a === "number" ? (typeof b === "number" ? "float" : b.type) : a.type;
    return applyOne(graph, operation, [lift(graph, a, like), lift(graph, b, like)], null);
  };
}

/** Name of the boolean ONNX value behind a comparison. */
const truthOf = (name: string) => `${name} holds`;

function commonShape(operation: string, tensors: readonly Tensor[]): Shape {
  let shape: Shape = [];
  for (const tensor of tensors) {
    const common = broadcastShape(shape, tensor.shape);
    if (common === undefined) throw shapeError(operation, tensors, "the shapes do not broadcast");
    shape = common;
  }
  return shape;
}

function readOffsets(from: Shape, to: Shape): Int32Array | undefined {
  return sameShape(from, to) ? undefined : offsets(to, broadcastStrides(from, to));
}

const onnxBoolean = 9;

const whereOperation: Operation<null> = {
  name: "where",
  infer(inputs) {
    requireOneType("where", inputs.slice(1));
    return [{ shape: commonShape("where", inputs), type: inputs[1]!.type }];
  },
  gradient(derivative) {
    const { graph, inputs } = derivative;
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    const d = gradientOf(derivative);
    return [
      undefined,
      derivative.wanted(1) ? sumTo(graph, where(graph, condition, d, 0), a.shape) : undefined,
      derivative.wanted(2) ? sumTo(graph, where(graph, condition, 0, d), b.shape) : undefined,
    ];
  },
  evaluate([condition, a, b], [y], { inputs, outputs }) {
    const [test, left, right] = inputs.map(({ shape }) => readOffsets(shape, outputs[0]!.shape));
    for (let i = 0; i < y!.length; i++) {
      const holds = condition![test ? test[i]! : i] !== 0;
      y![i] = holds ? a![left ? left[i]! : i]! : b![right ? right[i]! : i]!;
    }
  },
  lower(onnx, { inputs, outputs }) {
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    const truth = onnx.has(truthOf(condition.name))
      ? truthOf(condition.name)
      : onnx.node("Cast", [condition.name], { attributes: { to: onnxBoolean } });
    onnx.node("Where", [truth, a.name, b.name], { outputs: [outputs[0]!.name] });
  },
};

/** a where the condition is not zero, b elsewhere; the derivative of the branch not taken is 0, whatever it holds. */
export function where(graph: Builder, condition: Tensor, a: Operand, b: Operand): Tensor {
  const like = typeof a === "number" ? (typeof b === "number" ? "float" : b.type) : a.type;
  return applyOne(graph, whereOperation, [condition, lift(graph, a, like), lift(graph, b, like)], null);
}
