import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { chartCsv } from "../../src/report/chart-csv.ts";
import type { Chart } from "../../src/report/chart-data.ts";
import { type ChartDrawing, drawnChart } from "../../src/report/chart-drawing.ts";
import { drawnN, hasAxisOfN, redrawsWithN } from "../../src/report/chart-plot.ts";
import { chartReadout } from "../../src/report/chart-readout.ts";
import { saveFile, savePicture } from "./download.ts";
import { text } from "./page.tsx";
import { selectModel, useView, view } from "./state.ts";

/** A chart as wide as its place, with hover, what it says at the slider's N, and its downloads. */
export function ChartView({ chart, name, start }: { chart: Chart; name: string; start: number | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const inSight = useInSight(place, setWidth);
  const n = useView("n") ?? start;
  const model = useView("model");
  const drawing = useRef<ChartDrawing | undefined>(undefined);
  // A chart out of sight keeps the N that it was drawn at until it comes into sight.
  const seen = useRef<number | undefined>(n);
  if (inSight || drawing.current === undefined) seen.current = n;
  const shownN = redrawsWithN(chart) && seen.current !== undefined ? drawnN(chart, seen.current) : undefined;
  useEffect(() => {
    if (width === 0) return;
    drawing.current = drawn(chart, width, { n: shownN, model });
    place.current?.replaceChildren(drawing.current.svg);
    if (hasAxisOfN(chart)) moveMark(drawing.current, view().n ?? start);
  }, [chart, width, model, shownN, start]);
  useEffect(() => {
    if (hasAxisOfN(chart) && drawing.current !== undefined) moveMark(drawing.current, n);
  }, [chart, n]);
  const svg = () => {
    const options = { n, model, width: 760, height: 380, document };
    const element = drawnChart(chart, options).svg as unknown as SVGSVGElement;
    element.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    return element.outerHTML;
  };
  return (
    <figure>
      <div ref={place} class="chart" />
      {n !== undefined && <ReadoutView chart={chart} n={n} model={model} />}
      <figcaption class="downloads">
        <button type="button" onClick={() => saveFile(`${name}.svg`, "image/svg+xml", svg())}>
          SVG
        </button>
        <button type="button" onClick={() => savePicture(`${name}.png`, svg())}>
          PNG
        </button>
        <button type="button" onClick={() => saveFile(`${name}.csv`, "text/csv", chartCsv(chart))}>
          CSV
        </button>
      </figcaption>
    </figure>
  );
}

function ReadoutView({ chart, n, model }: { chart: Chart; n: number; model: string | undefined }) {
  const { at, values } = useMemo(() => chartReadout(chart, { n, model }), [chart, n, model]);
  if (values.length === 0) return null;
  return (
    <p class="readout">
      {at}:{" "}
      {values.map(({ label, text: numbers }) => (
        <span key={label} class={label === model ? "selected" : undefined}>
          {text(label)} <b>{numbers}</b>
        </span>
      ))}
    </p>
  );
}

/** Follows the element's width, and whether any of it can be seen. */
function useInSight(place: { current: HTMLDivElement | null }, onWidth: (width: number) => void): boolean {
  const [inSight, setInSight] = useState(true);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const sizes = new ResizeObserver(() => onWidth(Math.round(element.clientWidth)));
    sizes.observe(element);
    const sight = new IntersectionObserver(
      (entries) => setInSight(entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: "50px" },
    );
    sight.observe(element);
    return () => {
      sizes.disconnect();
      sight.disconnect();
    };
  }, [place, onWidth]);
  return inSight;
}

function drawn(
  chart: Chart,
  width: number,
  options: { n: number | undefined; model: string | undefined },
): ChartDrawing {
  const narrow = width < 520;
  const drawing = drawnChart(chart, {
    ...options,
    narrow,
    hover: true,
    width,
    height: narrow ? 280 : 380,
    document,
  });
  for (const plot of drawing.plots) {
    plot.addEventListener("click", () => {
      const datum = (plot as unknown as { value?: { model?: unknown } | null }).value;
      if (typeof datum?.model === "string") selectModel(datum.model);
    });
  }
  return drawing;
}

/** The slider's N on the axis, moved without drawing the chart anew. */
function moveMark({ svg: element, xOf }: ChartDrawing, n: number | undefined): void {
  const svg = element as unknown as SVGSVGElement;
  if (n === undefined || xOf === undefined) return;
  let mark = svg.querySelector<SVGLineElement>(".n-mark");
  if (mark === null) {
    mark = document.createElementNS("http://www.w3.org/2000/svg", "line");
    mark.setAttribute("class", "n-mark");
    mark.setAttribute("y1", "20");
    mark.setAttribute("y2", String(Number(svg.getAttribute("height")) - 30));
    svg.append(mark);
  }
  const x = String(xOf(n));
  mark.setAttribute("x1", x);
  mark.setAttribute("x2", x);
}
