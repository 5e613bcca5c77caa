import * as Plot from "@observablehq/plot";
import { useEffect, useRef, useState } from "preact/hooks";
import { palette } from "../../src/report/chart-palette.ts";
import type { LiveChart } from "../../src/report/live-chart.ts";
import { text } from "./page.tsx";

/** One quantity over the steps of a training, as wide as its place. */
export function LiveChartView({ chart }: { chart: LiveChart }) {
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
    if (width > 0) place.current?.replaceChildren(drawn(chart, width));
  }, [chart, width]);
  return (
    <figure class="live-chart" data-chart={chart.id}>
      <figcaption title={chart.explanation}>{chart.title}</figcaption>
      <div ref={place} class="live-plot" />
      {chart.series.length > 1 && (
        <ul class="live-key">
          {chart.series.map(({ label }, index) => (
            <li key={label}>
              <svg width="14" height="10" aria-hidden="true">
                <line x1="0" x2="14" y1="5" y2="5" stroke={colourOf(index)} stroke-width="3" />
              </svg>
              {text(label)}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

const colourOf = (index: number) => palette[index % palette.length] ?? "currentColor";

function drawn(chart: LiveChart, width: number): Element {
  const marks = chart.series.flatMap(({ points }, index) => [
    Plot.lineY(points, { x: "step", y: "value", stroke: colourOf(index), strokeWidth: 1.8 }),
    Plot.dot(points.length < 30 ? points : points.slice(-1), {
      x: "step",
      y: "value",
      fill: colourOf(index),
      r: 2.5,
    }),
  ]);
  const all = chart.series.flatMap(({ label, points }) =>
    points.map(({ step, value }) => ({
      step,
      value,
      title: `${label === "" ? "" : `${text(label)}\n`}step ${step.toLocaleString("en-US")}: ${value.toPrecision(4)}`,
    })),
  );
  const svg = Plot.plot({
    width,
    height: 190,
    marginLeft: 46,
    marginBottom: 32,
    x: { label: "step", grid: true, ticks: 5 },
    y: {
      label: null,
      grid: true,
      ticks: 5,
      ...(chart.scale === "log" && { type: "log", tickFormat: (value: number) => powerOfTen(value) }),
      ...(chart.scale === "share" && { domain: [0, 1] }),
    },
    marks: [...marks, Plot.tip(all, Plot.pointer({ x: "step", y: "value", title: "title" }))],
  });
  for (const group of svg.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${chart.title} against steps`);
  return svg;
}

function powerOfTen(value: number): string {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? value.toPrecision(1) : "";
}
