/** The report's charts as options of Observable Plot: drawn by the page in a browser and by Node in linkedom. */
import type { PlotOptions } from "@observablehq/plot";
import type { Chart } from "./chart-data.ts";
import { barPlot } from "./chart-plot-bar.ts";
import { curvePlot } from "./chart-plot-curve.ts";
import { matrixPlots } from "./chart-plot-matrix.ts";
import type { ChartPlotOptions } from "./chart-plot-parts.ts";
import { passAtKPlot } from "./chart-plot-pass-at-k.ts";
import { scatterPlot } from "./chart-plot-scatter.ts";
import { trainingPlots } from "./chart-plot-training.ts";
import { trajectoryPlot } from "./chart-plot-trajectory.ts";
import { winnerPlot } from "./chart-plot-winner.ts";
import { nearestPosition } from "./slider-grid.ts";

export type { ChartPlotOptions } from "./chart-plot-parts.ts";

export interface ChartPlots {
  /** One below another; those without a height share the chart's. */
  readonly plots: readonly PlotOptions[];
  /** What the chart is called by people who do not see it. */
  readonly name: string;
}

/** A chart's marks and scales. */
export function chartPlots(chart: Chart, options: ChartPlotOptions = {}): ChartPlots {
  const marginRight = options.narrow ? 16 : 150;
  switch (chart.kind) {
    case "pass-at-k":
      return { plots: [{ marginRight, ...passAtKPlot(chart, options) }], name: "pass@k against k" };
    case "trajectory":
      return { plots: [{ marginRight, ...trajectoryPlot(chart, options) }], name: "rates over training" };
    case "curve":
      return { plots: [{ marginRight, ...curvePlot(chart, options) }], name: chart.name };
    case "training":
      return { plots: trainingPlots(chart, options), name: "quantities of the checkpoints over training" };
    case "winner":
      return { plots: [winnerPlot(chart, options)], name: "the tournament's winner against N" };
    case "matrix":
      return { plots: matrixPlots(chart, options), name: "share of responses by row and column" };
    case "bar":
      return { plots: [barPlot(chart, options)], name: chart.name };
    case "scatter":
      return { plots: [scatterPlot(chart, options)], name: chart.name };
  }
}

/** True where the slider's N changes what is drawn, and not only a mark on an axis. */
export function redrawsWithN({ kind }: Chart): boolean {
  return kind === "training" || kind === "matrix" || kind === "scatter";
}

/** The N that the chart is drawn at for the slider's: one of its own, so that it is drawn anew no more often than it changes. */
export function drawnN(chart: Chart, n: number): number {
  if (chart.kind !== "matrix") return n;
  return chart.ns[nearestPosition(chart.ns, n)] ?? n;
}

/** True where N is the horizontal axis. */
export function hasAxisOfN({ kind }: Chart): boolean {
  return kind === "pass-at-k" || kind === "curve" || kind === "winner";
}
