/** Charts for papers: SVG of a given width in millimetres, with the names of lines where there is room for them. */
import { parseHTML } from "linkedom";
import type { Chart } from "./chart-data.ts";
import { type DrawingDocument, drawnChart } from "./chart-drawing.ts";
import { seriesColours } from "./chart-palette.ts";
import { printable } from "./printable.ts";

/** Size of a chart in print. */
export interface PaperSize {
  readonly widthMillimetres: number;
  readonly heightMillimetres: number;
}

/** Size of a chart in print, and the N that it stands at. */
export interface PaperOptions extends PaperSize {
  /** Where the chart stands at one N, that N; a mark where N is the axis. */
  readonly n?: number | undefined;
}

/** CSS pixels of a millimetre. */
const pixelsOfMillimetre = 96 / 25.4;
/** Eight points: what journals ask for at the least. */
const fontPixels = 10.7;
const namespace = "http://www.w3.org/2000/svg";
/** Fonts of pictures for papers, in the order in which they are taken. */
export const paperFonts = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";
/** From this width on, names fit beside the ends of lines. */
const wideMillimetres = 120;
/** Room for half of the last tick's number where no names stand beside it. */
const lastTick = 18;
const legendLine = 14;
const legendLetter = 6;
const swatch = 14;

/**
 * The chart as an SVG document in the size it is printed in, on white. Text stays text; lines are named beside their ends
 * on a wide chart and above it on a narrow one.
 *
 * @throws RangeError for a size of no more than 30 or more than 2,000 millimetres.
 */
export function paperSvg(chart: Chart, { n, ...size }: PaperOptions): string {
  for (const [name, value] of Object.entries(size)) {
    if (value >= 30 && value <= 2000) continue;
    throw new RangeError(`${name} is ${value}: must be between 30 and 2000`);
  }
  const width = Math.round(size.widthMillimetres * pixelsOfMillimetre);
  const height = Math.round(size.heightMillimetres * pixelsOfMillimetre);
  const narrow = size.widthMillimetres < wideMillimetres;
  const legend = narrow ? legendRows(namedSeries(chart), width) : [];
  const top = legend.length * legendLine;
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const { svg: drawing } = drawnChart(chart, {
    width: narrow ? width - lastTick : width,
    height: height - top,
    narrow,
    n,
    document: document as unknown as DrawingDocument,
  });
  const name = drawing.getAttribute("aria-label") ?? "";
  // Charts of several plots are as high as these are.
  const drawn = top + Number(drawing.getAttribute("height") ?? height - top);
  for (const part of [drawing, ...drawing.querySelectorAll("svg")]) {
    part.setAttribute("font-family", paperFonts);
    part.setAttribute("font-size", String(fontPixels));
  }
  drawing.setAttribute("y", String(top));
  drawing.setAttribute("color", "black");
  drawing.setAttribute("overflow", "visible");
  const svg = document.createElementNS(namespace, "svg");
  const attributes = {
    xmlns: namespace,
    width: `${size.widthMillimetres}mm`,
    height: `${Number((drawn / pixelsOfMillimetre).toFixed(2))}mm`,
    viewBox: `0 0 ${width} ${drawn}`,
    "font-size": fontPixels,
    "font-family": paperFonts,
    color: "black",
    role: "img",
    "aria-label": name,
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, String(value));
  const paper = document.createElementNS(namespace, "rect");
  for (const [key, value] of Object.entries({ width, height: drawn, fill: "white" })) {
    paper.setAttribute(key, String(value));
  }
  svg.append(paper, ...legendTexts(legend, document));
  svg.append(drawing as unknown as typeof paper);
  return svg.outerHTML;
}

/** Names and colours of the lines; none for a chart without series. */
function namedSeries(chart: Chart): readonly (readonly [label: string, colour: string])[] {
  return "series" in chart ? [...seriesColours(chart.series)] : [];
}

interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly x: number;
}

/** Entries in as many lines as they need. */
function legendRows(named: ReturnType<typeof namedSeries>, width: number): LegendEntry[][] {
  const rows: LegendEntry[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const [name, colour] of named) {
    const label = printable(name, 40);
    const needed = swatch + 6 + label.length * legendLetter;
    if (x + needed > width) {
      rows.push([]);
      x = 4;
    }
    rows.at(-1)?.push({ label, colour, x });
    x += needed + 6;
  }
  return rows;
}

type Document = ReturnType<typeof parseHTML>["document"];

function legendTexts(rows: readonly (readonly LegendEntry[])[], document: Document) {
  return rows.flatMap((row, line) =>
    row.flatMap(({ label, colour, x }) => {
      const y = 10 + line * legendLine;
      const rule = document.createElementNS(namespace, "line");
      const position = { x1: x, x2: x + swatch, y1: y, y2: y, stroke: colour, "stroke-width": 2.5 };
      for (const [key, value] of Object.entries(position)) rule.setAttribute(key, String(value));
      const text = document.createElementNS(namespace, "text");
      const place = { x: x + swatch + 4, y: y + 4, fill: "black", "text-anchor": "start" };
      for (const [key, value] of Object.entries(place)) text.setAttribute(key, String(value));
      text.textContent = label;
      return [rule, text];
    }),
  );
}
