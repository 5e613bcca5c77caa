/** Draws a panel as an SVG document for print, in a document of linkedom. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { palette } from "../report/chart-palette.ts";
import { printable } from "../report/index.ts";
import { paperFonts } from "../report/paper-chart.ts";
import type { Panel, PanelSeries } from "./panel.ts";

export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

const computedColour = "#666666";
const symbols = ["star", "square", "triangle", "diamond2"] as const;
const legendLine = 16;

const colourOf = ({ computed }: PanelSeries, index: number) =>
  computed ? computedColour : (palette[index % palette.length] ?? computedColour);

/** Computed curves are dashed; where colours repeat, lines are dotted and their dots hollow. */
const dashOf = ({ computed }: PanelSeries, index: number) =>
  computed ? "5 4" : index >= palette.length ? "2 2" : "none";

/** In CSS pixels; names of lines and marks stand above the frame. */
export function panelSvg(panel: Panel, { width, height }: PanelSize = { width: 560, height: 380 }): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const log = panel.yScale === "log";
  const marks: Plot.Markish[] = panel.series.flatMap((series, index) => seriesMarks(series, index, log));
  const kinds = [...new Set(panel.marks.map(({ label }) => label))];
  for (const [index, kind] of kinds.entries()) {
    marks.push(
      Plot.dot(
        panel.marks.filter(({ label }) => label === kind),
        {
          x: "x",
          y: "y",
          symbol: symbols[index % symbols.length]!,
          r: 7,
          fill: "white",
          fillOpacity: 0.7,
          stroke: "black",
          strokeWidth: 1.8,
        },
      ),
    );
  }
  const plot = Plot.plot({
    width,
    height,
    marginLeft: 58,
    marginBottom: 40,
    marginRight: 18,
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
    x: { label: printable(panel.xLabel), labelArrow: "none", labelAnchor: "center", grid: true, nice: true },
    y: {
      label: printable(panel.yLabel),
      labelArrow: "none",
      grid: true,
      nice: !log,
      ...(log && { type: "log", tickFormat: logTick }),
    },
    marks,
  }) as unknown as ReturnType<typeof document.createElementNS>;
  const legend = legendOf(panel, kinds, width);
  const top = 8 + legend.lines * legendLine;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height: height + top,
    viewBox: `0 0 ${width} ${height + top}`,
    "font-family": paperFonts,
    "font-size": 11,
    color: "black",
    fill: "currentColor",
    role: "img",
    "aria-label": printable(panel.title),
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, String(value));
  plot.setAttribute("y", String(top));
  plot.setAttribute("font-family", paperFonts);
  plot.setAttribute("font-size", "11");
  for (const part of plot.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  svg.innerHTML = `<rect width="${width}" height="${height + top}" fill="white"></rect>${legend.text}`;
  svg.append(plot);
  return svg.outerHTML;
}

function seriesMarks(series: PanelSeries, index: number, log: boolean): Plot.Markish[] {
  const colour = colourOf(series, index);
  const dash = dashOf(series, index);
  // A logarithmic axis has no place for 0.
  const points = series.points.filter(({ y }) => !log || y > 0);
  const banded = points.filter(({ lower, upper }) => lower !== undefined && upper !== undefined);
  const floor = Math.min(...points.map(({ y }) => y)) / 2;
  const line = { x: "x", y: "y", stroke: colour, strokeWidth: 1.8 } as const;
  const monotone = points.every(({ x }, place) => place === 0 || x > points[place - 1]!.x);
  if (series.computed) return [Plot.line(points, { ...line, strokeWidth: 1.4, strokeDasharray: dash })];
  const low = ({ lower }: { readonly lower?: number }) => (log ? Math.max(lower ?? 0, floor) : lower);
  const band = monotone
    ? Plot.areaY(banded, { x: "x", y1: low, y2: "upper", fill: colour, fillOpacity: 0.15 })
    : Plot.ruleX(banded, { x: "x", y1: low, y2: "upper", stroke: colour, strokeOpacity: 0.25 });
  const dots =
    dash === "none"
      ? Plot.dot(points, { x: "x", y: "y", fill: colour, r: 2 })
      : Plot.dot(points, { x: "x", y: "y", fill: "white", stroke: colour, r: 2.5 });
  return [band, Plot.line(points, { ...line, strokeDasharray: dash }), dots];
}

const logTick = (value: number): string => {
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((shown) => Math.abs(digit - shown) < 1e-6)
    ? String(Number(value.toPrecision(1)))
    : "";
};

/** Corners of a mark's symbol in the legend: a star, a square, a triangle, a diamond. */
function corners(kind: number, x: number, y: number): string {
  const points = [10, 4, 3, 4][kind % 4] ?? 4;
  const turn = kind % 4 === 1 ? Math.PI / 4 : 0;
  return Array.from({ length: points }, (_, index) => {
    const radius = points === 10 && index % 2 === 1 ? 2.8 : 6.5;
    const angle = turn - Math.PI / 2 + (2 * Math.PI * index) / points;
    return `${(x + radius * Math.cos(angle)).toFixed(1)},${(y + radius * Math.sin(angle)).toFixed(1)}`;
  }).join(" ");
}

interface Legend {
  readonly text: string;
  readonly lines: number;
}

/** Entries left to right, in as many lines as they need. */
function legendOf(panel: Panel, kinds: readonly string[], width: number): Legend {
  const entries = [
    ...panel.series.map((series, index) => ({
      label: series.label,
      sign: (x: number, y: number) => {
        const dash = dashOf(series, index);
        const dashed = dash === "none" ? "" : ` stroke-dasharray="${dash}"`;
        return `<line x1="${x}" x2="${x + 16}" y1="${y}" y2="${y}" stroke="${colourOf(series, index)}" stroke-width="2.4"${dashed}></line>`;
      },
    })),
    ...kinds.map((label, index) => ({
      label,
      sign: (x: number, y: number) =>
        `<polygon points="${corners(index, x + 8, y)}" fill="none" stroke="black" stroke-width="1.5"></polygon>`,
    })),
  ];
  let x = 8;
  let line = 0;
  const parts = entries.map(({ label, sign }) => {
    const text = printable(label, 60);
    const needed = 30 + text.length * 6.2;
    if (x > 8 && x + needed > width) {
      x = 8;
      line += 1;
    }
    const y = 12 + line * legendLine;
    const part = `${sign(x, y)}<text x="${x + 20}" y="${y + 4}">${escaped(text)}</text>`;
    x += needed;
    return part;
  });
  return { text: parts.join(""), lines: line + 1 };
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
