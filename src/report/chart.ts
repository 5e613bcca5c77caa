/** Charts of the report as SVG text, drawn by Observable Plot in a document of linkedom. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { palette } from "./chart-palette.ts";
import { printable } from "./printable.ts";
import type { Chart, PassAtKChart, TrajectoryChart } from "./section.ts";

const background = "#8a8a8a";

const size = { width: 760, height: 380, marginRight: 150, marginLeft: 48 };

/** The chart as an SVG element's text; names are escaped by the serialiser. */
export function chartSvg(chart: Chart): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const { plot, name } = plotOf(chart);
  const svg = Plot.plot({
    ...size,
    ...plot,
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  return svg.outerHTML;
}

function plotOf(chart: Chart): { plot: Plot.PlotOptions; name: string } {
  if (chart.kind === "pass-at-k") return { plot: passAtKPlot(chart), name: "pass@k against k" };
  return { plot: trajectoryPlot(chart), name: "rates over training" };
}

function passAtKPlot(chart: PassAtKChart): Plot.PlotOptions {
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
  marks.push(endLabels(named.map((series) => ({ label: series.label, at: endOf(series) }))));
  return {
    x: { type: "log", label: "draws k", grid: true, tickFormat: drawCountText },
    y: { domain: [0, 1], label: "pass@k", grid: true },
    marks,
  };
}

function trajectoryPlot(chart: TrajectoryChart): Plot.PlotOptions {
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
  marks.push(endLabels(ends));
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
