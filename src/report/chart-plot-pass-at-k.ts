/** pass@k over k on a logarithmic axis: measured lines, forecast bands. */
import * as Plot from "@observablehq/plot";
import type { PassAtKChart, PassAtKSeries } from "./chart-data.ts";
import { palette, seriesColours } from "./chart-palette.ts";
import {
  background,
  type ChartPlotOptions,
  type EndLabel,
  endLabels,
  hoverMarks,
  markAtN,
  powerOfTenText,
  shortName,
} from "./chart-plot-parts.ts";
import { countText, intervalText, rangeText } from "./number-text.ts";

export function passAtKPlot(chart: PassAtKChart, options: ChartPlotOptions): Plot.PlotOptions {
  const plain = chart.series.filter((series) => !series.emphasised);
  const named = chart.series.filter((series) => series.emphasised).slice(0, palette.length);
  const marks: Plot.Markish[] = [Plot.ruleY([0])];
  for (const series of plain) {
    const selected = series.label === options.model;
    marks.push(
      Plot.lineY(series.measured, {
        x: "k",
        y: "estimate",
        stroke: selected ? "currentColor" : background,
        strokeWidth: selected ? 3 : 1.5,
        strokeOpacity: selected ? 1 : 0.35,
      }),
    );
  }
  const colours = seriesColours(chart.series);
  for (const series of named) {
    const colour = colours.get(series.label) ?? background;
    const last = series.measured.at(-1);
    const joined =
      last === undefined
        ? []
        : [{ k: last.k, lower: last.lower, upper: last.upper, midpoint: last.estimate }];
    const beyond = [...joined, ...series.forecast];
    const strokeWidth = series.label === options.model ? 4 : 2;
    marks.push(
      Plot.areaY(series.measured, { x: "k", y1: "lower", y2: "upper", fill: colour, fillOpacity: 0.16 }),
      Plot.areaY(beyond, { x: "k", y1: "lower", y2: "upper", fill: colour, fillOpacity: 0.09 }),
      Plot.lineY(beyond, { x: "k", y: "midpoint", stroke: colour, strokeDasharray: "5 4" }),
      Plot.lineY(series.measured, { x: "k", y: "estimate", stroke: colour, strokeWidth }),
      Plot.dot(series.measured.length === 1 ? series.measured : [], { x: "k", y: "estimate", fill: colour }),
    );
  }
  const points = chart.series.flatMap(({ label, measured, forecast }) => [
    ...measured.map(({ k, estimate, lower, upper }) => ({
      x: k,
      y: estimate,
      model: label,
      title: `${shortName(label)}\npass@${countText(k)} ${intervalText({ estimate, lower, upper })}`,
    })),
    ...forecast.map(({ k, lower, upper, midpoint }) => ({
      x: k,
      y: midpoint,
      model: label,
      title: `${shortName(label)}\npass@${countText(k)} ${rangeText({ lower, upper })}, forecast`,
    })),
  ]);
  marks.push(
    ...markAtN(options),
    ...endLabels(
      named.map((series) => ({
        label: series.label,
        colour: colours.get(series.label),
        at: endOf(series),
      })),
      { ...options, top: 1 },
    ),
    ...hoverMarks(points, options),
  );
  return {
    x: { type: "log", label: "draws k", grid: true, tickFormat: powerOfTenText },
    y: { domain: [0, 1], label: "pass@k", grid: true },
    marks,
  };
}

function endOf(series: PassAtKSeries): EndLabel["at"] {
  const forecast = series.forecast.at(-1);
  if (forecast !== undefined) return { x: forecast.k, y: forecast.midpoint };
  const measured = series.measured.at(-1);
  return measured && { x: measured.k, y: measured.estimate };
}
