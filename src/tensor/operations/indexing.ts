/** Rows and entries chosen by integer tensors. */
import {
  applyOne,
  type Builder,
  gradientOf,
  type Operation,
  requireFloat,
  shapeError,
} from "../operation.ts";
import { sameShape } from "../shapes.ts";
import { shapeSize, type Tensor } from "../tensor.ts";
import { multiply } from "./arithmetic.ts";
import { reshape } from "./axes.ts";

function requireIndices(operation: string, tensors: readonly Tensor[], indices: Tensor): void {
  if (indices.type !== "int") throw shapeError(operation, tensors, "indices must be of type int");
}

function checkIndex(operation: string, indices: Tensor, index: number, count: number): number {
  if (index >= 0 && index < count) return index;
  throw new RangeError(`index of ${operation} in ${indices.name} is ${index}: must be in 0 … ${count - 1}`);
}

const gatherOperation: Operation<null> = {
  name: "gather",
  infer(inputs) {
    const [matrix, indices] = inputs as [Tensor, Tensor];
    requireIndices("gather", inputs, indices);
    if (matrix.shape.length !== 2) throw shapeError("gather", inputs, "the first must be a matrix");
    return [{ shape: [...indices.shape, matrix.shape[1]!], type: matrix.type }];
  },
  gradient(derivative) {
    const [matrix, indices] = derivative.inputs as [Tensor, Tensor];
    const [rows, width] = matrix.shape as [number, number];
    const count = shapeSize(indices.shape);
    const d = reshape(derivative.graph, gradientOf(derivative), [count, width]);
    return [scatterAdd(derivative.graph, d, reshape(derivative.graph, indices, [count]), rows), undefined];
  },
  evaluate([matrix, indices], [y], { inputs }) {
    const [rows, width] = inputs[0]!.shape as [number, number];
    for (let i = 0; i < indices!.length; i++) {
      const row = checkIndex("gather", inputs[1]!, indices![i]!, rows);
      y!.set(matrix!.subarray(row * width, (row + 1) * width), i * width);
    }
  },
  lower(onnx, { inputs, outputs }) {
    onnx.node(
      "Gather",
      inputs.map((input) => input.name),
      { outputs: [outputs[0]!.name], attributes: { axis: 0 } },
    );
  },
};

/** Rows of a matrix [rows, width] by indices of any shape: [...indices, width]. */
export function gather(graph: Builder, matrix: Tensor, indices: Tensor): Tensor {
  return applyOne(graph, gatherOperation, [matrix, indices], null);
}

/** Up to this many rows a product with one-hot rows is faster than adding row by row. */
const densestScatter = 1024;

