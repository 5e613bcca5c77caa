/** Two measures of the checkpoints against each other, at the slider's N. */
import * as Plot from "@observablehq/plot";
import type { ScatterChart } from "./chart-data.ts";
import { palette } from "./chart-palette.ts";
import {
  type ChartPlotOptions,
  estimateText,
  hoverMarks,
  nText,
  type PlannedPlot,
  shortName,
} from "./chart-plot-parts.ts";

/** The largest N of the chart that is at most the slider's. */
function scatterPosition({ ns }: ScatterChart, n: number | undefined): number {
  return n === undefined
    ? 0
    : Math.max(
        0,
        ns.findLastIndex((value) => value <= n),
      );
}

export function scatterPlots(chart: ScatterChart, options: ChartPlotOptions): PlannedPlot[] {
  const position = scatterPosition(chart, options.n);
  return [{ key: String(position), options: () => scatterPlot(chart, position, options) }];
}

function scatterPlot(chart: ScatterChart, position: number, options: ChartPlotOptions): Plot.PlotOptions {
  const n = chart.ns[position] ?? 1;
  const points = chart.points.map(({ label, x, y, sample }) => {
    const estimate = y.estimate[position] ?? 0;
    const [lower, upper] = [y.lower?.[position], y.upper?.[position]];
    const across = x[position] ?? x[0] ?? 0;
    const isRate = x.length > 1;
    return {
      x: across,
      y: estimate,
      lower: lower ?? estimate,
      upper: upper ?? estimate,
      model: label,
      name: shortName(label).slice(0, 24),
      title: options.hover
        ? `${shortName(label)}\npass@${nText(n)} ${estimateText({ estimate, lower, upper })}\n${chart.xLabel.replace(/\bN\b/, `N = ${nText(n)}`)}: ${estimateText({ estimate: across, isRate })}\n${sample}`
        : "",
    };
  });
  const correlation = chart.correlation[position];
  const ranks =
    correlation == null
      ? "no rank correlation"
      : `rank correlation ${correlation.toFixed(2).replace("-", "−")}`;
  const across = extent(points.flatMap(({ x }) => [x]));
  const up = extent(points.flatMap(({ lower, upper }) => [lower, upper]));
  return {
    marginRight: options.narrow ? 24 : 130,
    marginTop: 34,
    x: {
      label: `${chart.xLabel.replace(/\bN\b/, `N = ${nText(n)}`)} →`,
      labelArrow: "none",
      grid: true,
      nice: true,
      domain: across,
    },
    y: { label: `↑ pass@${nText(n)}`, labelArrow: "none", grid: true, nice: true, domain: up },
    marks: [
      Plot.text([`${ranks} at N = ${nText(n)}`], { frameAnchor: "top-right", dy: -20, fontWeight: 600 }),
      Plot.ruleX(points, { x: "x", y1: "lower", y2: "upper", stroke: palette[0], strokeOpacity: 0.45 }),
      Plot.dot(points, {
        x: "x",
        y: "y",
        r: ({ model }: { model: string }) => (model === options.model ? 7 : 4),
        fill: palette[0],
        stroke: "var(--paper, white)",
      }),
      ...(options.narrow
        ? []
        : [
            Plot.text(apart(points, { across, up }), {
              x: "x",
              y: "y",
              text: "name",
              textAnchor: "start",
              dx: 8,
            }),
          ]),
      ...hoverMarks(points, options),
    ],
    r: { type: "identity" },
  };
}

type Extent = [number, number];

function extent(values: readonly number[]): Extent {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return most > least ? [least, most] : [least - 0.01, most + 0.01];
}

/** Points whose names do not cover the name of one before them. */
function apart<Point extends { readonly x: number; readonly y: number }>(
  points: readonly Point[],
  { across, up }: { readonly across: Extent; readonly up: Extent },
): Point[] {
  const named: Point[] = [];
  for (const point of points) {
    const covers = (other: Point) =>
      Math.abs(point.x - other.x) < 0.18 * (across[1] - across[0]) &&
      Math.abs(point.y - other.y) < 0.05 * (up[1] - up[0]);
    if (!named.some(covers)) named.push(point);
  }
  return named;
}
