/** The report's charts as options of Observable Plot: drawn by the page in a browser and by Node in linkedom. */
import type { Chart } from "./chart-data.ts";
import { barHeight, barPlot } from "./chart-plot-bar.ts";
import { bestOfNPlots } from "./chart-plot-best-of-n.ts";
import { curvePlot } from "./chart-plot-curve.ts";
import { matrixPlots } from "./chart-plot-matrix.ts";
import type { ChartPlotOptions, PlannedPlot } from "./chart-plot-parts.ts";
import { passAtKPlot } from "./chart-plot-pass-at-k.ts";
import { scatterPlots } from "./chart-plot-scatter.ts";
import { trainingPlots } from "./chart-plot-training.ts";
import { trajectoryPlot } from "./chart-plot-trajectory.ts";
import { winnerHeight, winnerPlot } from "./chart-plot-winner.ts";

export type { ChartPlotOptions } from "./chart-plot-parts.ts";

export interface ChartPlots {
  /** One below another; those without a height share the chart's. */
  readonly plots: readonly PlannedPlot[];
  /** What the chart is called by people who do not see it. */
  readonly name: string;
}

/** A chart's marks and scales, laid out where they are asked for. */
export function chartPlots(chart: Chart, options: ChartPlotOptions = {}): ChartPlots {
  const marginRight = options.narrow ? 28 : 150;
  switch (chart.kind) {
    case "pass-at-k":
      return {
        plots: [fixed(() => ({ marginRight, ...passAtKPlot(chart, options) }))],
        name: "pass@k against k",
      };
    case "best-of-n":
      return { plots: bestOfNPlots(chart, { ...options, marginRight }), name: "Best-of-N against N" };
    case "trajectory":
      return {
        plots: [fixed(() => ({ marginRight, ...trajectoryPlot(chart, options) }))],
        name: "rates over training",
      };
    case "curve":
      return { plots: [fixed(() => ({ marginRight, ...curvePlot(chart, options) }))], name: chart.name };
    case "training":
      return { plots: trainingPlots(chart, options), name: "quantities of the checkpoints over training" };
    case "winner":
      return {
        plots: [fixed(() => winnerPlot(chart, options), winnerHeight(chart))],
        name: "the tournament's winner against N",
      };
    case "matrix":
      return { plots: matrixPlots(chart, options), name: "share of responses by row and column" };
    case "bar":
      return { plots: [fixed(() => barPlot(chart, options), barHeight(chart))], name: chart.name };
    case "scatter":
      return { plots: scatterPlots(chart, options), name: chart.name };
  }
}

/** A plot that N moves a mark in at the most. */
function fixed(options: PlannedPlot["options"], height?: number): PlannedPlot {
  return { key: "", options, ...(height !== undefined && { height }) };
}

/** True where N is the horizontal axis: it is a mark there, and changes nothing else. */
export function hasAxisOfN({ kind }: Chart): boolean {
  return kind === "pass-at-k" || kind === "best-of-n" || kind === "curve" || kind === "winner";
}
