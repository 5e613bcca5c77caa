/** Quantities of checkpoints over training, a plot each with one axis of training in common. */
import * as Plot from "@observablehq/plot";
import type { TrainingChart, TrainingPick, TrainingRow } from "./chart-data.ts";
import { palette } from "./chart-palette.ts";
import {
  type ChartPlotOptions,
  estimateText,
  hoverMarks,
  nText,
  type PlannedPlot,
  shortName,
} from "./chart-plot-parts.ts";
import { countText } from "./number-text.ts";
import { nearestPosition } from "./slider-grid.ts";

const rowHeight = 118;
const axisHeight = 34;

/** The picks behind all rows, then the rows: N changes few of them. */
export function trainingPlots(chart: TrainingChart, options: ChartPlotOptions): PlannedPlot[] {
  const named = options.n === undefined ? "" : nText(options.n);
  const picks: PlannedPlot = {
    key: `${named} ${chart.picks.map((pick) => pickAtN(pick, options.n)).join(" ")}`,
    height: chart.rows.reduce((sum, _, index) => sum + rowSizes(chart, index).height, 0),
    isBehind: true,
    options: () => picksPlot(chart, options),
  };
  const rows = chart.rows.map((row, index) => ({
    key: `${bandAtN(row, options.n).n ?? ""}`,
    height: rowSizes(chart, index).height,
    options: () => rowPlot(chart, index, options),
  }));
  return [picks, ...rows];
}

/** The first row has the picks' names above it, the last one the axis below. */
function rowSizes({ rows }: TrainingChart, index: number) {
  const isFirst = index === 0;
  const isLast = index === rows.length - 1;
  return {
    height: rowHeight + (isLast ? axisHeight : 0) + (isFirst ? 18 : 0),
    marginTop: isFirst ? 40 : 22,
    marginBottom: isLast ? axisHeight : 6,
    marginRight: 24,
  };
}

const trainingScale = ({ at }: TrainingChart) => ({
  type: at.every((value) => value > 0) ? ("log" as const) : ("linear" as const),
  domain: [at[0] ?? 0, at.at(-1) ?? 1],
});

function rowPlot(chart: TrainingChart, index: number, options: ChartPlotOptions): Plot.PlotOptions {
  const row = chart.rows[index];
  if (row === undefined) throw new RangeError(`row is ${index}: the chart has ${chart.rows.length}`);
  const isLast = index === chart.rows.length - 1;
  const { height: _, ...margins } = rowSizes(chart, index);
  return {
    ...margins,
    x: { ...trainingScale(chart), label: isLast ? chart.unit : null, ...(!isLast && { ticks: 0 }) },
    y: {
      label: `↑ ${rowLabel(row, options)}`,
      labelArrow: "none",
      grid: true,
      ticks: 4,
      nice: true,
      domain: rowDomain(row, options),
    },
    marks: rowMarks(chart, row, options, index),
  };
}

/** The band at the slider's N and that N: for a row without N its only band. */
export function bandAtN(row: TrainingRow, n: number | undefined) {
  const position = row.ns === undefined || n === undefined ? 0 : positionUpTo(row.ns, n);
  return { band: row.bands[position], n: row.ns?.[position] };
}

/** The largest of the ns that is at most n. */
const positionUpTo = (ns: readonly number[], n: number) =>
  Math.max(
    0,
    ns.findLastIndex((value) => value <= n),
  );

/** A row's name with the N that it stands at. */
export function rowLabel(row: TrainingRow, options: ChartPlotOptions): string {
  const { n } = bandAtN(row, options.n);
  if (n === undefined) return row.label;
  if (row.label === "pass@N") return `pass@${nText(n)}`;
  return row.label.replace(/\bN\b/, `N = ${nText(n)}`);
}

/** What is drawn and its intervals; from 0 where that is near. */
function rowDomain(row: TrainingRow, options: ChartPlotOptions): [number, number] {
  const { band } = bandAtN(row, options.n);
  const values = [...(band?.estimate ?? []), ...(band?.lower ?? []), ...(band?.upper ?? [])];
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return [0, 1];
  const largest = Math.max(...known);
  const smallest = Math.min(...known);
  const least = smallest > 0 && smallest < largest / 2 ? 0 : smallest;
  return largest > least ? [least, largest] : [least, least + 0.01];
}

