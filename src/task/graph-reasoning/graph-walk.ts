/** A response laid over a graph: the nodes it goes through, and the steps that are no edges. */
import type { GraphLayout, PlacedNode } from "./graph-layout.ts";
import { isStep, nodeName, wordsOfResponse } from "./response-path.ts";

export interface GraphWalk {
  readonly words: readonly string[];
  /** What the words stand for, as far as it is drawn. A name that the graph does not have, or `?`, is `strange`. */
  readonly stops: readonly {
    readonly node: PlacedNode;
    /** True where no edge leads here from the stop before. */
    readonly isFault: boolean;
  }[];
}

/** Words of a response that are drawn, for each layer of the graph. */
const wordsOfLayer = 4;

/**
 * Where a response walks. Names that the graph does not have stand in a row of their own below it, at the layer that their
 * position in the response means.
 */
export function graphWalk(layout: GraphLayout, response: string): GraphWalk {
  const { columns, rows: row } = layout;
  const words = wordsOfResponse(response);
  const places = new Map(layout.nodes);
  const free = new Set(Array.from({ length: columns }).keys());
  const stops: GraphWalk["stops"][number][] = [];
  for (const [position, word] of words.slice(0, wordsOfLayer * columns).entries()) {
    if (!places.has(word)) {
      const column = [...free].find((at) => at >= position) ?? [...free].at(-1);
      if (column === undefined) break;
      free.delete(column);
      places.set(word, { name: nodeName(word) ?? "?", column, row, kind: "strange" });
    }
    const before = words[position - 1];
    stops.push({ node: places.get(word)!, isFault: before !== undefined && !isStep(layout, before, word) });
  }
  return { words, stops };
}
