/** The layers of a graph from its prompt alone: what stands where in a drawing. */
import { graphLimits } from "./layered-graph.ts";
import { graphOfPrompt } from "./prompt.ts";
import { type KnownGraph, knownGraph } from "./response-path.ts";

export interface PlacedNode {
  readonly name: string;
  /** Edges from the source to here. */
  readonly column: number;
  /** Place in the layer, the open nodes first, each kind by number. */
  readonly row: number;
  /** `open`: on a path from the source to the target; `closed`: a dead end; `strange`: none of the graph's. */
  readonly kind: "open" | "closed" | "strange";
}

/** A graph with a place for each node. */
export interface GraphLayout extends KnownGraph {
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly columns: number;
  readonly rows: number;
  /** Paths from the source to the target; exact up to 2⁵³. */
  readonly pathCount: number;
}

/** The longest prompt of a task: 64 nodes in each of 32 layers, half of which branch, with names of seven digits. */
const longestPrompt = 100_000;

/**
 * The layers of the graph that a prompt spells out. Undefined for a text that is no graph-reasoning prompt, for a graph that
 * has no layers (an edge that does not lead one layer on), a node that the source does not reach, or no path to the target, and for
 * one beyond the tasks' limits.
 *
 * @example
 * graphLayout("7 4 | 7 9 | 4 2 / 7 2 =")?.nodes.get("9"); // { name: "9", column: 1, row: 1, kind: "closed" }
 * graphLayout("7 4 | 4 7 / 7 4 ="); // undefined
 */
export function graphLayout(prompt: string): GraphLayout | undefined {
  const parsed = prompt.length > longestPrompt ? undefined : graphOfPrompt(prompt);
  if (parsed === undefined) return undefined;
  const graph = knownGraph(parsed);
  const { source, target } = graph;
  const edges = [...graph.edges].map((edge) => edge.split(" ") as [from: string, to: string]);
  const next = new Map(edges.map(([from]) => [from, [] as string[]]));
  for (const [from, to] of edges) next.get(from)?.push(to);

  const layers = [[source]];
  const depths = new Map([[source, 0]]);
  for (const layer of layers) {
    if (layers.length > graphLimits.middleLayers[1] + 2 || layer.length > graphLimits.width[1])
      return undefined;
    const reached = layer.flatMap((node) => next.get(node) ?? []).filter((node) => !depths.has(node));
    for (const node of reached) depths.set(node, layers.length);
    if (reached.length > 0) layers.push([...new Set(reached)]);
  }
  if (edges.some(([from, to]) => depths.get(to) !== (depths.get(from) ?? Number.NaN) + 1)) return undefined;

  // A path ends where it reaches the target.
  const counts = new Map([[target, 1]]);
  const countOf = (node: string) => counts.get(node) ?? 0;
  for (const node of layers.flat().reverse()) {
    const onward = next.get(node)?.reduce((sum, to) => sum + countOf(to), 0) ?? 0;
    if (node !== target) counts.set(node, onward);
  }
  const pathCount = countOf(source);
  if (pathCount === 0) return undefined;
  const isClosed = (node: string) => Number(countOf(node) === 0);
  const nodes = layers.flatMap((layer, column) =>
    layer
      .sort((a, b) => isClosed(a) - isClosed(b) || Number(a) - Number(b))
      .map((name, row): PlacedNode => ({ name, column, row, kind: isClosed(name) ? "closed" : "open" })),
  );
  return {
    ...graph,
    nodes: new Map(nodes.map((node) => [node.name, node])),
    columns: layers.length,
    rows: Math.max(...layers.map((layer) => layer.length)),
    pathCount,
  };
}
