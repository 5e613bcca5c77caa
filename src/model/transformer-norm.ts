/** Layer normalisation as its reader sees it. */
import { type Graph, shapeSize, type Tensor } from "../tensor/index.ts";

export interface LayerNorm {
  /** [width] each. */
  readonly gain: Tensor;
  readonly bias: Tensor;
  readonly epsilon: number;
}

/** A linear layer x·weight + bias. */
export interface LinearLayer {
  readonly x: Tensor;
  /** [width, out]. */
  readonly weight: Tensor;
  /** [out]. */
  readonly bias: Tensor;
}

/**
 * A linear layer of normalised states. Over many rows gain and bias go into the layer: ((x̂⊙g) + β)·W + b = x̂·(g⊙W) +
 * (β·W + b), so that they and their derivatives are computed on the weight and not on the states, which saves half of the
 * derivative's passes over these. Over few rows, or few for so many columns, the weight would be the larger one.
 */
export function normalisedInput(graph: Graph, norm: LayerNorm, layer: LinearLayer): LinearLayer {
  const { gain, bias: shift, epsilon } = norm;
  const { x, weight, bias } = layer;
  const [width, columns] = weight.shape as [number, number];
  if (!normIsFolded(x, columns))
    return { x: graph.layerNorm(x, { gain, bias: shift, epsilon }), weight, bias };
  return {
    x: graph.standardise(x, epsilon),
    weight: graph.multiply(weight, graph.reshape(gain, [width, 1])),
    bias: biasAfterShift(graph, layer, shift),
  };
}

/** The bias that adds to a linear layer's result what a shift [width] of its input would. */
export function biasAfterShift(
  graph: Graph,
  { weight, bias }: Omit<LinearLayer, "x">,
  shift: Tensor,
): Tensor {
  const added = graph.matmul(graph.reshape(shift, [1, -1]), weight);
  return graph.add(bias, graph.reshape(added, bias.shape));
}

/** Whether a linear layer with so many columns takes the gain and bias of its input's normalisation. */
export function normIsFolded(x: Tensor, columns: number): boolean {
  return shapeSize(x.shape.slice(0, -1)) >= 2 * columns;
}
