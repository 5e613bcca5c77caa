import * as Plot from "@observablehq/plot";
import { useEffect, useRef, useState } from "preact/hooks";
import { palette } from "../../src/report/chart-palette.ts";
import type { LiveChart, LiveSeries } from "../../src/report/live-chart.ts";
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
          {chart.series.map(({ label, colour, dash }) => (
            <li key={label}>
              <LineSample colour={colour} dash={dash} />
              {text(label)}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

/** A piece of a line as a chart has it. */
export function LineSample({ colour, dash }: Pick<LiveSeries, "colour" | "dash">) {
  return (
    <svg class="line-sample" width="22" height="10" aria-hidden="true">
      <line
        x1="0"
        x2="22"
        y1="5"
        y2="5"
        stroke={colourOf(colour)}
        stroke-width="3"
        stroke-dasharray={dashOf(dash)}
      />
    </svg>
  );
}

const colourOf = (position: number) => palette[position % palette.length] ?? "currentColor";
const dashes = ["none", "7 4", "2 3"] as const;
const dashOf = (position: number) => dashes[position % dashes.length] ?? "none";

function drawn(chart: LiveChart, width: number): Element {
  const marks = chart.series.flatMap(({ points, colour, dash }) => [
    Plot.lineY(points, {
      x: "step",
      y: "value",
      stroke: colourOf(colour),
      strokeWidth: 1.8,
      strokeDasharray: dashOf(dash),
    }),
    Plot.dot(points.length < 30 ? points : points.slice(-1), {
      x: "step",
      y: "value",
      fill: colourOf(colour),
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
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9
    ? String(Number(value.toPrecision(1)))
    : "";
}
