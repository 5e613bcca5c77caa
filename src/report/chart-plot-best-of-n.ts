/** Best-of-N by a reward, one plot above the other: what counts of the pick with its bounds, and the pick's reward. */
import * as Plot from "@observablehq/plot";
import type { BestOfNChart, BestOfNPoint, BestOfNSeries, OpenEstimate } from "./chart-data.ts";
import { palette, seriesColours } from "./chart-palette.ts";
import {
  background,
  type ChartPlotOptions,
  type EndLabel,
  endLabels,
  estimateText,
  hoverMarks,
  markAtN,
  nText,
  type PlannedPlot,
  shortName,
} from "./chart-plot-parts.ts";

/** Shares of the chart's height. */
const goldHeight = 300;
const proxyHeight = 190;
/** More ticks than this stand at powers of ten. */
const mostTicks = 12;

type Quantity = "gold" | "ceiling" | "majority" | "proxy";
type Options = ChartPlotOptions & { readonly marginRight: number };

const dashes = { gold: undefined, proxy: undefined, ceiling: "7 4", majority: "2 4" } as const;

export function bestOfNPlots(chart: BestOfNChart, options: Options): PlannedPlot[] {
  return [
    { key: "", height: goldHeight, options: () => goldPlot(chart, options) },
    { key: "", height: proxyHeight, options: () => proxyPlot(chart, options) },
  ];
}

function goldPlot(chart: BestOfNChart, options: Options): Plot.PlotOptions {
  const { series, goldLabel, ceilingLabel } = chart;
  const hasVotes = series.some(({ points }) => points.some(({ majority }) => majority !== undefined));
  const meanings = [
    "— best by reward",
    `– – ${ceilingLabel}`,
    ...(hasVotes ? ["··· majority vote"] : []),
  ].join("    ");
  const quantities: Quantity[] = hasVotes ? ["gold", "ceiling", "majority"] : ["gold", "ceiling"];
  return {
    ...sharedAxis(chart, options, null),
    marginTop: 46,
    y: axis(chart, quantities, `↑ ${goldLabel}`),
    marks: [
      ...(isNamedByQuantity(chart) && !options.narrow
        ? []
        : [Plot.text([meanings], { frameAnchor: "top-left", dy: -22, fontWeight: 600 })]),
      ...lineMarks(chart, quantities, options),
    ],
  };
}

function proxyPlot(chart: BestOfNChart, options: Options): Plot.PlotOptions {
  return {
    ...sharedAxis(chart, options, "N"),
    marginTop: 30,
    y: { ...axis(chart, ["proxy"], "↑ its reward"), ticks: 5 },
    marks: lineMarks(chart, ["proxy"], options),
  };
}

/** One model's quantities have room for a colour and a name each. */
const isNamedByQuantity = ({ series }: BestOfNChart) => series.length === 1;

function sharedAxis(
  { series }: BestOfNChart,
  { marginRight }: Options,
  label: string | null,
): Plot.PlotOptions {
  const ns = [...new Set(series.flatMap(({ points }) => points.map(({ n }) => n)))].sort((a, b) => a - b);
  const ticks = ns.length > mostTicks ? ns.filter((n) => Number.isInteger(Math.log10(n))) : ns;
  return {
    marginRight,
    x: {
      type: "log",
      // With base 10 the label of 8 would be left out.
      base: 2,
      label,
      domain: [1, ns.at(-1) ?? 2],
      ticks: ticks.filter((n, index) => index === 0 || n >= 1.4 * (ticks[index - 1] ?? 1)),
      tickFormat: nText,
    },
  };
}

/** From the least to the greatest that is drawn. */
function axis({ series }: BestOfNChart, quantities: readonly Quantity[], label: string) {
  const values = series.flatMap(({ points, emphasised }) =>
    points.flatMap((point) =>
      quantities.flatMap((quantity) => {
        const value = point[quantity];
        if (value === undefined) return [];
        const isBanded = emphasised && (quantity === "gold" || quantity === "proxy");
        return isBanded ? [value.estimate, value.lower, value.upper] : [value.estimate];
      }),
    ),
  );
  const known = values.filter((value) => value !== undefined);
  const [least, most] = known.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)] as const,
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const,
  );
  const domain: [number, number] = most > least ? [least, most] : [least - 0.01, most + 0.01];
  return { label, labelArrow: "none" as const, grid: true, nice: true, domain };
}

