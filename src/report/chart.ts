/** Charts of the report as SVG text, drawn by Observable Plot in a document of linkedom. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { chartPlot } from "./chart-plot.ts";
import type { Chart } from "./section.ts";

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** The chart as an SVG element's text; names are escaped by the serialiser. */
export function chartSvg(chart: Chart, size: ChartSize = { width: 760, height: 380 }): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const { plot, name } = chartPlot(chart);
  const svg = Plot.plot({
    ...size,
    marginLeft: 48,
    ...plot,
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  return svg.outerHTML;
}
