/** Runs a graph in double precision, node after node, in plain TypeScript: slow, and the oracle of the other executor. */
import { type GraphBuilder, liveNodes } from "./builder.ts";
import type { Executor, Program } from "./executor.ts";
import { inputsOf, outputsOf } from "./executor-values.ts";
import type { Graph } from "./graph.ts";
import type { Values } from "./operation.ts";
import { type ElementType, type NamedValues, type Shape, shapeSize, type Tensor } from "./tensor.ts";

const array = (shape: Shape, type: ElementType): Float64Array | Int32Array =>
  type === "int" ? new Int32Array(shapeSize(shape)) : new Float64Array(shapeSize(shape));

/**
 * An executor without any dependency that computes every float in float64.
 *
 * @example
 * const graph = new Graph();
 * const x = graph.input("x", [2]);
 * graph.output("y", graph.sum(graph.multiply(x, x)));
 * const program = await float64Executor().compile(graph);
 * const { y } = await program.run({ x: { shape: [2], data: new Float64Array([3, 4]) } });
 * y?.data; // [25]
 */
export function float64Executor(): Executor {
  return {
    name: "float64 interpreter",
    allocate: (shape, type = "float") => ({ shape, data: array(shape, type) }),
    compile: async (graph) => program(graph),
    release: async () => {},
  };
}

function program(graph: Graph): Program {
  const nodes = liveNodes(graph);
  const lastUse = new Map<Tensor, number>();
  nodes.forEach((node, index) => {
    for (const tensor of [...node.inputs, ...node.outputs]) lastUse.set(tensor, index);
  });
  const constants = graph.constants.map(({ tensor, values }) => [tensor, values] as const);
  const kept = new Set<Tensor>([...graph.outputs.values(), ...graph.inputs.values()]);
  for (const [tensor] of constants) kept.add(tensor);

  const run = async (given: NamedValues, written?: NamedValues): Promise<NamedValues> => {
    const values = new Map<Tensor, Values>(constants);
    for (const [tensor, data] of inputsOf(graph, given)) {
      values.set(tensor, data instanceof Float32Array ? Float64Array.from(data) : data);
    }
    nodes.forEach((node, index) => {
      const outputs = node.outputs.map(({ shape, type }) => array(shape, type));
      node.operation.evaluate(
        node.inputs.map((tensor) => values.get(tensor)!),
        outputs,
        node,
      );
      node.outputs.forEach((tensor, i) => {
        values.set(tensor, outputs[i]!);
      });
      for (const tensor of [...node.inputs, ...node.outputs]) {
        if (lastUse.get(tensor) === index && !kept.has(tensor)) values.delete(tensor);
      }
    });
    return results(graph, values, written);
  };
  return { run, release: async () => {} };
}

function results(graph: GraphBuilder, values: Map<Tensor, Values>, written: NamedValues = {}): NamedValues {
  const given = outputsOf(graph, written);
  const entries = [...graph.outputs].map(([name, tensor]) => {
    const data = values.get(tensor)!;
    const target = given.get(name);
    if (target === undefined) return [name, { shape: tensor.shape, data: data.slice() }] as const;
    target.data.set(data);
    return [name, target] as const;
  });
  return Object.fromEntries(entries);
}
