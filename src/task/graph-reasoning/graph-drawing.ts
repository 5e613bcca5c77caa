/** A graph and a response's walk through it as an SVG's marks; no text of the response's own is in them, but names. */
import type { GraphLayout, PlacedNode } from "./graph-layout.ts";
import {
  edgeMark,
  type GraphMark,
  nodeHeight,
  nodeMarks,
  type Point,
  stepMarks,
  textMark,
} from "./graph-marks.ts";
import { drawingCaptions, drawingDescription } from "./graph-text.ts";
import { graphWalk } from "./graph-walk.ts";

export type { GraphMark } from "./graph-marks.ts";

/** Marks of an SVG of a size in pixels, and what they show in words. */
export interface GraphDrawing {
  readonly width: number;
  readonly height: number;
  /** From back to front. Ink is `currentColor`, paper is white. */
  readonly marks: readonly GraphMark[];
  /** What there is, and what the response does. */
  readonly captions: readonly string[];
  /** All that the drawing shows, for people who do not see it. */
  readonly description: string;
}

const margin = 8;
const headerHeight = 20;
const rowPitch = 38;
const widestPitch = 110;
const digitWidth = 7.5;

/**
 * The drawing: layers from left to right under their numbers, nodes that lead to the target framed by a solid line and dead ends
 * by a dotted one, edges on valid paths darker than the others. Over them the response's steps: thick and solid along edges,
 * dashed with a cross where there is none.
 *
 * @param given.response what to draw over the graph; absent, the graph alone
 * @param given.width the width wished for, in pixels: many layers take more, few take less
 * @example
 * const layout = graphLayout("7 4 | 7 9 | 4 2 / 7 2 =");
 * layout && graphDrawing(layout, { response: "7 9 2", width: 600 }).captions[1]; // "The response is no path: no edge from 9 to 2."
 */
export function graphDrawing(
  layout: GraphLayout,
  given: { readonly response?: string; readonly width: number },
): GraphDrawing {
  const { columns, source, target } = layout;
  const walk = given.response === undefined ? undefined : graphWalk(layout, given.response);
  const stops = walk?.stops ?? [];
  const nodes = [...new Set([...layout.nodes.values(), ...stops.map(({ node }) => node)])];
  const longest = Math.max(...nodes.map(({ name }) => name.length));
  const nodeWidth = Math.max(24, 2 * Math.ceil((digitWidth * longest + 9) / 2));
  const gaps = columns - 1;
  const fitting = (given.width - nodeWidth - 2 * margin) / gaps;
  const pitch = Math.floor(Math.min(Math.max(fitting, nodeWidth + 18), widestPitch));
  const width = 2 * margin + nodeWidth + pitch * gaps;
  const height = headerHeight + (1 + Math.max(...nodes.map(({ row }) => row))) * rowPitch + margin;
  const frame = { nodeWidth, right: width - margin, bottom: height - margin };
  const at = ({ column, row }: Pick<PlacedNode, "column" | "row">): Point => ({
    x: margin + nodeWidth / 2 + column * pitch,
    y: headerHeight + margin + nodeHeight / 2 + row * rowPitch,
  });

  const edges = [...layout.edges].map((name) => {
    const [from, to] = name.split(" ").map((end) => layout.nodes.get(end)!) as [PlacedNode, PlacedNode];
    const isOpen = from.name !== target && from.kind === "open" && to.kind === "open";
    return edgeMark(name, [at(from), at(to)], isOpen, frame);
  });
  const steps = stops.slice(1).map(({ node, isFault }, index) => {
    const from = stops[index]!.node;
    return stepMarks(`${from.name} ${node.name}`, [at(from), at(node)], !isFault, frame);
  });
  const endMark = (name: string, text: string, anchor: "start" | "end") => {
    const { x, y } = at(layout.nodes.get(name)!);
    const side = anchor === "start" ? -nodeWidth / 2 : nodeWidth / 2;
    return textMark(text, { x: x + side, y: y + nodeHeight / 2 + 12 }, { "text-anchor": anchor });
  };
  return {
    width,
    height,
    marks: [
      ...edges,
      ...steps.flatMap(({ line }) => line),
      ...nodes.flatMap((node) => nodeMarks(node, at(node), frame)),
      ...steps.flatMap(({ over }) => over),
      ...Array.from({ length: columns }, (_, column) =>
        textMark(String(column + 1), { x: at({ column, row: 0 }).x, y: 12 }),
      ),
      endMark(source, "source", "start"),
      endMark(target, "target", "end"),
    ],
    captions: drawingCaptions(layout, walk),
    description: drawingDescription(layout, walk),
  };
}
