/** Quantities against N on a logarithmic axis, a line a model. */
import * as Plot from "@observablehq/plot";
import type { CurveChart, CurveSeries } from "./chart-data.ts";
import { palette, seriesColours } from "./chart-palette.ts";
import {
  background,
  type ChartPlotOptions,
  endLabels,
  estimateText,
  hoverMarks,
  markAtN,
  nText,
  powerOfTenText,
  shortName,
} from "./chart-plot-parts.ts";

/** Smaller values stand at the foot of a logarithmic axis. */
const lowestFloor = 1e-5;

export function curvePlot(chart: CurveChart, options: ChartPlotOptions): Plot.PlotOptions {
  const { ns, series, yScale } = chart;
  const log = yScale === "log";
  const floor = log ? floorOf(chart) : 0;
  const raised = (value: number) => (log ? Math.max(value, floor) : value);
  const lines = series.map((entry) => ({
    ...entry,
    points: ns.map((n, index) => {
      const { estimate, lower, upper } = entry;
      const middle = middleAt(entry, index);
      return {
        n,
        estimate: estimate === undefined ? undefined : raised(middle),
        y: raised(middle),
        lower: raised(lower?.[index] ?? middle),
        upper: raised(upper?.[index] ?? middle),
      };
    }),
  }));
  const named = lines.filter(({ emphasised }) => emphasised).slice(0, palette.length);
  const marks: Plot.Markish[] = log ? [] : [Plot.ruleY([0])];
  for (const line of lines.filter((entry) => !named.includes(entry))) {
    const selected = line.label === options.model;
    marks.push(
      Plot.lineY(line.points, {
        x: "n",
        y: "estimate",
        stroke: selected ? "currentColor" : background,
        strokeWidth: selected ? 3 : 1.5,
        strokeOpacity: selected ? 1 : 0.35,
      }),
    );
  }
  const colours = seriesColours(series);
  for (const line of named) {
    const colour = colours.get(line.label) ?? background;
    if (line.lower !== undefined) {
      const fillOpacity = bandOpacity(line, chart, options);
      marks.push(Plot.areaY(line.points, { x: "n", y1: "lower", y2: "upper", fill: colour, fillOpacity }));
    }
    const strokeWidth = line.label === options.model ? 4 : 2;
    marks.push(Plot.lineY(line.points, { x: "n", y: "estimate", stroke: colour, strokeWidth }));
  }
  marks.push(
    ...markAtN(options),
    ...(chart.complement === undefined
      ? endLabels(
          named.map(({ label, points }) => {
            const last = points.at(-1);
            return { label, colour: colours.get(label), at: last && { x: last.n, y: last.y } };
          }),
          { ...options, scale: log ? "log" : "linear", floor },
        )
      : []),
    ...hoverMarks(hoverPoints(chart, raised), options),
  );
  const { complement } = chart;
  if (complement !== undefined) {
    marks.push(
      Plot.axisX({
        anchor: "top",
        label: complement.x,
        labelAnchor: "center",
        tickFormat: (n: number) => inverseText(n),
      }),
      Plot.axisY({ anchor: "right", label: complement.y, tickFormat: (y: number) => (1 - y).toFixed(1) }),
      Plot.axisX({ label: chart.xLabel, tickFormat: powerOfTenText }),
      Plot.axisY({ label: chart.yLabel }),
    );
  }
  return {
    ...(complement !== undefined && { marginRight: 48, marginTop: 40 }),
    x: { type: "log", label: chart.xLabel, grid: true, tickFormat: powerOfTenText },
    y: {
      label: chart.yLabel,
      grid: true,
      ...(yScale !== "linear" && { domain: [floor, 1] }),
      ...(log && { type: "log", clamp: true, tickFormat: powerOfTenText }),
    },
    marks,
  };
}

/** Where one line is selected the bands of the others fade. */
function bandOpacity(line: CurveSeries, { series }: CurveChart, { model }: ChartPlotOptions): number {
  if (line.estimate === undefined) return 0.35;
  if (!series.some(({ label }) => label === model)) return 0.1;
  return line.label === model ? 0.22 : 0.03;
}

/** The estimate, or the middle of the interval. */
function middleAt({ estimate, lower, upper }: CurveSeries, index: number): number {
  return estimate?.[index] ?? ((lower?.[index] ?? 0) + (upper?.[index] ?? 0)) / 2;
}

/** The power of ten under the smallest estimate above 0. */
function floorOf({ series }: CurveChart): number {
  const positive = series.flatMap(({ estimate = [] }) => estimate.filter((value) => value > 0));
  const least = positive.reduce((smallest, value) => Math.min(smallest, value), 0.5);
  return Math.max(lowestFloor, 10 ** Math.floor(Math.log10(least)));
}

function hoverPoints({ ns, series, xLabel, yLabel, yScale }: CurveChart, raised: (value: number) => number) {
  return series.flatMap((entry) =>
    ns.map((n, index) => {
      const { label, estimate, lower, upper, sample } = entry;
      const interval = { lower: lower?.[index], upper: upper?.[index] };
      const numbers = estimateText({ estimate: estimate?.[index], ...interval, isRate: yScale !== "linear" });
      return {
        x: n,
        y: raised(middleAt(entry, index)),
        model: label,
        title: `${shortName(label)}\n${yLabel} at ${xLabel} = ${nText(n)}: ${numbers}\n${sample}`,
      };
    }),
  );
}

function inverseText(n: number): string {
  const exponent = Math.log10(n);
  return Math.abs(exponent - Math.round(exponent)) > 1e-9 ? "" : String(Number((1 / n).toPrecision(1)));
}
