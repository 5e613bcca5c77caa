/** A chart as one SVG element, in a browser's document or in linkedom's. */
import * as Plot from "@observablehq/plot";
import type { Chart } from "./chart-data.ts";
import { chartPlots, hasAxisOfN } from "./chart-plot.ts";
import type { ChartPlotOptions, PlannedPlot } from "./chart-plot-parts.ts";
import { LightDocument, type LightElement } from "./light-document.ts";

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
  /** What the element was made of, where that is known: it can be changed in place. */
  readonly light?: LightElement;
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
      : stacked(
          plots.map((plot, index) => ({ ...plot, isBehind: planned[index]?.isBehind })),
          options,
        );
  named(svg, name);
  const scale = hasAxisOfN(chart) ? first?.element.scale("x") : undefined;
  return { svg, xOf: scale && ((n) => placeOn(scale, n)), plots };
}

/**
 * The chart at another N, in which nothing but N may differ from what was drawn before: plots that look the same are kept,
 * the others are changed in place, or replaced where they get or lose numbers at the pointer.
 */
export function movedChart(before: ChartDrawing, chart: Chart, options: DrawingOptions): ChartDrawing {
  const { plots: planned, name } = chartPlots(chart, options);
  const plots = before.plots.map((plot, index) => {
    const plan = planned[index];
    if (plan === undefined || (plan.key === plot.key && (plot.hover || !options.hover))) return plot;
    const drawn = options.hover ? drawnPlot(plan, options) : movedPlot(plot, plan, options);
    const { element } = drawn;
    if (element === plot.element) return drawn;
    if (plot.element === before.svg) named(element, name);
    else element.setAttribute("y", plot.element.getAttribute("y") ?? "0");
    plot.element.replaceWith(element);
    return drawn;
  });
  const svg = plots.length === 1 ? (plots[0]?.element ?? before.svg) : before.svg;
  return { ...before, svg, plots };
}

/** Pixels that the chart will be high. */
export function chartHeight(chart: Chart, options: ChartPlotOptions & { readonly height: number }): number {
  const placed = chartPlots(chart, options).plots.filter(({ isBehind }) => !isBehind);
  return placed.reduce((sum, { height = options.height }) => sum + height, 0);
}

function placeOn({ domain, apply }: Plot.Scale, n: number): number | undefined {
  const ends = [...(domain ?? [])];
  return n >= ends.at(0) && n <= ends.at(-1) ? Number(apply(n)) : undefined;
}

function drawnPlot(plan: PlannedPlot, options: DrawingOptions): DrawnPlot {
  const element = plotted(plan, options, options.document);
  if (options.isStyled) element.querySelector("style")?.remove();
  // The chart has one name; Plot names its parts too.
  for (const part of element.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  if (options.isStyled) for (const part of element.querySelectorAll("[transform]")) placedWithout(part);
  return { element, key: plan.key, hover: options.hover ?? false };
}

/** The plot as it is planned, without numbers at the pointer, in the element of the one before where that can be changed. */
function movedPlot(before: DrawnPlot, plan: PlannedPlot, options: DrawingOptions): DrawnPlot {
  const document = new LightDocument() as unknown as DrawingDocument;
  const light = plotted(plan, options, document) as unknown as LightElement;
  light.children = light.children.filter(({ localName }) => localName !== "style");
  for (const part of light.all()) {
    part.removeAttribute("aria-label");
    placedWithout(part);
  }
  const element = before.light === undefined ? light.realIn(options.document) : before.element;
  if (before.light !== undefined) light.takeFrom(before.light, options.document);
  return { element: element as Drawn, key: plan.key, hover: false, light };
}

/** What an element is placed through. */
interface PlacedElement {
  readonly localName: string;
  readonly children: { readonly length: number };
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}

/**
 * Places a tick or its text without a transform: a browser keeps a node of its tree of transforms for each of them, and looks
 * through all that it paints wherever one changes.
 */
function placedWithout(element: PlacedElement): void {
  const [, x = "0", y = "0"] =
    /^translate\(([^,)]+),([^)]+)\)$/.exec(element.getAttribute("transform") ?? "") ?? [];
  if (x === "0" && y === "0") return;
  if (element.localName === "text" && element.children.length === 0 && element.getAttribute("x") === null) {
    element.setAttribute("dy", element.getAttribute("y") ?? "0");
    element.setAttribute("x", x);
    element.setAttribute("y", y);
  } else if (element.localName === "path" && element.getAttribute("d")?.startsWith("M0,0L")) {
    element.setAttribute("d", `M${x},${y}l${element.getAttribute("d")?.slice(5)}`);
  } else return;
  element.removeAttribute("transform");
}

function plotted(plan: PlannedPlot, options: DrawingOptions, document: DrawingDocument): Drawn {
  const sizes = { width: options.width, height: plan.height ?? options.height, marginLeft: 56 };
  return Plot.plot({ ...sizes, ...plan.options(), document }) as Drawn;
}

function named(svg: Drawn, name: string): void {
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
}

function stacked(
  plots: readonly { readonly element: Drawn; readonly isBehind: boolean | undefined }[],
  { width, document }: DrawingOptions,
): Drawn {
  const svg = document.createElementNS(namespace, "svg");
  let top = 0;
  for (const { element, isBehind } of plots) {
    element.setAttribute("y", String(top));
    if (!isBehind) top += Number(element.getAttribute("height"));
    svg.append(element);
  }
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(top));
  svg.setAttribute("viewBox", `0 0 ${width} ${top}`);
  svg.setAttribute("font-family", "system-ui, sans-serif");
  svg.setAttribute("fill", "currentColor");
  return svg as unknown as Drawn;
}
