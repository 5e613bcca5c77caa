/** Pictures of the theory lab: measured quantities with points, predicted ones dashed, a file a row. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { paperFonts } from "../report/paper-chart.ts";
import type { TheoryRecord, TheoryResult } from "../theory/index.ts";

const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555"];

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
  const axis = (key: "x" | "y", type: "log" | "linear", label: string) => ({
    type,
    label,
    grid: true,
    ...(type === "log" && {
      tickFormat: tickText(lines.flatMap(({ points }) => points.map((at) => at[key]))),
    }),
  });
  const drawing = Plot.plot({
    width: 720,
    height: 400,
    marginLeft: 64,
    marginTop: 34 + 15 * lines.length,
    style: { fontFamily: paperFonts, fontSize: "12px", background: "white" },
    x: axis("x", plot.xScale, plot.xLabel),
    y: axis("y", plot.yScale, plot.yLabel),
    marks: [
      ...marks,
      Plot.text([`${name} · ${source}`], {
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
  return quantities.flatMap(({ column, label, predicted = false }): Line[] => {
    const drawn = groups.map((group) => ({
      label: `${label}, ${typeof group === "number" ? `${by} = ${group}` : group}`,
      predicted,
      points: shown
        .filter((record) => by === undefined || record[by] === group)
        .map((record) => ({ x: quantityIn(record, x), y: quantityIn(record, column) }))
        .filter((point) => drawable(point.x, xScale) && drawable(point.y, yScale))
        .sort((left, right) => left.x - right.x),
    }));
    const some = drawn.filter(({ points }) => points.length > 0);
    const [longest] = some.toSorted((left, right) => right.points.length - left.points.length);
    if (longest === undefined) return [];
    // A prediction that does not depend on the group, or one group alone, needs no group's name.
    const same = predicted && some.every(({ points }) => points.every((point) => isOn(point, longest)));
    return some.length === 1 || same ? [{ ...longest, label }] : some;
  });
}

const isOn = (point: { readonly x: number; readonly y: number }, { points }: Line): boolean =>
  points.some(({ x, y }) => x === point.x && y === point.y);

const quantityIn = (record: TheoryRecord, column: string): number => {
  const value = record[column];
  return typeof value === "number" ? value : Number.NaN;
};

const drawable = (value: number, scale: "log" | "linear"): boolean =>
  Number.isFinite(value) && (scale === "linear" || value > 0);

/** Powers of ten, and where they are few 2 and 5 times those: the other ticks of a logarithmic axis have no number. */
function tickText(values: readonly number[]): (value: number) => string {
  const decades = Math.log10(Math.max(...values) / Math.min(...values));
  const shown = decades < 2 ? [1, 2, 5] : [1];
  return (value) => {
    const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
    if (!shown.some((digit) => Math.abs(value / power - digit) < 1e-9)) return "";
    return power >= 1e4 || power < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(1)));
  };
}
