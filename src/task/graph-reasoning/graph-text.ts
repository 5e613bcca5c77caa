/** A drawn graph in words: captions, and a description for people who do not see it. No text of a response but names. */
import type { GraphLayout } from "./graph-layout.ts";
import type { GraphWalk } from "./graph-walk.ts";
import { pathFaults } from "./response-path.ts";

/** More paths than this are not said exactly. */
const manyPaths = 1e6;
const mostFaults = 3;

/** What there is, then what the response does. */
export function drawingCaptions(layout: GraphLayout, walk: GraphWalk | undefined): string[] {
  const { columns, source, target, pathCount } = layout;
  const count = pathCount > manyPaths ? "over a million" : pathCount.toLocaleString("en-US");
  const graph = `${columns} layers, ${count} valid path${pathCount === 1 ? "" : "s"} from ${source} to ${target}.`;
  return walk === undefined ? [graph] : [graph, walkText(layout, walk)];
}

function walkText(layout: GraphLayout, { words, stops }: GraphWalk): string {
  const faults = [...pathFaults(words, layout)];
  if (faults.length === 0) return "The response is a valid path.";
  const more = faults.length > mostFaults ? `, and ${faults.length - mostFaults} more` : "";
  const rest = stops.length < words.length ? " The response is longer than what is drawn." : "";
  return `The response is no path: ${faults.slice(0, mostFaults).join(", ")}${more}.${rest}`;
}

export function drawingDescription(layout: GraphLayout, walk: GraphWalk | undefined): string {
  const open = Array.from({ length: layout.columns }, (): string[] => []);
  for (const { name, column, kind } of layout.nodes.values()) if (kind === "open") open[column]?.push(name);
  const onward = open.map((names) => names.join(" or ")).join(", ");
  const stops = walk?.stops.map(({ node, isFault }) => (isFault ? `${node.name} (no edge)` : node.name));
  return [
    ...drawingCaptions(layout, walk),
    `Nodes that lead on, layer by layer: ${onward}.`,
    stops === undefined ? "" : `The response goes ${stops.join(", ")}.`,
  ]
    .join(" ")
    .trim();
}
