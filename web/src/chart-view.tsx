import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { chartCsv } from "../../src/report/chart-csv.ts";
import type { Chart } from "../../src/report/chart-data.ts";
import { chartHeight, drawnChart } from "../../src/report/chart-drawing.ts";
import { chartReadout } from "../../src/report/chart-readout.ts";
import { ChartCanvas, chartSize, isNarrow } from "./chart-canvas.ts";
import { saveFile, savePicture } from "./download.ts";
import { text } from "./page.tsx";
import { useInSight, useWidth, whenIdle } from "./sight.ts";
import { useMovingN, useView, view } from "./state.ts";

/** A chart as wide as its place, with hover, what it says at the slider's N, and its downloads. */
export function ChartView({ chart, name, start }: { chart: Chart; name: string; start: number | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const inSight = useInSight(place);
  const { n, moving } = useMovingN(start, inSight === true);
  const model = useView("model");
  const canvas = useRef<ChartCanvas | undefined>(undefined);
  useLayoutEffect(() => {
    if (place.current !== null) canvas.current = new ChartCanvas(place.current, chart);
  }, [chart]);
  useLayoutEffect(() => {
    if (width === 0 || inSight === undefined) return undefined;
    const show = () => canvas.current?.show({ width, model, n, moving });
    if (!inSight) return whenIdle(show);
    show();
    return undefined;
  }, [chart, width, model, n, moving, inSight]);
  const svg = () => {
    const options = { n: view().n ?? start, model, width: 760, height: 380, document };
    const element = drawnChart(chart, options).svg as unknown as SVGSVGElement;
    element.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    return element.outerHTML;
  };
  return (
    <figure>
      <div
        ref={place}
        class="chart"
        style={{
          minHeight: `${chartHeight(chart, { narrow: isNarrow(width), height: chartSize(width) })}px`,
        }}
      />
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
      {values.map(({ label, text: numbers, colour }) => (
        <span key={label} class={label === model ? "selected" : undefined}>
          {colour !== undefined && <i class="key" style={{ background: colour }} />}
          {text(label)} <b>{numbers}</b>
        </span>
      ))}
    </p>
  );
}
