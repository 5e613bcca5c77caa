/** The report's charts as options of Observable Plot: drawn by the page in a browser and by Node in linkedom. */
import * as Plot from "@observablehq/plot";
import { palette } from "./chart-palette.ts";
import { countText, intervalText, rangeText } from "./number-text.ts";
import { printable } from "./printable.ts";
import type { Chart, PassAtKChart, TrajectoryChart } from "./section.ts";

const background = "#8a8a8a";

export interface ChartPlotOptions {
  /** Names of lines do not fit beside them. */
  readonly narrow?: boolean;
  /** Numbers at the pointer; in a browser only. */
  readonly hover?: boolean;
}

/** A chart's marks and scales, and what it is called by people who do not see it. */
export function chartPlot(
  chart: Chart,
  options: ChartPlotOptions = {},
): { readonly plot: Plot.PlotOptions; readonly name: string } {
  const marginRight = options.narrow ? 16 : 150;
  const labels = options.narrow ? () => [] : (ends: readonly EndLabel[]) => [endLabels(ends)];
  const hover = options.hover ? (points: readonly HoverPoint[]) => [hoverTip(points)] : () => [];
  const parts: Parts = { labels, hover };
  if (chart.kind === "pass-at-k") {
    return { plot: { marginRight, ...passAtKPlot(chart, parts) }, name: "pass@k against k" };
  }
  return { plot: { marginRight, ...trajectoryPlot(chart, parts) }, name: "rates over training" };
}

/** What a chart draws beside its lines. */
interface Parts {
  readonly labels: (ends: readonly EndLabel[]) => Plot.Markish[];
  readonly hover: (points: readonly HoverPoint[]) => Plot.Markish[];
}

