import * as Plot from "@observablehq/plot";
import { useEffect, useRef, useState } from "preact/hooks";
import { chartCsv } from "../../src/report/chart-csv.ts";
import { chartPlot } from "../../src/report/chart-plot.ts";
import type { Chart } from "../../src/report/section.ts";
import { saveFile, savePicture } from "./download.ts";

/** A chart as wide as its place, with hover, and its downloads. */
export function ChartView({ chart, name }: { chart: Chart; name: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.round(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width === 0) return;
    place.current?.replaceChildren(drawn(chart, width));
  }, [chart, width]);
  const svg = () => {
    const element = drawn(chart, 760);
    element.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    return element.outerHTML;
  };
  return (
    <figure>
      <div ref={place} class="chart" />
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

function drawn(chart: Chart, width: number): Element {
  const { plot, name } = chartPlot(chart, { narrow: width < 520, hover: true });
  const svg = Plot.plot({ width, height: width < 520 ? 280 : 380, marginLeft: 48, ...plot });
  // An image has one name; Plot names its groups too.
  for (const group of svg.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  return svg;
}
