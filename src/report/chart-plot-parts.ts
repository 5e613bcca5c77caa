/** What all charts are drawn with: colours, names beside lines, numbers at the pointer, ticks. */
import * as Plot from "@observablehq/plot";
import { palette } from "./chart-palette.ts";
import { countText, rangeText, rateText } from "./number-text.ts";
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
  readonly at: { readonly x: number; readonly y: number } | undefined;
}

/** Names beside the ends of lines, in the lines' colours, pushed apart so that none covers another. */
export function endLabels(
  ends: readonly EndLabel[],
  options: ChartPlotOptions & {
    readonly scale?: "linear" | "log";
    /** The least value of the axis, 0 where absent. */
    readonly floor?: number;
    /** Height of a name as a share of the axis. */
    readonly nameHeight?: number;
  },
): Plot.Markish[] {
  if (options.narrow) return [];
  const log = options.scale === "log";
  const floor = options.floor ?? 0;
  const height = (y: number) => (log ? Math.log(Math.max(y, floor)) : y);
  const placed = ends
    .map((end, index) => ({ ...end, colour: palette[index % palette.length] ?? background }))
    .flatMap(({ at, label, colour }) => (at === undefined ? [] : [{ ...at, label, colour }]));
  const heights = [...placed.map(({ y }) => height(y)), height(floor), ...(log ? [0] : [])];
  const gap = (options.nameHeight ?? 0.055) * Math.max(Math.max(...heights) - Math.min(...heights), 1e-9);
  placed.sort((left, right) => height(right.y) - height(left.y));
  let previous = Number.POSITIVE_INFINITY;
  const rows = placed.map(({ x, y: own, label, colour }) => {
    const y = Math.min(height(own), previous - gap);
    previous = y;
    return { x, y: log ? Math.exp(y) : y, text: printable(label, 24), colour };
  });
  // Those pushed below the axis stand on it from the bottom up instead.
  if (log) {
    let lowest = Math.log(floor);
    for (const row of rows.toReversed()) {
      row.y = Math.exp(Math.max(Math.log(row.y), lowest));
      lowest = Math.log(row.y) + gap;
    }
  }
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
    const interval =
      lower == null || upper == null ? "" : ` [${lower.toPrecision(4)}, ${upper.toPrecision(4)}]`;
    return estimate.toPrecision(4) + interval;
  }
  return lower == null || upper == null
    ? rateText(estimate)
    : `${rateText(estimate)} ${rangeText({ lower, upper })}`;
}

export const shortName = (label: string) => printable(label, 60);
