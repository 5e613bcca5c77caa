/** Pictures of the theory lab: measured quantities with points, predicted ones dashed, a file a row. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { TheoryRecord, TheoryResult } from "../theory/index.ts";

const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555"];
const fonts = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";

interface Line {
  readonly label: string;
  readonly predicted: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Writes ROW.svg for each result into a folder, which is made if needed. */
export async function writeTheoryPlots(results: readonly TheoryResult[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const result of results) {
    const file = join(folder, `${result.row.name}.svg`);
    await writeFile(`${file}.tmp`, `${theorySvg(result)}\n`);
    await rename(`${file}.tmp`, file);
  }
}

/** One row's picture as an SVG document. */
export function theorySvg(result: TheoryResult): string {
  const { plot, name, source } = result.row;
  const lines = linesOf(result);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const colourOf = (index: number) => colours[index % colours.length]!;
  const marks = lines.flatMap(({ points, predicted }, index) => [
    Plot.line(points, {
      x: "x",
      y: "y",
      stroke: colourOf(index),
      strokeWidth: 2,
      ...(predicted && { strokeDasharray: "5 4" }),
    }),
    ...(predicted ? [] : [Plot.dot(points, { x: "x", y: "y", r: 3, fill: colourOf(index) })]),
  ]);
  const axis = (type: "log" | "linear", label: string) => ({
    type,
    label,
    grid: true,
    ...(type === "log" && { tickFormat: tickText }),
  });
  const drawing = Plot.plot({
    width: 720,
    height: 400,
    marginLeft: 64,
    marginTop: 34 + 15 * lines.length,
    style: { fontFamily: fonts, fontSize: "12px", background: "white" },
    x: axis(plot.xScale, plot.xLabel),
    y: axis(plot.yScale, plot.yLabel),
    marks: [
      ...marks,
      Plot.text([`${name} (${source})`], {
        frameAnchor: "top-left",
        dy: -14 - 15 * lines.length,
        fontWeight: 600,
      }),
      ...lines.map(({ label, predicted }, index) =>
        Plot.text([`${predicted ? "┄┄" : "●—"} ${label}`], {
          frameAnchor: "top-left",
          dy: -14 - 15 * (lines.length - 1 - index),
          fill: colourOf(index),
        }),
      ),
    ],
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
  });
  drawing.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", `${plot.yLabel} against ${plot.xLabel}: ${name}`);
  return drawing.outerHTML;
}

function linesOf({ row, table }: TheoryResult): Line[] {
  const { x, quantities, by, where = {}, xScale, yScale } = row.plot;
  const shown = table.filter((record) =>
    Object.entries(where).every(([key, value]) => record[key] === value),
  );
  const groups = by === undefined ? [undefined] : [...new Set(shown.map((record) => record[by]))];
  return groups
    .flatMap((group) =>
      quantities.map(({ column, label, predicted = false }): Line => {
        const records = shown.filter((record) => by === undefined || record[by] === group);
        const points = records
          .map((record) => ({ x: quantityIn(record, x), y: quantityIn(record, column) }))
          .filter((point) => drawable(point.x, xScale) && drawable(point.y, yScale))
          .sort((left, right) => left.x - right.x);
        return { label: group === undefined ? label : `${label}, ${by} = ${group}`, predicted, points };
      }),
    )
    .filter(({ points }) => points.length > 0);
}

const quantityIn = (record: TheoryRecord, column: string): number => {
  const value = record[column];
  return typeof value === "number" ? value : Number.NaN;
};

const drawable = (value: number, scale: "log" | "linear"): boolean =>
  Number.isFinite(value) && (scale === "linear" || value > 0);

/** Powers of ten only: the other ticks of a logarithmic axis stay without a number. */
function tickText(value: number): string {
  const exponent = Math.log10(value);
  if (Math.abs(exponent - Math.round(exponent)) > 1e-9) return "";
  return Math.abs(exponent) < 4 ? String(value) : value.toExponential(0);
}
