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

export function trainingPlots(chart: TrainingChart, options: ChartPlotOptions): PlannedPlot[] {
  const picks = chart.picks.map((pick) => pickAtN(pick, options.n)).join(" ");
  return chart.rows.map((row, index) => {
    const isFirst = index === 0;
    const isLast = index === chart.rows.length - 1;
    // The first row names N beside the picks.
    const named = isFirst && options.n !== undefined ? nText(options.n) : "";
    return {
      key: `${bandAtN(row, options.n).n ?? ""} ${picks} ${named}`,
      height: rowHeight + (isLast ? axisHeight : 0) + (isFirst ? 18 : 0),
      options: () => rowPlot(chart, index, options),
    };
  });
}

function rowPlot(chart: TrainingChart, index: number, options: ChartPlotOptions): Plot.PlotOptions {
  const row = chart.rows[index];
  if (row === undefined) throw new RangeError(`row is ${index}: the chart has ${chart.rows.length}`);
  const isFirst = index === 0;
  const isLast = index === chart.rows.length - 1;
  return {
    marginTop: isFirst ? 40 : 22,
    marginBottom: isLast ? axisHeight : 6,
    marginRight: 24,
    x: {
      type: chart.at.every((at) => at > 0) ? "log" : "linear",
      label: isLast ? chart.unit : null,
      domain: [chart.at[0] ?? 0, chart.at.at(-1) ?? 1],
      ...(!isLast && { ticks: 0 }),
    },
    y: {
      label: `↑ ${rowLabel(row, options)}`,
      labelArrow: "none",
      grid: true,
      ticks: 4,
      nice: true,
      domain: rowDomain(row, options),
    },
    marks: [...pickMarks(chart, options, isFirst), ...rowMarks(chart, row, options, index)],
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
    Plot.dot(points, { x: "at", y: "y", fill: colour, r: 2.5 }),
    Plot.dot(
      points.filter(({ model }) => model === options.model),
      { x: "at", y: "y", stroke: "currentColor", strokeWidth: 2, r: 6 },
    ),
    ...hoverMarks(points, options),
  ];
}

/** Where a pick stands at the slider's N. */
export function pickAtN(pick: TrainingPick, n: number | undefined): number | null {
  const position = pick.ns === undefined || n === undefined ? 0 : nearestPosition(pick.ns, n);
  return pick.positions[position] ?? null;
}

const dashes = ["", "5 4"];

function pickMarks(chart: TrainingChart, options: ChartPlotOptions, named: boolean): Plot.Markish[] {
  return chart.picks.flatMap((pick, index) => {
    const position = pickAtN(pick, options.n);
    const at = position === null ? undefined : chart.at[position];
    if (at === undefined) return [];
    const label =
      options.n === undefined ? pick.label : pick.label.replace(/\bN\b/, `N = ${nText(options.n)}`);
    const isRight = chart.at.length > 1 && (position ?? 0) >= chart.at.length / 2;
    const text = Plot.text([{ at, label }], {
      x: "at",
      text: "label",
      frameAnchor: "top",
      dy: -14 - 12 * index,
      dx: isRight ? -3 : 3,
      textAnchor: isRight ? "end" : "start",
      fontWeight: 600,
    });
    const rule = Plot.ruleX([at], {
      stroke: "currentColor",
      strokeOpacity: 0.75,
      ...(dashes[index] !== "" && { strokeDasharray: dashes[index] }),
    });
    return named ? [rule, text] : [rule];
  });
}
