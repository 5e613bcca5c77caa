/** Scaled dot-product attention with a derivative made by hand. */
import { type Builder, type Operation, requireFloat, shapeError } from "../operation.ts";
import { broadcastShape, broadcastStrides, offsets, sameShape } from "../shapes.ts";
import type { Shape, Tensor } from "../tensor.ts";
import { add, multiply, subtract } from "./arithmetic.ts";
import { sum, sumTo, transpose } from "./axes.ts";
import { matmul } from "./matmul.ts";
import { exponentialSum } from "./normalisation.ts";
import { concat, slice } from "./parts.ts";

interface Attributes {
  readonly scale: number;
}

const lastAxis = { axes: [-1], keep: true } as const;

function weightsShape(query: Tensor, key: Tensor): Shape {
  return [...query.shape.slice(0, -1), key.shape.at(-2)!];
}

/** Outputs: the attended values, and the weights, which the derivative needs. */
const attentionOperation: Operation<Attributes> = {
  name: "attention",
  infer(inputs) {
    requireFloat("attention", inputs);
    const [query, key, value, mask] = inputs as [Tensor, Tensor, Tensor, Tensor?];
    const [batch, keyBatch, valueBatch] = [query, key, value].map(({ shape }) => shape.slice(0, -2));
    const fits =
      query.shape.length >= 2 &&
      sameShape(batch!, keyBatch!) &&
      sameShape(batch!, valueBatch!) &&
      query.shape.at(-1) === key.shape.at(-1) &&
      key.shape.at(-2) === value.shape.at(-2);
    if (!fits) {
      throw shapeError(
        "attention",
        inputs,
        "they must be [..., queries, width], [..., keys, width] and [..., keys, values]",
      );
    }
    const weights = weightsShape(query, key);
    if (mask !== undefined && !sameShape(broadcastShape(mask.shape, weights) ?? [], weights)) {
      throw shapeError("attention", inputs, `the mask does not broadcast to [${weights.join(", ")}]`);
    }
    return [
      { shape: [...query.shape.slice(0, -1), value.shape.at(-1)!], type: "float" },
      { shape: weights, type: "float" },
    ];
  },
  gradient({ graph, inputs, outputs, outputGradients, attributes, wanted }) {
    const [query, key, value, mask] = inputs as [Tensor, Tensor, Tensor, Tensor?];
    const [result, weights] = outputs as [Tensor, Tensor];
    const [d, ofWeights] = outputGradients;
    const { scale } = attributes;
    const total = [
      ...(d === undefined ? [] : [matmul(graph, d, value, { transposeB: true })]),
      ...(ofWeights === undefined ? [] : [ofWeights]),
    ].reduce((a, b) => add(graph, a, b));
    // Σ over keys of weight·derivative equals the result times its derivative, on a smaller tensor.
    const along =
      d !== undefined && ofWeights === undefined
        ? sum(graph, multiply(graph, d, result), lastAxis)
        : sum(graph, multiply(graph, weights, total), lastAxis);
    const ofScores = multiply(graph, weights, subtract(graph, total, along));
    // Turning the narrow result is cheaper than reading the wide factor transposed.
    const turned = (narrow: Tensor, wide: Tensor, factor: number): Tensor =>
      transpose(graph, matmul(graph, narrow, wide, { transposeA: true, scale: factor }));
    return [
      wanted(0) ? matmul(graph, ofScores, key, { scale }) : undefined,
      wanted(1) ? turned(query, ofScores, scale) : undefined,
      wanted(2) && d !== undefined ? turned(d, weights, 1) : undefined,
      mask !== undefined && wanted(3) ? sumTo(graph, ofScores, mask.shape) : undefined,
    ];
  },
  evaluate([query, key, value, mask], [result, weights], { inputs, outputs, attributes }) {
    const { shape } = outputs[1]!;
    const [queries, keys] = shape.slice(-2) as [number, number];
    const width = inputs[0]!.shape.at(-1)!;
    const columns = inputs[2]!.shape.at(-1)!;
    const masked = mask && offsets(shape, broadcastStrides(inputs[3]!.shape, shape));
    const row = new Float64Array(keys);
    result!.fill(0);
    for (let index = 0; index < weights!.length / keys; index++) {
      const matrix = Math.floor(index / queries) * keys;
      for (let j = 0; j < keys; j++) {
        let product = 0;
        for (let k = 0; k < width; k++) {
          product += query![index * width + k]! * key![(matrix + j) * width + k]!;
        }
        row[j] = attributes.scale * product + (masked ? mask![masked[index * keys + j]!]! : 0);
      }
      const { largest, total } = exponentialSum(row, 0, keys);
      for (let j = 0; j < keys; j++) {
        const weight = Math.exp(row[j]! - largest) / total;
        weights![index * keys + j] = weight;
        for (let k = 0; k < columns; k++) {
          result![index * columns + k]! += weight * value![(matrix + j) * columns + k]!;
        }
      }
    }
  },
  lower(onnx, { inputs, outputs, attributes }) {
    const [query, key, value, mask] = inputs.map((tensor) => tensor.name) as [
      string,
      string,
      string,
      string?,
    ];
    const [result, weights] = outputs.map((tensor) => tensor.name) as [string, string];
    const scores = onnx.node("FusedMatMul", [query, key], {
      attributes: { transA: 0, transB: 1, alpha: { float: attributes.scale } },
      domain: "com.microsoft",
    });
    const masked = mask === undefined ? scores : onnx.node("Add", [scores, mask]);
    onnx.node("Softmax", [masked], { outputs: [weights], attributes: { axis: -1 } });
    onnx.node("MatMul", [weights, value], { outputs: [result] });
  },
};

