/** What all charts are drawn with: colours, names beside lines, numbers at the pointer, ticks. */
import * as Plot from "@observablehq/plot";
import { countText, rangeText, rateText, realText } from "./number-text.ts";
import { printable } from "./printable.ts";

export const background = "#8a8a8a";

export interface ChartPlotOptions {
  /** Names of lines do not fit beside them. */
  readonly narrow?: boolean;
  /** Numbers at the pointer; in a browser only. */
  readonly hover?: boolean;
  /** The slider's N; marked where N is an axis, looked up elsewhere. */
  readonly n?: number | undefined;
  /** The model that stands out. */
  readonly model?: string | undefined;
}

/** A plot of a chart that is not laid out yet. */
export interface PlannedPlot {
  /** Equal for values of N at which the plot looks the same. */
  readonly key: string;
  /** Pixels; absent where it takes the chart's. */
  readonly height?: number;
  /** Stands behind those that follow, and takes no place of its own. */
  readonly isBehind?: boolean;
  readonly options: () => Plot.PlotOptions;
}

export interface HoverPoint {
  readonly x: number | string;
  readonly y: number | string;
  readonly title: string;
  /** What a click on it selects. */
  readonly model?: string;
}

/** The nearest point's numbers. */
export function hoverMarks(points: readonly HoverPoint[], options: ChartPlotOptions): Plot.Markish[] {
  if (!options.hover) return [];
  return [Plot.tip(points, Plot.pointer({ x: "x", y: "y", title: "title", maxRadius: 60 }))];
}

/** A line at the slider's N. */
export function markAtN(options: ChartPlotOptions): Plot.Markish[] {
  if (options.n === undefined) return [];
  return [Plot.ruleX([options.n], { stroke: "currentColor", strokeDasharray: "3 3" })];
}

export interface EndLabel {
  readonly label: string;
  readonly colour: string | undefined;
  readonly at: { readonly x: number; readonly y: number } | undefined;
}

/** Names beside the ends of lines, in the lines' colours, pushed apart so that none covers another. */
export function endLabels(
  ends: readonly EndLabel[],
  options: ChartPlotOptions & {
    readonly scale?: "linear" | "log";
    /** The least value of the axis, 0 where absent. */
    readonly floor?: number;
    /** The greatest value of the axis, that of the ends where absent. */
    readonly top?: number;
    /** Height of a name as a share of the axis. */
    readonly nameHeight?: number;
  },
): Plot.Markish[] {
  if (options.narrow) return [];
  const log = options.scale === "log";
  const { floor = 0, top = log ? 1 : undefined } = options;
  const height = (y: number) => (log ? Math.log(Math.max(y, floor)) : y);
  const placed = ends.flatMap(({ at, label, colour = background }) =>
    at === undefined ? [] : [{ x: at.x, height: height(at.y), text: printable(label, 24), colour }],
  );
  placed.sort((left, right) => right.height - left.height);
  const highest = top === undefined ? (placed[0]?.height ?? 0) : height(top);
  const lowest = Math.min(height(floor), placed.at(-1)?.height ?? 0);
  const gap = (options.nameHeight ?? 0.055) * Math.max(highest - lowest, 1e-9);
  let above = Number.POSITIVE_INFINITY;
  for (const name of placed) above = name.height = Math.min(name.height, above - gap);
  // Those pushed below the axis stand on it from the bottom up instead.
  let below = height(floor);
  for (const name of placed.toReversed()) {
    name.height = Math.max(name.height, below);
    below = name.height + gap;
  }
  const rows = placed.map(({ height: y, ...name }) => ({ ...name, y: log ? Math.exp(y) : y }));
  const style = { textAnchor: "start", dx: 7, fontWeight: 600 } as const;
  return [Plot.text(rows, { x: "x", y: "y", text: "text", fill: "colour", ...style })];
}

/** Ticks of a logarithmic axis: only powers of ten get a label. */
export function powerOfTenText(value: number): string {
  const exponent = Math.log10(value);
  if (Math.abs(exponent - Math.round(exponent)) > 1e-9) return "";
  return value < 1 ? String(Number(value.toPrecision(1))) : value.toLocaleString("en-US");
}

/** N as people write it: an integer with separators, else three digits. */
export const nText = (n: number) => (Number.isInteger(n) ? countText(n) : String(Number(n.toPrecision(3))));

/** An estimate with its interval, where it has one, or the interval alone. */
export function estimateText(value: {
  readonly estimate?: number | undefined;
  readonly lower?: number | null | undefined;
  readonly upper?: number | null | undefined;
  readonly isRate?: boolean;
}): string {
  const { estimate, lower, upper, isRate = true } = value;
  if (estimate === undefined) return lower == null || upper == null ? "–" : rangeText({ lower, upper });
  if (!isRate) {
    const interval = lower == null || upper == null ? "" : ` [${realText(lower)}, ${realText(upper)}]`;
    return realText(estimate) + interval;
  }
  return lower == null || upper == null
    ? rateText(estimate)
    : `${rateText(estimate)} ${rangeText({ lower, upper })}`;
}

export const shortName = (label: string) => printable(label, 60);
