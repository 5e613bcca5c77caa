/** Charts of the report as SVG text, drawn by Observable Plot in a document of linkedom. */
import { parseHTML } from "linkedom";
import type { Chart } from "./chart-data.ts";
import { type DrawingDocument, drawnChart } from "./chart-drawing.ts";
import type { ChartPlotOptions } from "./chart-plot.ts";

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** The chart as an SVG element's text; names are escaped by the serialiser. */
export function chartSvg(
  chart: Chart,
  options: Partial<ChartSize> & Pick<ChartPlotOptions, "n" | "model"> = {},
): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const { svg } = drawnChart(chart, {
    width: 760,
    height: 380,
    ...options,
    document: document as unknown as DrawingDocument,
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return svg.outerHTML;
}
