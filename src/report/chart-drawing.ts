/** A chart as one SVG element, in a browser's document or in linkedom's. */
import * as Plot from "@observablehq/plot";
import type { Chart } from "./chart-data.ts";
import { chartPlots, hasAxisOfN } from "./chart-plot.ts";
import type { ChartPlotOptions, PlannedPlot } from "./chart-plot-parts.ts";

/** An element of the document given, as Plot's types have it. */
export type Drawn = ReturnType<typeof Plot.plot>;
export type DrawingDocument = NonNullable<Plot.PlotOptions["document"]>;

export interface ChartDrawing {
  readonly svg: Drawn;
  /** Where N stands on the horizontal axis, if it is on it; undefined where N is no axis. */
  readonly xOf: ((n: number) => number | undefined) | undefined;
  /** The plots, one below another: each has the datum at the pointer as its value. */
  readonly plots: readonly DrawnPlot[];
}

export interface DrawnPlot {
  readonly element: Drawn;
  /** Of what was drawn: equal for values of N at which it looks the same. */
  readonly key: string;
  /** Has numbers at the pointer. */
  readonly hover: boolean;
}

export interface DrawingOptions extends ChartPlotOptions {
  readonly width: number;
  /** Of a chart that has no height of its own. */
  readonly height: number;
  readonly document: DrawingDocument;
  /** The document has Plot's rules of style: a style sheet in each plot has the browser look at every element anew. */
  readonly isStyled?: boolean;
}

const namespace = "http://www.w3.org/2000/svg";

/** Draws the chart's plots one below another, under one name. */
export function drawnChart(chart: Chart, options: DrawingOptions): ChartDrawing {
  const { plots: planned, name } = chartPlots(chart, options);
  const plots = planned.map((plan) => drawnPlot(plan, options));
  const [first] = plots;
  const svg =
    plots.length === 1 && first !== undefined
      ? first.element
      : stacked(plots, options.width, options.document);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  const scale = hasAxisOfN(chart) ? first?.element.scale("x") : undefined;
  return { svg, xOf: scale && ((n) => placeOn(scale, n)), plots };
}

/**
 * The chart at another N, in which nothing but N may differ from what was drawn before: plots that look the same are kept,
 * the others take their places. Undefined where the chart is one plot and looks different: it has to be drawn anew.
 */
export function movedChart(
  before: ChartDrawing,
  chart: Chart,
  options: DrawingOptions,
): ChartDrawing | undefined {
  const { plots: planned } = chartPlots(chart, options);
  const isKept = ({ key, hover }: DrawnPlot, index: number) =>
    planned[index]?.key === key && (hover || !options.hover);
  if (before.plots.every(isKept)) return before;
  if (before.plots.length === 1) return undefined;
  const plots = before.plots.map((plot, index) => {
    const plan = planned[index];
    if (plan === undefined || isKept(plot, index)) return plot;
    const drawn = drawnPlot(plan, options);
    drawn.element.setAttribute("y", plot.element.getAttribute("y") ?? "0");
    plot.element.replaceWith(drawn.element);
    return drawn;
  });
  return { ...before, plots };
}

/** Pixels that the chart will be high. */
export function chartHeight(chart: Chart, options: ChartPlotOptions & { readonly height: number }): number {
  return chartPlots(chart, options).plots.reduce((sum, { height = options.height }) => sum + height, 0);
}

function placeOn({ domain, apply }: Plot.Scale, n: number): number | undefined {
  const ends = [...(domain ?? [])];
  return n >= ends.at(0) && n <= ends.at(-1) ? Number(apply(n)) : undefined;
}

function drawnPlot({ key, height, options: planned }: PlannedPlot, options: DrawingOptions): DrawnPlot {
  const { document, width, hover = false } = options;
  const sizes = { width, height: height ?? options.height, marginLeft: 56 };
  const element = Plot.plot({ ...sizes, ...planned(), document }) as Drawn;
  if (options.isStyled) element.querySelector("style")?.remove();
  // The chart has one name; Plot names its parts too.
  for (const part of element.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  return { element, key, hover };
}

function stacked(plots: readonly DrawnPlot[], width: number, document: DrawingDocument): Drawn {
  const svg = document.createElementNS(namespace, "svg");
  let top = 0;
  for (const { element } of plots) {
    element.setAttribute("y", String(top));
    top += Number(element.getAttribute("height"));
    svg.append(element);
  }
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(top));
  svg.setAttribute("viewBox", `0 0 ${width} ${top}`);
  svg.setAttribute("font-family", "system-ui, sans-serif");
  svg.setAttribute("fill", "currentColor");
  return svg as unknown as Drawn;
}
