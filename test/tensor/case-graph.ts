/** The graph that tests an operation's case, and how its results are compared. */
import { Graph, type Tensor } from "../../src/tensor/index.ts";
import { normal, type OperationCase } from "./operation-cases.ts";

/** Σ of fixed random weights times all entries: a scalar whose derivative tests every output. */
function weighted(graph: Graph, name: string, tensors: readonly Tensor[]): Tensor {
  return tensors
    .map((tensor, index) => {
      const { data } = normal(`weights of ${name} ${index}`, tensor.shape);
      return graph.sum(graph.multiply(tensor, graph.constant(data, tensor.shape)));
    })
    .reduce((a, b) => graph.add(a, b));
}

/** The case's outputs `y0…`, the scalar `loss`, its derivatives, and the scalar and derivatives of second order. */
export function caseGraph(given: OperationCase): Graph {
  const graph = new Graph();
  const floats = Object.fromEntries(
    Object.entries(given.floats).map(([name, { shape }]) => [name, graph.input(name, shape)]),
  );
  const integers = Object.fromEntries(
    Object.entries(given.integers).map(([name, { shape }]) => [name, graph.input(name, shape, "int")]),
  );
  const outputs = [given.build(graph, { ...floats, ...integers })].flat();
  const loss = weighted(graph, "loss", outputs);
  const first = graph.gradients(loss, floats);
  const slope = weighted(graph, "slope", Object.values(first));
  const second = graph.gradients(slope, floats);
  outputs.forEach((output, index) => {
    graph.output(`y${index}`, output);
  });
  graph.output("loss", loss);
  graph.output("slope", slope);
  for (const name of Object.keys(floats)) {
    graph.output(`first ${name}`, first[name]!);
    graph.output(`second ${name}`, second[name]!);
  }
  return graph;
}

/** Largest difference relative to the largest entry of the expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    if (Number.isNaN(actual[i]!)) return Number.NaN;
  }
  return difference / Math.max(largest, 1e-3);
}
