/** Shares of a whole as horizontal bars. */
import * as Plot from "@observablehq/plot";
import type { BarChart } from "./chart-data.ts";
import { palette } from "./chart-palette.ts";
import { type ChartPlotOptions, hoverMarks, shortName } from "./chart-plot-parts.ts";
import { nameIn } from "./chart-plot-winner.ts";
import { rateText } from "./number-text.ts";

export const barHeight = ({ bars }: BarChart) => 26 * bars.length + 60;

export function barPlot(chart: BarChart, options: ChartPlotOptions): Plot.PlotOptions {
  const points = chart.bars.map(({ label, value }) => ({
    x: value,
    y: label,
    model: label,
    text: rateText(value),
    title: `${shortName(label)}\n${chart.label} ${rateText(value)}`,
  }));
  return {
    marginLeft: options.narrow ? 110 : 190,
    marginRight: 56,
    x: { label: chart.label, grid: true, domain: [0, Math.max(...points.map(({ x }) => x), 0)] },
    y: {
      type: "band",
      domain: chart.bars.map(({ label }) => label),
      label: null,
      padding: 0.25,
      tickFormat: (model: string) => nameIn(model, options),
    },
    marks: [
      Plot.barX(points, {
        x: "x",
        y: "y",
        fill: palette[0],
        fillOpacity: ({ model }: { model: string }) => (model === options.model ? 1 : 0.75),
      }),
      Plot.text(points, { x: "x", y: "y", text: "text", textAnchor: "start", dx: 4 }),
      Plot.ruleX([0]),
      ...hoverMarks(points, options),
    ],
    opacity: { type: "identity" },
  };
}