function rowMarks(
  chart: TrainingChart,
  row: TrainingRow,
  options: ChartPlotOptions,
  index: number,
): Plot.Markish[] {
  const { band } = bandAtN(row, options.n);
  const points = chart.at.flatMap((at, place) => {
    const estimate = band?.estimate[place];
    if (estimate == null) return [];
    const [lower, upper] = [band?.lower[place], band?.upper[place]];
    const model = chart.models[place] ?? "";
    const title = () => {
      const numbers = estimateText({ estimate, lower, upper, isRate: row.isRate });
      return `${shortName(model)} (${chart.unit} ${countText(at)})\n${rowLabel(row, options)}: ${numbers}\n${row.sample}`;
    };
    return [
      {
        at,
        x: at,
        y: estimate,
        lower: lower ?? estimate,
        upper: upper ?? estimate,
        model,
        title: options.hover ? title() : "",
      },
    ];
  });
  const colour = palette[index % palette.length] ?? "currentColor";
  return [
    Plot.areaY(points, { x: "at", y1: "lower", y2: "upper", fill: colour, fillOpacity: 0.16 }),
    Plot.lineY(points, { x: "at", y: "y", stroke: colour, strokeWidth: 2 }),
    Plot.dot(points, { x: "at", y: "y", fill: colour, render: discsAsOnePath(2.5, colour) }),
    Plot.dot(
      points.filter(({ model }) => model === options.model),
      { x: "at", y: "y", stroke: "currentColor", strokeWidth: 2, r: 6 },
    ),
    ...hoverMarks(points, options),
  ];
}

/** Discs of one colour as one element: a hundred of them are drawn anew with every frame while N is dragged. */
function discsAsOnePath(radius: number, colour: string): Plot.RenderFunction {
  const half = (width: number) => `a${radius},${radius},0,1,1,${width},0`;
  const disc = half(2 * radius) + half(-2 * radius);
  return (index, _scales, { x: xs = [], y: ys = [] }, _dimensions, { document }) => {
    const discs = Array.from(index, (at) => `M${xs[at] - radius},${ys[at]}${disc}`);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("fill", colour);
    path.setAttribute("d", discs.join(""));
    return path;
  };
}

/** Where a pick stands at the slider's N. */
export function pickAtN(pick: TrainingPick, n: number | undefined): number | null {
  const position = pick.ns === undefined || n === undefined ? 0 : nearestPosition(pick.ns, n);
  return pick.positions[position] ?? null;
}

const dashes = ["", "5 4"];

/** A line through every row at each pick, and its name above the first. */
function picksPlot(chart: TrainingChart, options: ChartPlotOptions): Plot.PlotOptions {
  const tops = chart.rows.map((_, index) => {
    const above = chart.rows.slice(0, index);
    return above.reduce((sum, _row, place) => sum + rowSizes(chart, place).height, 0);
  });
  const lines = tops.map((top, index) => {
    const { height, marginTop, marginBottom } = rowSizes(chart, index);
    return { top: top + marginTop, bottom: top + height - marginBottom };
  });
  return {
    marginTop: lines[0]?.top ?? 0,
    marginRight: 24,
    x: { ...trainingScale(chart), axis: null },
    y: { type: "identity", axis: null },
    marks: chart.picks.flatMap((pick, index) => {
      const position = pickAtN(pick, options.n);
      const at = position === null ? undefined : chart.at[position];
      if (at === undefined) return [];
      const label =
        options.n === undefined ? pick.label : pick.label.replace(/\bN\b/, `N = ${nText(options.n)}`);
      const isRight = chart.at.length > 1 && (position ?? 0) >= chart.at.length / 2;
      return [
        Plot.ruleX(lines, {
          x: () => at,
          y1: "top",
          y2: "bottom",
          stroke: "currentColor",
          strokeOpacity: 0.75,
          ...(dashes[index] !== "" && { strokeDasharray: dashes[index] }),
        }),
        Plot.text([{ at, label }], {
          x: "at",
          text: "label",
          frameAnchor: "top",
          dy: -14 - 12 * index,
          dx: isRight ? -3 : 3,
          textAnchor: isRight ? "end" : "start",
          fontWeight: 600,
        }),
      ];
    }),
  };
}
