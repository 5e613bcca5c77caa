/** Rates over training in one frame. */
import * as Plot from "@observablehq/plot";
import type { TrajectoryChart } from "./chart-data.ts";
import { palette } from "./chart-palette.ts";
import { background, type ChartPlotOptions, endLabels, hoverMarks, shortName } from "./chart-plot-parts.ts";
import { countText, intervalText } from "./number-text.ts";

export function trajectoryPlot(chart: TrajectoryChart, options: ChartPlotOptions): Plot.PlotOptions {
  const marks: Plot.Markish[] = [Plot.ruleY([0])];
  chart.series.forEach((series, index) => {
    const colour = palette[index % palette.length] ?? background;
    marks.push(
      Plot.areaY(series.points, { x: "at", y1: "lower", y2: "upper", fill: colour, fillOpacity: 0.14 }),
      Plot.lineY(series.points, { x: "at", y: "estimate", stroke: colour, strokeWidth: 2 }),
      Plot.dot(series.points, { x: "at", y: "estimate", fill: colour, r: 2.5 }),
    );
  });
  const ends = chart.series.map((series, index) => {
    const last = series.points.at(-1);
    const colour = palette[index % palette.length];
    return { label: series.label, colour, at: last && { x: last.at, y: last.estimate } };
  });
  const points = chart.series.flatMap(({ label, points: own }) =>
    own.map(({ at, estimate, lower, upper }) => ({
      x: at,
      y: estimate,
      title: `${shortName(label)}, ${chart.unit} ${countText(at)}\n${intervalText({ estimate, lower, upper })}`,
    })),
  );
  marks.push(...endLabels(ends, { ...options, top: 1 }), ...hoverMarks(points, options));
  const positive = chart.series.every(({ points }) => points.every(({ at }) => at > 0));
  return {
    x: { type: positive ? "log" : "linear", label: chart.unit, grid: true },
    y: { domain: [0, 1], grid: true, label: "rate" },
    marks,
  };
}