interface HoverPoint {
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/** The nearest point's numbers. */
function hoverTip(points: readonly HoverPoint[]): Plot.Markish {
  return Plot.tip(points, Plot.pointer({ x: "x", y: "y", title: "title" }));
}

const atText = (value: number, unit: string) =>
  unit === "k" ? `pass@${countText(value)}` : `${unit} ${countText(value)}`;

function passAtKPlot(chart: PassAtKChart, parts: Parts): Plot.PlotOptions {
  const plain = chart.series.filter((series) => !series.emphasised);
  const named = chart.series.filter((series) => series.emphasised).slice(0, palette.length);
  const marks: Plot.Markish[] = [Plot.ruleY([0])];
  for (const series of plain) {
    marks.push(
      Plot.lineY(series.measured, { x: "k", y: "estimate", stroke: background, strokeOpacity: 0.35 }),
    );
  }
  named.forEach((series, index) => {
    const colour = palette[index] ?? background;
    const last = series.measured.at(-1);
    const joined =
      last === undefined
        ? []
        : [{ k: last.k, lower: last.lower, upper: last.upper, midpoint: last.estimate }];
    const beyond = [...joined, ...series.forecast];
    marks.push(
      Plot.areaY(series.measured, { x: "k", y1: "lower", y2: "upper", fill: colour, fillOpacity: 0.16 }),
      Plot.areaY(beyond, { x: "k", y1: "lower", y2: "upper", fill: colour, fillOpacity: 0.09 }),
      Plot.lineY(beyond, { x: "k", y: "midpoint", stroke: colour, strokeDasharray: "5 4" }),
      Plot.lineY(series.measured, { x: "k", y: "estimate", stroke: colour, strokeWidth: 2 }),
      Plot.dot(series.measured.length === 1 ? series.measured : [], { x: "k", y: "estimate", fill: colour }),
    );
  });
  const points = chart.series.flatMap(({ label, measured, forecast }) => [
    ...measured.map(({ k, estimate, lower, upper }) => ({
      x: k,
      y: estimate,
      title: `${printable(label, 60)}\n${atText(k, "k")} ${intervalText({ estimate, lower, upper })}`,
    })),
    ...forecast.map(({ k, lower, upper, midpoint }) => ({
      x: k,
      y: midpoint,
      title: `${printable(label, 60)}\n${atText(k, "k")} ${rangeText({ lower, upper })}, forecast`,
    })),
  ]);
  marks.push(
    ...parts.labels(named.map((series) => ({ label: series.label, at: endOf(series) }))),
    ...parts.hover(points),
  );
  return {
    x: { type: "log", label: "draws k", grid: true, tickFormat: drawCountText },
    y: { domain: [0, 1], label: "pass@k", grid: true },
    marks,
  };
}

function trajectoryPlot(chart: TrajectoryChart, parts: Parts): Plot.PlotOptions {
  const marks: Plot.Markish[] = [Plot.ruleY([0])];
  chart.series.forEach((series, index) => {
    const colour = palette[index % palette.length] ?? background;
    marks.push(
      Plot.areaY(series.points, { x: "at", y1: "lower", y2: "upper", fill: colour, fillOpacity: 0.14 }),
      Plot.lineY(series.points, { x: "at", y: "estimate", stroke: colour, strokeWidth: 2 }),
      Plot.dot(series.points, { x: "at", y: "estimate", fill: colour, r: 2.5 }),
    );
  });
  const ends = chart.series.map((series) => {
    const last = series.points.at(-1);
    return { label: series.label, at: last && { x: last.at, y: last.estimate } };
  });
  const points = chart.series.flatMap(({ label, points: own }) =>
    own.map(({ at, estimate, lower, upper }) => ({
      x: at,
      y: estimate,
      title: `${printable(label, 60)}, ${atText(at, chart.unit)}\n${intervalText({ estimate, lower, upper })}`,
    })),
  );
  marks.push(...parts.labels(ends), ...parts.hover(points));
  const positive = chart.series.every(({ points }) => points.every(({ at }) => at > 0));
  return {
    x: { type: positive ? "log" : "linear", label: chart.unit, grid: true },
    y: { domain: [0, 1], grid: true, label: "rate" },
    marks,
  };
}

interface EndLabel {
  readonly label: string;
  readonly at: { readonly x: number; readonly y: number } | undefined;
}

/** Names beside the ends of lines, in the lines' colours, pushed apart so that none covers another. */
function endLabels(ends: readonly EndLabel[]): Plot.Markish {
  const placed = ends
    .map((end, index) => ({ ...end, colour: palette[index % palette.length] ?? background }))
    .filter((end) => end.at !== undefined);
  const top = Math.max(...placed.map((end) => end.at?.y ?? 0), 1e-9);
  const bottom = Math.min(0, ...placed.map((end) => end.at?.y ?? 0));
  const gap = 0.055 * (top - bottom);
  placed.sort((left, right) => (right.at?.y ?? 0) - (left.at?.y ?? 0));
  let previous = Number.POSITIVE_INFINITY;
  const rows = placed.map((end) => {
    const y = Math.min(end.at?.y ?? 0, previous - gap);
    previous = y;
    return { x: end.at?.x ?? 1, y, text: printable(end.label, 24), colour: end.colour };
  });
  return Plot.text(rows, {
    x: "x",
    y: "y",
    text: "text",
    fill: "colour",
    textAnchor: "start",
    dx: 7,
    fontWeight: 600,
  });
}

function endOf(series: PassAtKChart["series"][number]): EndLabel["at"] {
  const forecast = series.forecast.at(-1);
  if (forecast !== undefined) return { x: forecast.k, y: forecast.midpoint };
  const measured = series.measured.at(-1);
  return measured && { x: measured.k, y: measured.estimate };
}

/** Ticks of a logarithmic axis: only powers of ten get a label. */
function drawCountText(value: number): string {
  const exponent = Math.log10(value);
  if (Math.abs(exponent - Math.round(exponent)) > 1e-9) return "";
  return value.toLocaleString("en-US");
}