const scatterAddOperation: Operation<{ readonly rows: number }> = {
  name: "scatterAdd",
  infer(inputs, { rows }) {
    const [updates, indices] = inputs as [Tensor, Tensor];
    requireIndices("scatterAdd", inputs, indices);
    requireFloat("scatterAdd", [updates]);
    const fits =
      updates.shape.length === 2 && indices.shape.length === 1 && updates.shape[0] === indices.shape[0];
    if (!fits) throw shapeError("scatterAdd", inputs, "they must be [count, width] and [count]");
    return [{ shape: [rows, updates.shape[1]!], type: "float" }];
  },
  gradient(derivative) {
    return [gather(derivative.graph, gradientOf(derivative), derivative.inputs[1]!), undefined];
  },
  evaluate([updates, indices], [y], { inputs, attributes }) {
    const width = inputs[0]!.shape[1]!;
    y!.fill(0);
    for (let i = 0; i < indices!.length; i++) {
      const row = checkIndex("scatterAdd", inputs[1]!, indices![i]!, attributes.rows);
      for (let column = 0; column < width; column++) {
        y![row * width + column]! += updates![i * width + column]!;
      }
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    const [updates, indices] = inputs as [Tensor, Tensor];
    const [count, width] = updates.shape as [number, number];
    const { rows } = attributes;
    const output = outputs[0]!.name;
    if (rows <= densestScatter) {
      const column = onnx.node("Reshape", [indices.name, onnx.integers([1, count])]);
      const chosen = onnx.node("Equal", [onnx.counting([rows, 1], rows), column]);
      const oneHotRows = onnx.node("Cast", [chosen], { attributes: { to: 1 } });
      onnx.node("MatMul", [oneHotRows, updates.name], { outputs: [output] });
      return;
    }
    const zeros = onnx.node("Expand", [onnx.number(0), onnx.integers([rows, width])]);
    const column = onnx.node("Reshape", [indices.name, onnx.integers([count, 1])]);
    const everywhere = onnx.node("Expand", [column, onnx.integers([count, width])]);
    onnx.node("ScatterElements", [zeros, everywhere, updates.name], {
      outputs: [output],
      attributes: { axis: 0, reduction: "add" },
    });
  },
};

/** Row r of the result [rows, width] is the sum of the updates [count, width] whose index [count] is r. */
export function scatterAdd(graph: Builder, updates: Tensor, indices: Tensor, rows: number): Tensor {
  return applyOne(graph, scatterAddOperation, [updates, indices], { rows });
}

const oneHotOperation: Operation<{ readonly depth: number }> = {
  name: "oneHot",
  infer(inputs, { depth }) {
    requireIndices("oneHot", inputs, inputs[0]!);
    if (!(Number.isInteger(depth) && depth >= 1)) {
      throw shapeError("oneHot", inputs, `depth is ${depth}, must be an integer of at least 1`);
    }
    return [{ shape: [...inputs[0]!.shape, depth], type: "float" }];
  },
  evaluate([indices], [y], { attributes }) {
    y!.fill(0);
    for (let i = 0; i < indices!.length; i++) {
      const index = indices![i]!;
      if (index >= 0 && index < attributes.depth) y![i * attributes.depth + index] = 1;
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    const { name, shape } = inputs[0]!;
    // int32 OneHot is missing in onnxruntime.
    const column = onnx.node("Reshape", [name, onnx.integers([...shape, 1])]);
    const chosen = onnx.node("Equal", [column, onnx.counting([attributes.depth], attributes.depth)]);
    onnx.node("Cast", [chosen], { outputs: [outputs[0]!.name], attributes: { to: 1 } });
  },
};

/** [...indices, depth]: 1 at the index, 0 elsewhere; an index outside 0 … depth − 1 gives zeros. */
export function oneHot(graph: Builder, indices: Tensor, depth: number): Tensor {
  return applyOne(graph, oneHotOperation, [indices], { depth });
}

const pickOperation: Operation<null> = {
  name: "pick",
  infer(inputs) {
    const [x, indices] = inputs as [Tensor, Tensor];
    requireIndices("pick", inputs, indices);
    if (x.shape.length === 0 || !sameShape(x.shape.slice(0, -1), indices.shape)) {
      throw shapeError("pick", inputs, "there must be one index for each row");
    }
    return [{ shape: indices.shape, type: x.type }];
  },
  gradient(derivative) {
    const { graph, inputs } = derivative;
    const [x, indices] = inputs as [Tensor, Tensor];
    const d = reshape(graph, gradientOf(derivative), [...indices.shape, 1]);
    return [multiply(graph, d, oneHot(graph, indices, x.shape.at(-1)!)), undefined];
  },
  evaluate([x, indices], [y], { inputs }) {
    const depth = inputs[0]!.shape.at(-1)!;
    for (let i = 0; i < y!.length; i++) {
      y![i] = x![i * depth + checkIndex("pick", inputs[1]!, indices![i]!, depth)]!;
    }
  },
  lower(onnx, { inputs, outputs }) {
    const [x, indices] = inputs as [Tensor, Tensor];
    const column = onnx.node("Reshape", [indices.name, onnx.integers([...indices.shape, 1])]);
    const picked = onnx.node("GatherElements", [x.name, column], {
      attributes: { axis: x.shape.length - 1 },
    });
    onnx.node("Reshape", [picked, onnx.integers(indices.shape)], { outputs: [outputs[0]!.name] });
  },
};

/** One entry of each row of x [..., depth] by indices [...]. */
export function pick(graph: Builder, x: Tensor, indices: Tensor): Tensor {
  return applyOne(graph, pickOperation, [x, indices], null);
}
