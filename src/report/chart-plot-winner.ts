/** Which model wins at each N: a strip a model. */
import * as Plot from "@observablehq/plot";
import type { WinnerChart } from "./chart-data.ts";
import { palette } from "./chart-palette.ts";
import {
  type ChartPlotOptions,
  estimateText,
  hoverMarks,
  markAtN,
  nText,
  powerOfTenText,
  shortName,
} from "./chart-plot-parts.ts";

interface Strip {
  readonly model: string;
  readonly from: number;
  readonly to: number;
}

export const winnerHeight = ({ models }: WinnerChart) => 26 * models.length + 60;

export function winnerPlot(chart: WinnerChart, options: ChartPlotOptions): Plot.PlotOptions {
  const { ns, models, winners, scores, beside } = chart;
  const colour = palette[0];
  const edges = midpoints(ns);
  const wins = ns.map((_, index): Strip => strip(models[winners[index] ?? 0], edges, index));
  const compared = beside.map(({ n }) => ns[n] ?? 1);
  const comparedEdges = midpoints(compared);
  const others = beside.flatMap((set, index) =>
    set.models.map((model) => strip(models[model], comparedEdges, index)),
  );
  const points = ns.map((n, index) => {
    const model = models[winners[index] ?? 0] ?? "";
    return {
      x: n,
      y: model,
      model,
      title: `${shortName(model)}\nwins at N = ${nText(n)} with score ${estimateText({ estimate: scores[index] ?? 0 })}`,
    };
  });
  return {
    marginLeft: options.narrow ? 110 : 190,
    marginRight: 24,
    x: { type: "log", label: "N", grid: true, tickFormat: powerOfTenText },
    y: {
      type: "band",
      domain: models,
      label: null,
      padding: 0.25,
      tickFormat: (model: string) => nameIn(model, options),
    },
    marks: [
      Plot.barX(others, { x1: "from", x2: "to", y: "model", fill: colour, fillOpacity: 0.25 }),
      Plot.barX(wins, { x1: "from", x2: "to", y: "model", fill: colour }),
      ...outlined(chart, options),
      ...markAtN(options),
      ...hoverMarks(points, options),
    ],
  };
}

function outlined({ models, ns }: WinnerChart, { model }: ChartPlotOptions): Plot.Markish[] {
  if (model === undefined || !models.includes(model)) return [];
  const row = [{ model, from: ns[0], to: ns.at(-1) }];
  return [Plot.barX(row, { x1: "from", x2: "to", y: "model", fill: "none", stroke: "currentColor" })];
}

export const nameIn = (model: string, { narrow }: ChartPlotOptions) => {
  const longest = narrow ? 14 : 28;
  const name = shortName(model);
  return name.length > longest ? `…${name.slice(1 - longest)}` : name;
};

const strip = (model: string | undefined, edges: readonly number[], index: number): Strip => ({
  model: model ?? "",
  from: edges[index] ?? 1,
  to: edges[index + 1] ?? 1,
});

/** Edges between neighbours on the logarithmic axis, and the ends. */
function midpoints(ns: readonly number[]): number[] {
  const between = ns.slice(1).map((n, index) => Math.sqrt(n * (ns[index] ?? n)));
  return [ns[0] ?? 1, ...between, ns.at(-1) ?? 1];
}
