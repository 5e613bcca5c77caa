/** A square of shares by row and column, in few steps of one colour, with the steps' meaning above. */
import * as Plot from "@observablehq/plot";
import type { MatrixChart } from "./chart-data.ts";
import { palette } from "./chart-palette.ts";
import { type ChartPlotOptions, hoverMarks, nText, type PlannedPlot, shortName } from "./chart-plot-parts.ts";
import { nameIn } from "./chart-plot-winner.ts";
import { countText, rateText } from "./number-text.ts";
import { nearestPosition } from "./slider-grid.ts";

const steps = [
  { from: 0, label: "0", opacity: 0 },
  { from: 1e-12, label: "< 1%", opacity: 0.12 },
  { from: 0.01, label: "1–5%", opacity: 0.3 },
  { from: 0.05, label: "5–20%", opacity: 0.5 },
  { from: 0.2, label: "20–50%", opacity: 0.75 },
  { from: 0.5, label: "≥ 50%", opacity: 1 },
] as const;

const opacityOf = (share: number) => steps.findLast(({ from }) => share >= from)?.opacity ?? 0;

export function matrixPlots(chart: MatrixChart, options: ChartPlotOptions): PlannedPlot[] {
  const { ns, models } = chart;
  const position = options.n === undefined ? 0 : nearestPosition(ns, options.n);
  const key = String(position);
  const margins = { marginLeft: options.narrow ? 110 : 190, marginRight: 24 };
  const caption = `share of responses that the row finds N = ${nText(ns[position] ?? 1)} times as probable as the column`;
  return [
    { key, height: 64, options: () => legendPlot(margins, caption) },
    {
      key,
      height: sideOf(chart, options) * models.length + 120,
      options: () => ({ ...margins, ...cellsPlot(chart, position, options) }),
    },
  ];
}

/** Pixels of a cell's side. */
const sideOf = ({ models }: MatrixChart, { narrow }: ChartPlotOptions) =>
  Math.max(narrow ? 12 : 16, Math.min(34, 560 / models.length));

function cellsPlot(chart: MatrixChart, position: number, options: ChartPlotOptions): Plot.PlotOptions {
  const { ns, models, records, hits } = chart;
  const n = ns[position] ?? 1;
  const cells = (hits[position] ?? []).flatMap((count, cell) => {
    const row = Math.floor(cell / models.length);
    const column = cell % models.length;
    if (row === column) return [];
    return [{ row: models[row] ?? "", column: models[column] ?? "", count, share: count / records }];
  });
  const points = (options.hover ? cells : []).map(({ row, column, count, share }) => ({
    x: column,
    y: row,
    model: column,
    title: `${shortName(row)} finds ${rateText(share)} of the responses\n${nText(n)} times as probable as ${shortName(column)}\n${countText(count)} of ${countText(records)} responses`,
  }));
  const inset = models.length > 25 ? 0 : 0.5;
  return {
    marginTop: 16,
    marginBottom: 104,
    x: {
      type: "band",
      domain: models,
      label: null,
      tickRotate: -50,
      tickFormat: (model: string) => nameIn(model, { narrow: true }),
    },
    y: { type: "band", domain: models, label: null, tickFormat: (model: string) => nameIn(model, options) },
    marks: [
      Plot.frame({ strokeOpacity: 0.3 }),
      Plot.cell(cells, {
        x: "column",
        y: "row",
        fill: palette[0],
        fillOpacity: ({ share }: { share: number }) => opacityOf(share),
        inset,
      }),
      ...(options.model === undefined || !models.includes(options.model)
        ? []
        : [
            Plot.cell(
              cells.filter(({ column, row }) => column === options.model || row === options.model),
              { x: "column", y: "row", stroke: "currentColor", fill: "none", inset },
            ),
          ]),
      ...hoverMarks(points, options),
    ],
    opacity: { type: "identity" },
  };
}

function legendPlot(margins: Plot.PlotOptions, caption: string): Plot.PlotOptions {
  return {
    ...margins,
    marginTop: 24,
    marginBottom: 22,
    x: { type: "band", domain: steps.map(({ label }) => label), label: null, tickSize: 0 },
    opacity: { type: "identity" },
    marks: [
      Plot.text([caption], { frameAnchor: "top-left", dy: -18, fontWeight: 600 }),
      Plot.cellX(steps, {
        x: "label",
        fill: palette[0],
        fillOpacity: "opacity",
        stroke: "currentColor",
        strokeOpacity: 0.3,
      }),
    ],
  };
}
