/** Products of matrices. */
import {
  applyOne,
  type Builder,
  gradientOf,
  type Operation,
  requireFloat,
  shapeError,
  type Values,
} from "../operation.ts";
import { broadcastShape, broadcastStrides, offsets } from "../shapes.ts";
import { type Shape, shapeSize, type Tensor } from "../tensor.ts";
import { reshape, sum, sumTo } from "./axes.ts";

/** Options of `Graph.matmul`. */
export interface MatmulOptions {
  /** Whether a, b are read with their last two axes exchanged. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor of the product, 1 if not given. */
  readonly scale?: number;
}

type Attributes = Required<MatmulOptions>;

const lastTwo = (shape: Shape, swapped: boolean): [number, number] => {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return swapped ? [columns, rows] : [rows, columns];
};

const matmulOperation: Operation<Attributes> = {
  name: "matmul",
  infer(inputs, { transposeA, transposeB }) {
    requireFloat("matmul", inputs);
    const [a, b] = inputs as [Tensor, Tensor];
    if (a.shape.length < 2 || b.shape.length < 2) {
      throw shapeError("matmul", inputs, "both must have at least two axes");
    }
    const [rows, inner] = lastTwo(a.shape, transposeA);
    const [innerB, columns] = lastTwo(b.shape, transposeB);
    if (inner !== innerB) throw shapeError("matmul", inputs, `${inner} columns meet ${innerB} rows`);
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (batch === undefined) throw shapeError("matmul", inputs, "the leading axes do not broadcast");
    return [{ shape: [...batch, rows, columns], type: "float" }];
  },
  gradient(derivative) {
    const { graph, attributes } = derivative;
    const { transposeA, transposeB, scale } = attributes;
    const [a, b] = derivative.inputs as [Tensor, Tensor];
    const d = gradientOf(derivative);
    const ofA = (): Tensor =>
      transposeA
        ? matmul(graph, b, d, { transposeA: transposeB, transposeB: true, scale })
        : matmul(graph, d, b, { transposeB: !transposeB, scale });
    const ofB = (): Tensor => {
      // One large product instead of a sum over the batch of small ones.
      const flat = b.shape.length === 2 && a.shape.length > 2 && !transposeA;
      const rows = (x: Tensor) => (flat ? reshape(graph, x, [-1, x.shape.at(-1)!]) : x);
      return transposeB
        ? matmul(graph, rows(d), rows(a), { transposeA: true, transposeB: transposeA, scale })
        : matmul(graph, rows(a), rows(d), { transposeA: !transposeA, scale });
    };
    return [
      derivative.wanted(0) ? sumTo(graph, ofA(), a.shape) : undefined,
      derivative.wanted(1) ? sumTo(graph, ofB(), b.shape) : undefined,
    ];
  },
  evaluate([a, b], [y], { inputs, outputs, attributes }) {
    const { transposeA, transposeB, scale } = attributes;
    const batch = outputs[0]!.shape.slice(0, -2);
    const [rows, columns] = outputs[0]!.shape.slice(-2) as [number, number];
    const inner = lastTwo(inputs[0]!.shape, transposeA)[1];
    const matrices = (shape: Shape) => offsets(batch, broadcastStrides(shape.slice(0, -2), batch));
    const leftAt = matrices(inputs[0]!.shape);
    const rightAt = matrices(inputs[1]!.shape);
    for (let index = 0; index < leftAt.length; index++) {
      const left = matrixAt(a!, leftAt[index]!, rows, inner, transposeA);
      const right = matrixAt(b!, rightAt[index]!, inner, columns, transposeB);
      product(left, right, y!.subarray(index * rows * columns, (index + 1) * rows * columns), inner, scale);
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    const [a, b] = inputs as [Tensor, Tensor];
    const { transposeA, transposeB, scale } = attributes;
    const names = [a.name, b.name];
    const output = outputs[0]!.name;
    if (!transposeA && !transposeB && scale === 1) {
      onnx.node("MatMul", names, { outputs: [output] });
      return;
    }
    onnx.node("FusedMatMul", names, {
      outputs: [output],
      attributes: {
        transA: transposeA ? 1 : 0,
        transB: transposeB ? 1 : 0,
        alpha: { float: scale },
      },
      domain: "com.microsoft",
    });
  },
};

/** One matrix of a batch, row-major, copied if it is read transposed. */
function matrixAt(values: Values, index: number, rows: number, columns: number, swapped: boolean): Values {
  const size = rows * columns;
  const matrix = values.subarray(index * size, (index + 1) * size);
  if (!swapped) return matrix;
  const copy = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      copy[row * columns + column] = matrix[column * rows + row]!;
    }
  }
  return copy;
}

function product(left: Values, right: Values, result: Values, inner: number, scale: number): void {
  const rows = inner === 0 ? 0 : left.length / inner;
  const columns = inner === 0 ? 0 : right.length / inner;
  result.fill(0);
  for (let row = 0; row < rows; row++) {
    const target = row * columns;
    for (let k = 0; k < inner; k++) {
      const factor = scale * left[row * inner + k]!;
      const source = k * columns;
      for (let column = 0; column < columns; column++) {
        result[target + column]! += factor * right[source + column]!;
      }
    }
  }
}

/** Products of the last two axes; leading axes broadcast. */
export function matmul(graph: Builder, a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, scale = 1 } = options;
  return applyOne(graph, matmulOperation, [a, b], { transposeA, transposeB, scale });
}

const linearOperation: Operation<null> = {
  name: "linear",
  infer(inputs) {
    requireFloat("linear", inputs);
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor];
    const fits =
      weight.shape.length === 2 &&
      bias.shape.length === 1 &&
      x.shape[1] === weight.shape[0] &&
      weight.shape[1] === bias.shape[0];
    if (!fits) throw shapeError("linear", inputs, "they must be [..., in], [in, out] and [out]");
    return [{ shape: [x.shape[0]!, weight.shape[1]!], type: "float" }];
  },
  gradient(derivative) {
    const { graph, inputs } = derivative;
    const [x, weight] = inputs as [Tensor, Tensor];
    const d = gradientOf(derivative);
    return [
      derivative.wanted(0) ? matmul(graph, d, weight, { transposeB: true }) : undefined,
      derivative.wanted(1) ? matmul(graph, x, d, { transposeA: true }) : undefined,
      derivative.wanted(2) ? sum(graph, d, { axes: [0] }) : undefined,
    ];
  },
  evaluate([x, weight, bias], [y], { inputs }) {
    product(x!, weight!, y!, inputs[0]!.shape[1]!, 1);
    for (let i = 0; i < y!.length; i++) y![i]! += bias![i % bias!.length]!;
  },
  lower(onnx, { inputs, outputs }) {
    onnx.node(
      "Gemm",
      inputs.map((input) => input.name),
      { outputs: [outputs[0]!.name] },
    );
  },
};

/** x·W + b with x [..., in], W [in, out], b [out]. */
export function linear(graph: Builder, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const width = x.shape.at(-1);
  if (width === undefined) throw shapeError("linear", [x, weight, bias], "the first has no axis");
  const rows = shapeSize(x.shape) / width;
  const flat = applyOne(graph, linearOperation, [reshape(graph, x, [rows, width]), weight, bias], null);
  return reshape(graph, flat, [...x.shape.slice(0, -1), weight.shape[1]!]);
}