function lineMarks(
  chart: BestOfNChart,
  quantities: readonly Quantity[],
  options: ChartPlotOptions,
): Plot.Markish[] {
  const named = chart.series.filter(({ emphasised }) => emphasised).slice(0, palette.length);
  const [main = "gold"] = quantities;
  const only = isNamedByQuantity(chart) ? named[0] : undefined;
  const marks: Plot.Markish[] = [];
  for (const series of chart.series.filter((one) => !named.includes(one))) {
    const isSelected = series.label === options.model;
    marks.push(
      line(series, main, {
        stroke: isSelected ? "currentColor" : background,
        strokeWidth: isSelected ? 3 : 1.5,
        strokeOpacity: isSelected ? 1 : 0.35,
      }),
    );
  }
  const colours = seriesColours(chart.series);
  for (const series of named) {
    const strokeWidth = series.label === options.model ? 4 : 2;
    quantities.forEach((quantity, place) => {
      const stroke = (only === undefined ? colours.get(series.label) : palette[place]) ?? background;
      if (quantity === main) marks.push(...band(series, quantity, stroke, named.length > 3 ? 0.07 : 0.14));
      marks.push(line(series, quantity, { stroke, strokeWidth: quantity === main ? strokeWidth : 1.5 }));
    });
  }
  const ends =
    only === undefined ? named.map((one) => end(one, main)) : quantities.map((one) => end(only, one));
  const names = {
    gold: "best by reward",
    proxy: "its reward",
    majority: "majority vote",
    ceiling: chart.ceilingLabel,
  };
  const labels = ends.map((at, index): EndLabel => {
    if (only !== undefined) return { label: names[quantities[index] ?? main], colour: palette[index], at };
    const label = named[index]?.label ?? "";
    return { label, colour: colours.get(label), at };
  });
  return [
    ...marks,
    ...markAtN(options),
    ...endLabels(labels, {
      ...options,
      floor: axis(chart, quantities, "").domain[0],
      nameHeight: main === "proxy" ? 0.12 : 0.07,
    }),
    ...hoverMarks(hoverPoints(chart, main, options), options),
  ];
}

function line(series: BestOfNSeries, quantity: Quantity, style: Plot.LineOptions): Plot.Markish {
  const dash = dashes[quantity];
  const points = known(series, quantity);
  return Plot.line(points, { x: "n", y: "estimate", ...style, ...(dash && { strokeDasharray: dash }) });
}

function band(series: BestOfNSeries, quantity: Quantity, fill: string, fillOpacity: number): Plot.Markish[] {
  const points = known(series, quantity).filter(
    ({ lower, upper }) => lower !== undefined && upper !== undefined,
  );
  return points.length < 2
    ? []
    : [Plot.areaY(points, { x: "n", y1: "lower", y2: "upper", fill, fillOpacity })];
}

const known = ({ points }: BestOfNSeries, quantity: Quantity): (OpenEstimate & { readonly n: number })[] =>
  points.flatMap(({ n, [quantity]: value }) => (value === undefined ? [] : [{ n, ...value }]));

function end(series: BestOfNSeries, quantity: Quantity): EndLabel["at"] {
  const last = known(series, quantity).at(-1);
  return last && { x: last.n, y: last.estimate };
}

function hoverPoints(chart: BestOfNChart, main: Quantity, { hover }: ChartPlotOptions) {
  if (!hover) return [];
  return chart.series.flatMap(({ label, sample, points }) =>
    points.map((point) => ({
      x: point.n,
      y: point[main]?.estimate ?? Number.NaN,
      model: label,
      title: [shortName(label), ...pointLines(chart, point), sample].join("\n"),
    })),
  );
}

function pointLines({ goldLabel, ceilingLabel, isRate }: BestOfNChart, point: BestOfNPoint): string[] {
  const { n, gold, proxy, ceiling, majority } = point;
  return [
    `best of N = ${nText(n)}`,
    `${goldLabel}: ${estimateText({ ...gold, isRate })}`,
    `its reward: ${estimateText({ ...proxy, isRate: false })}`,
    ...(majority === undefined ? [] : [`majority vote: ${estimateText(majority)}`]),
    `${ceilingLabel.replace(/\bN\b/, nText(n))}: ${estimateText({ ...ceiling, isRate })}`,
  ];
}
