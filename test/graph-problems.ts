/** Problems of the graph-reasoning tasks as tests look at them. */
import type { GraphProblem } from "../src/task/index.ts";

/** p(j) = j mod 2. */
export const p = (value: number) => value % 2;
export const namesOf = (text: string) => text.split(" ").map(Number);

/** The layers with two passable nodes, numbered from 1. */
export const pairsOf = ({ graph }: GraphProblem) =>
  graph.passable.flatMap((nodes, index) => (nodes.length === 2 ? [{ layer: index + 1, nodes }] : []));