/** Options of `Graph.attention`. */
export interface AttentionOptions {
  /** Factor of the products of queries and keys; 1/√width if not given. */
  readonly scale?: number;
  /** Added to the scaled products, such as [queries, keys] with −∞ where a query must not look. */
  readonly mask?: Tensor;
}

/** softmax(scale·Q·Kᵀ + mask)·V with Q [..., queries, width], K [..., keys, width], V [..., keys, values]. */
export function attention(
  graph: Builder,
  given: { readonly query: Tensor; readonly key: Tensor; readonly value: Tensor } & AttentionOptions,
): Tensor {
  const { query, key, value, mask } = given;
  const scale = given.scale ?? 1 / Math.sqrt(query.shape.at(-1) ?? 1);
  const inputs = mask === undefined ? [query, key, value] : [query, key, value, mask];
  return graph.apply(attentionOperation, inputs, { scale })[0]!;
}

/** About so many queries a block: smaller ones skip more products with later keys, but cost more operations. */
const queriesPerBlock = 64;
const mostBlocks = 4;

/**
 * Attention in which a query sees the keys up to its own position. Computed in blocks of queries, each with the keys
 * that its last one sees, so that most products with later keys are never made.
 */
export function causalAttention(
  graph: Builder,
  given: {
    readonly query: Tensor;
    readonly key: Tensor;
    readonly value: Tensor;
    readonly scale?: number;
  },
): Tensor {
  const { query, key, value, scale } = given;
  const length = query.shape.at(-2);
  if (length === undefined || key.shape.at(-2) !== length || value.shape.at(-2) !== length) {
    throw shapeError("causalAttention", [query, key, value], "there must be as many keys as queries");
  }
  const blocks = Math.min(mostBlocks, Math.max(1, Math.round(length / queriesPerBlock)));
  const parts = Array.from({ length: blocks }, (_, block) => {
    const [start, end] = [block, block + 1].map((edge) => Math.round((edge * length) / blocks));
    const rows = (x: Tensor, from: number) => slice(graph, x, { axis: -2, start: from, end: end! });
    return attention(graph, {
      query: rows(query, start!),
      key: rows(key, 0),
      value: rows(value, 0),
      mask: causalMask(graph, start!, end!),
      ...(scale === undefined ? {} : { scale }),
    });
  });
  return concat(graph, parts, -2);
}

/** −∞ at keys later than a query, for queries start … end − 1 and keys 0 … end − 1. */
function causalMask(graph: Builder, start: number, end: number): Tensor {
  const values = new Float64Array((end - start) * end);
  for (let query = start; query < end; query++) {
    const row = (query - start) * end;
    values.fill(Number.NEGATIVE_INFINITY, row + query + 1, row + end);
  }
  return graph.constant(values, [end - start, end]);
}
