/** A chart as one SVG element, in a browser's document or in linkedom's. */
import * as Plot from "@observablehq/plot";
import type { Chart } from "./chart-data.ts";
import { type ChartPlotOptions, chartPlots } from "./chart-plot.ts";

/** An element of the document given, as Plot's types have it. */
export type Drawn = ReturnType<typeof Plot.plot>;
export type DrawingDocument = NonNullable<Plot.PlotOptions["document"]>;

export interface ChartDrawing {
  readonly svg: Drawn;
  /** Where N stands on the horizontal axis; undefined for several plots. */
  readonly xOf: ((n: number) => number) | undefined;
  /** The plots, one below another: each has the datum at the pointer as its value. */
  readonly plots: readonly Drawn[];
}

const namespace = "http://www.w3.org/2000/svg";

/** Draws the chart's plots one below another, under one name. */
export function drawnChart(
  chart: Chart,
  options: ChartPlotOptions & {
    readonly width: number;
    readonly height: number;
    readonly document: DrawingDocument;
  },
): ChartDrawing {
  const { width, height, document, ...rest } = options;
  const { plots: planned, name } = chartPlots(chart, rest);
  const plots = planned.map(
    (plot) => Plot.plot({ width, height, marginLeft: 56, ...plot, document }) as Drawn,
  );
  const [first] = plots;
  const svg = plots.length === 1 && first !== undefined ? first : stacked(plots, width, document);
  // An image has one name; Plot names its parts too.
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  const scale = plots.length === 1 ? first?.scale("x") : undefined;
  return { svg, xOf: scale && ((n) => Number(scale.apply(n))), plots };
}

function stacked(plots: readonly Drawn[], width: number, document: DrawingDocument): Drawn {
  const svg = document.createElementNS(namespace, "svg");
  let top = 0;
  for (const plot of plots) {
    plot.setAttribute("y", String(top));
    top += Number(plot.getAttribute("height"));
    svg.append(plot);
  }
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(top));
  svg.setAttribute("viewBox", `0 0 ${width} ${top}`);
  svg.setAttribute("font-family", "system-ui, sans-serif");
  svg.setAttribute("fill", "currentColor");
  return svg as unknown as Drawn;
}
