/** The projection that the paper's rules end with: onto a ball of all parameters jointly. */
import type { Graph, NamedTensors } from "../tensor/index.ts";
import { globalNorm, mapTensors } from "./rules/norms.ts";

/** The nearest allowed parameters. */
export type Projection = (graph: Graph, parameters: NamedTensors) => NamedTensors;

/**
 * Projection onto {‖θ‖₂ ≤ radius}, the norm over all parameters jointly: θ·radius/max(‖θ‖, radius). Inside the ball
 * it changes no bit; outside, the norm is the radius to rounding. The paper's linear class (3) has radius 1.
 *
 * @throws RangeError for a radius that is not positive and finite.
 * @example
 * const graph = new Graph();
 * const theta = graph.input("theta", [2]);
 * graph.output("projected", l2Ball(1)(graph, { theta }).theta!);
 * const program = await float64Executor().compile(graph);
 * const at = (...entries: number[]) => ({ theta: { shape: [2], data: Float64Array.from(entries) } });
 * (await program.run(at(3, 4))).projected?.data; // [0.6, 0.8]
 * (await program.run(at(0.3, 0.4))).projected?.data; // [0.3, 0.4]
 */
export function l2Ball(radius: number): Projection {
  if (!(radius > 0 && Number.isFinite(radius))) {
    throw new RangeError(`radius is ${radius}: must be positive and finite`);
  }
  return (graph, parameters) => {
    const scale = graph.divide(radius, graph.maximum(globalNorm(graph, parameters), radius));
    return mapTensors(parameters, (parameter) => graph.multiply(parameter, scale));
  };
}
