/** A chart's numbers at one N in words: what the slider reads off. */
import type {
  BestOfNChart,
  Chart,
  CurveChart,
  PassAtKChart,
  TrainingChart,
  WinnerChart,
} from "./chart-data.ts";
import { seriesColours } from "./chart-palette.ts";
import { estimateText, nText, shortName } from "./chart-plot-parts.ts";
import { bandAtN, pickAtN, rowLabel } from "./chart-plot-training.ts";
import { nearestPosition } from "./slider-grid.ts";

export interface Readout {
  readonly label: string;
  readonly text: string;
  /** Of the line in the chart, where it has one. */
  readonly colour?: string | undefined;
}

/** Lines named in the chart and the one selected, at the chart's N nearest to n; empty for charts without N. */
export function chartReadout(
  chart: Chart,
  { n, model }: { readonly n: number; readonly model?: string | undefined },
): { readonly at: string; readonly values: readonly Readout[] } {
  switch (chart.kind) {
    case "curve":
      return curveReadout(chart, n, model);
    case "pass-at-k":
      return passAtKReadout(chart, n, model);
    case "best-of-n":
      return bestOfNReadout(chart, n, model);
    case "winner":
      return winnerReadout(chart, n);
    case "training":
      return trainingReadout(chart, n, model);
    default:
      return { at: "", values: [] };
  }
}

function curveReadout(chart: CurveChart, n: number, model: string | undefined) {
  const position = nearestPosition(chart.ns, n);
  const isRate = chart.yScale !== "linear";
  const colours = seriesColours(chart.series);
  const values = chart.series
    .filter(({ emphasised, label }) => emphasised || label === model)
    .map(({ label, estimate, lower, upper }) => ({
      label,
      colour: colours.get(label),
      text: estimateText({
        estimate: estimate?.[position],
        lower: lower?.[position],
        upper: upper?.[position],
        isRate,
      }),
    }));
  return { at: `${chart.yLabel} at ${chart.xLabel} = ${nText(chart.ns[position] ?? 1)}`, values };
}

function passAtKReadout(chart: PassAtKChart, n: number, model: string | undefined) {
  const colours = seriesColours(chart.series);
  const shown = chart.series.filter(({ emphasised, label }) => emphasised || label === model);
  const values = shown.flatMap(({ label, measured }) => {
    const point = measured.findLast(({ k }) => k <= n);
    return point === undefined
      ? []
      : [{ label, colour: colours.get(label), k: point.k, text: estimateText(point) }];
  });
  const ks = new Set(values.map(({ k }) => k));
  const [only] = ks;
  if (ks.size === 1) return { at: `pass@${nText(only ?? n)}`, values };
  return {
    at: `pass@k at the largest measured k up to ${nText(n)}`,
    values: values.map(({ k, text, ...named }) => ({ ...named, text: `${text} at ${nText(k)}` })),
  };
}

function bestOfNReadout(chart: BestOfNChart, n: number, model: string | undefined) {
  const { goldLabel, isRate } = chart;
  const colours = seriesColours(chart.series);
  const shown = chart.series.filter(({ emphasised, label }) => emphasised || label === model);
  const values = shown.flatMap(({ label, points }) => {
    const point = points.findLast((one) => one.n <= n);
    if (point === undefined) return [];
    const gold = estimateText({ ...point.gold, isRate });
    const proxy = estimateText({ ...point.proxy, isRate: false });
    return [{ label, colour: colours.get(label), n: point.n, text: `${gold}, ${proxy}` }];
  });
  const what = `${goldLabel} and its reward, best of N`;
  const ns = new Set(values.map((value) => value.n));
  const [only] = ns;
  if (ns.size === 1) return { at: `${what} = ${nText(only ?? n)}`, values };
  return {
    at: `${what} at the largest measured N up to ${nText(n)}`,
    values: values.map((value) => ({ ...value, text: `${value.text} at ${nText(value.n)}` })),
  };
}

function winnerReadout(chart: WinnerChart, n: number) {
  const position = nearestPosition(chart.ns, n);
  const winner = chart.models[chart.winners[position] ?? 0] ?? "";
  const score = estimateText({ estimate: chart.scores[position] ?? 0 });
  return {
    at: `Winner at N = ${nText(chart.ns[position] ?? 1)}`,
    values: [{ label: winner, text: `score ${score}` }],
  };
}

/** At the selected checkpoint, else at the picks. */
function trainingReadout(chart: TrainingChart, n: number, model: string | undefined) {
  const selected = model === undefined ? -1 : chart.models.indexOf(model);
  const places = selected >= 0 ? [selected] : chart.picks.map((pick) => pickAtN(pick, n));
  const values = [...new Set(places)].flatMap((place) => {
    if (place === null) return [];
    const parts = chart.rows.flatMap((row) => {
      const { band } = bandAtN(row, n);
      const estimate = band?.estimate[place];
      if (estimate == null) return [];
      const interval = { lower: band?.lower[place], upper: band?.upper[place] };
      return [
        `${rowLabel(row, { n }).replace(/,.*/, "")} ${estimateText({ estimate, ...interval, isRate: row.isRate })}`,
      ];
    });
    return [{ label: shortName(chart.models[place] ?? ""), text: parts.join("; ") }];
  });
  return { at: `At N = ${nText(n)}`, values };
}
