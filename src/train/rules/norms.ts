/** Norms over all tensors jointly, as if they were one vector. */
import type { Graph, NamedTensors, Tensor } from "../../tensor/index.ts";
import { joinedTensors } from "./joined-vectors.ts";

/**
 * ‖·‖₂ over all entries of all tensors, a scalar.
 *
 * @example
 * const graph = new Graph();
 * graph.output("norm", globalNorm(graph, { a: graph.input("a", [1]), b: graph.input("b", [1]) }));
 * const program = await float64Executor().compile(graph);
 * const at = (value: number) => ({ shape: [1], data: Float64Array.of(value) });
 * (await program.run({ a: at(3), b: at(4) })).norm?.data; // [5]
 */
export function globalNorm(graph: Graph, tensors: NamedTensors): Tensor {
  return normOf(graph, joinedTensors(graph, tensors));
}

function normOf(graph: Graph, tensors: readonly Tensor[]): Tensor {
  const squares = tensors.map((tensor) => graph.sum(graph.square(tensor)));
  const [first, ...rest] = squares;
  if (first === undefined) throw new RangeError("number of tensors is 0: must be at least 1");
  return graph.sqrt(rest.reduce((total, square) => graph.add(total, square), first));
}

/** What a step did, three scalars. */
export interface StepNorms {
  /** Of the gradient, before any clipping. */
  readonly gradientNorm: Tensor;
  /** Of the change of the parameters. */
  readonly updateNorm: Tensor;
  /** Of the parameters after the step. */
  readonly parameterNorm: Tensor;
}

/** Norms of a step's gradient, change and result, over all parameters jointly. */
export function stepNorms(
  graph: Graph,
  given: { readonly gradients: NamedTensors; readonly before: NamedTensors; readonly after: NamedTensors },
): StepNorms {
  const { gradients, before, after } = given;
  const start = joinedTensors(graph, before);
  const change = joinedTensors(graph, after).map((tensor, index) => graph.subtract(tensor, start[index]!));
  return {
    gradientNorm: globalNorm(graph, gradients),
    updateNorm: normOf(graph, change),
    parameterNorm: globalNorm(graph, after),
  };
}

/** The same names with other tensors. */
export function mapTensors(
  tensors: NamedTensors,
  change: (tensor: Tensor, name: string) => Tensor,
): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor, name)]));
}
