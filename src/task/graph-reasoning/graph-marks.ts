/** The marks of a drawn graph: nodes, edges, and the steps of a response over them. */
import type { PlacedNode } from "./graph-layout.ts";

type Attributes = Readonly<Record<string, string | number>>;

/** An element of an SVG. */
export interface GraphMark {
  readonly tag: "path" | "rect" | "text";
  readonly attributes: Attributes;
  readonly text?: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What the marks have to keep to. */
export interface Frame {
  readonly nodeWidth: number;
  readonly right: number;
  readonly bottom: number;
}

export const nodeHeight = 22;
const ink = "currentColor";
/** Colours of Okabe and Ito: a step along an edge, and one where there is none. */
const [valid, invalid] = ["#0072b2", "#d55e00"];
const arrow = { length: 10, half: 5 };
const bow = 26;

const line = (kind: string, d: string, stroke: string, rest: Attributes): GraphMark => ({
  tag: "path",
  attributes: { class: kind, d, fill: "none", stroke, ...rest },
});

/** Small text; `rest` may say otherwise. */
export const textMark = (text: string, { x, y }: Point, rest: Attributes = {}): GraphMark => ({
  tag: "text",
  attributes: { x, y, fill: ink, "font-size": 10, "text-anchor": "middle", ...rest },
  text,
});

/** An edge between neighbouring layers; `open` on a path to the target. */
export function edgeMark(name: string, [from, to]: readonly [Point, Point], isOpen: boolean, frame: Frame) {
  const { start, end } = straight(from, to, frame);
  return line(isOpen ? "edge open" : "edge", `M${point(start)}L${point(end)}`, ink, {
    "data-edge": name,
    "stroke-width": isOpen ? 1.5 : 1,
    "stroke-opacity": isOpen ? 1 : 0.35,
  });
}

const outlines = {
  open: { rx: nodeHeight / 2, stroke: ink, "stroke-width": 1.5 },
  closed: { rx: 3, stroke: ink, "stroke-dasharray": "2 2" },
  strange: { rx: 3, stroke: invalid, "stroke-width": 1.5, "stroke-dasharray": "4 3" },
} as const;

export function nodeMarks({ name, kind }: PlacedNode, place: Point, { nodeWidth }: Frame): GraphMark[] {
  const corner = plus(place, { x: nodeWidth / 2, y: nodeHeight / 2 }, -1);
  const attributes = {
    class: `node ${kind}`,
    "data-node": name,
    ...corner,
    width: nodeWidth,
    height: nodeHeight,
  };
  return [
    { tag: "rect", attributes: { ...attributes, fill: "white", ...outlines[kind] } },
    textMark(name, plus(place, { x: 0, y: 4 }), {
      "font-size": 12,
      "font-weight": kind === "open" ? 700 : 400,
    }),
  ];
}

/** A step: a thick line along its edge, or a dashed curve with a cross. Its arrowhead and cross go over the nodes. */
export function stepMarks(
  name: string,
  [from, to]: readonly [Point, Point],
  isEdge: boolean,
  frame: Frame,
): { readonly line: GraphMark; readonly over: readonly GraphMark[] } {
  const { start, control, end } = (isEdge ? straight : curved)(from, to, frame);
  const length = Math.hypot(end.x - control.x, end.y - control.y);
  const along = { x: (end.x - control.x) / length, y: (end.y - control.y) / length };
  const neck = plus(end, along, -arrow.length);
  const side = { x: -along.y, y: along.x };
  const tip = `M${point(end)}L${point(plus(neck, side, arrow.half))} ${point(plus(neck, side, -arrow.half))}Z`;
  const colour = isEdge ? valid : invalid;
  const middle = plus(plus(plus(start, control, 2), neck), { x: -20, y: -20 });
  const cross = `M${point({ x: middle.x / 4, y: middle.y / 4 })}l10 10m0 -10l-10 10`;
  return {
    line: line(
      isEdge ? "step valid" : "step invalid",
      `M${point(start)}Q${point(control)} ${point(neck)}`,
      colour,
      {
        "data-step": name,
        "stroke-width": isEdge ? 3.5 : 2,
        "stroke-dasharray": isEdge ? "none" : "6 4",
      },
    ),
    over: [
      line("head", tip, "none", { fill: colour }),
      ...(isEdge ? [] : [line("cross", cross, colour, { "stroke-width": 2.5 })]),
    ],
  };
}

interface Curve {
  readonly start: Point;
  /** Of a quadratic curve, which stays within its three points. */
  readonly control: Point;
  readonly end: Point;
}

function straight(from: Point, to: Point, { nodeWidth }: Frame): Curve {
  const start = plus(from, { x: nodeWidth / 2, y: 0 });
  const end = plus(to, { x: -nodeWidth / 2, y: 0 });
  return { start, control: start, end };
}

/** From side to side and bent, so that it hides no line. */
function curved(from: Point, to: Point, { nodeWidth, right, bottom }: Frame): Curve {
  const half = nodeWidth / 2;
  const across = to.x - from.x;
  // Within a layer, out and back on one side; a node's step to itself as well.
  const out = across === 0 ? (from.x + half + bow > right ? -1 : 1) : Math.sign(across);
  const apart = across === 0 && to.y === from.y ? 7 : 0;
  const start = plus(from, { x: out * half, y: -apart });
  const end = plus(to, { x: (across === 0 ? out : -out) * half, y: apart });
  const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
  const control =
    across === 0
      ? plus(middle, { x: out * bow, y: 0 })
      : { x: middle.x, y: Math.min(bottom, middle.y + bow + 0.15 * Math.abs(end.x - start.x)) };
  return { start, control, end };
}

const plus = (a: Point, b: Point, times = 1): Point => ({ x: a.x + times * b.x, y: a.y + times * b.y });
const point = ({ x, y }: Point) => `${Number(x.toFixed(1))} ${Number(y.toFixed(1))}`;
