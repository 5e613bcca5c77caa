/** Reverse-mode differentiation: one sweep over the nodes from the loss back, emitting ordinary operations. */
import type { GraphBuilder } from "./builder.ts";
import { describe, type Node } from "./operation.ts";
import { add } from "./operations/arithmetic.ts";
import { expand } from "./operations/axes.ts";
import type { NamedTensors, Tensor } from "./tensor.ts";

/** Derivatives of a scalar by each parameter; zeros where it does not depend on one. */
export function gradients(graph: GraphBuilder, loss: Tensor, parameters: NamedTensors): NamedTensors {
  if (loss.shape.length > 0 || loss.type !== "float") {
    throw new RangeError(`loss is ${describe(loss)}: must be a float scalar, of shape []`);
  }
  for (const [name, parameter] of Object.entries(parameters)) {
    if (parameter.type === "float") continue;
    throw new RangeError(`parameter ${name} is ${describe(parameter)}: only floats have a derivative`);
  }
  const nodes = [...graph.nodes];
  const dependent = dependents(nodes, Object.values(parameters));
  const found = new Map<Tensor, Tensor>([[loss, graph.constant(1)]]);
  for (const node of nodes.reverse()) {
    if (node.operation.gradient === undefined) continue;
    const outputGradients = node.outputs.map((output) => found.get(output));
    const wanted = (index: number) => dependent.has(node.inputs[index]!);
    const any = node.inputs.some((_, index) => wanted(index));
    if (!any || outputGradients.every((gradient) => gradient === undefined)) continue;
    const inputGradients = node.operation.gradient({ ...node, graph, outputGradients, wanted });
    node.inputs.forEach((input, index) => {
      const gradient = inputGradients[index];
      if (gradient === undefined || !wanted(index)) return;
      const sofar = found.get(input);
      found.set(input, sofar === undefined ? gradient : add(graph, sofar, gradient));
    });
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [
      name,
      found.get(parameter) ?? expand(graph, graph.constant(0), parameter.shape),
    ]),
  );
}

/** The tensors through which the parameters act. */
function dependents(nodes: readonly Node[], parameters: readonly Tensor[]): Set<Tensor> {
  const result = new Set<Tensor>(parameters);
  for (const node of nodes) {
    if (node.operation.gradient === undefined) continue;
    if (!node.inputs.some((input) => result.has(input))) continue;
    for (const output of node.outputs) if (output.type === "float") result.add(output);
  }
  return result;
}
