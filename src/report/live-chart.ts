/** What a training's journal shows over its steps, as plain data: one chart a quantity, one line a run (and N or k). */
import type { LiveLine, LiveLines } from "./live.ts";
import { countText } from "./number-text.ts";

/** One quantity of a training's journal over its steps, made by `liveCharts`. */
export interface LiveChart {
  readonly id: string;
  readonly title: string;
  /** What the quantity is, with its unit. */
  readonly explanation: string;
  readonly scale: "linear" | "log" | "share";
  readonly series: readonly LiveSeries[];
}

/** One line of a live chart. */
export interface LiveSeries {
  readonly label: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** A run's name and the lines of its journal so far. */
export interface LiveRunLines {
  readonly name: string;
  readonly lines: LiveLines;
}

type Probe = Extract<LiveLine, { kind: "probe" }>;

/** Lines of a chart, at most: more cannot be told apart. */
const mostSeries = 8;

/**
 * The charts of one run, or of several in the same axes. A quantity that no run has gives no chart.
 *
 * @example
 * const lines = new LiveLines();
 * lines.add([{ kind: "step", step: 1, loss: 4, lossPerToken: 2, gradientNorm: 1, updateNorm: 0.1 }]);
 * liveCharts([{ name: "run", lines }]).map(({ id }) => id); // ["loss", "norms"]
 */
export function liveCharts(runs: readonly LiveRunLines[]): LiveChart[] {
  const several = runs.length > 1;
  const named = (name: string, what: string) =>
    [several ? name : "", what].filter((part) => part !== "").join(", ");
  const ofSteps = (what: string, value: (line: ReturnType<typeof stepsOf>[number]) => number) =>
    runs.map(({ name, lines }) => ({
      label: named(name, what),
      points: stepsOf(lines).map((line) => ({ step: line.step, value: value(line) })),
    }));
  const ofProbes = (what: string, value: (probe: Probe) => number | undefined) =>
    runs.map(({ name, lines }) => ({ label: named(name, what), points: probePoints(lines, value) }));
  const probes = runs.flatMap(({ lines }) => lines.probes);
  const ns = distinct(probes.flatMap(({ coverage }) => coverage.map(({ n }) => n)));
  const ks = distinct(probes.flatMap(({ passAtK }) => passAtK.map(({ k }) => k)));
  const bound = probes.some((probe) => probe.bound);
  const charts: LiveChart[] = [
    {
      id: "loss",
      title: "Loss, nats a token",
      explanation: "The loss that training descends, on each step's batch, divided by its response tokens.",
      scale: "linear",
      series: ofSteps("", ({ lossPerToken }) => lossPerToken),
    },
    {
      id: "cross-entropy",
      title: "Held-out cross-entropy, nats a response",
      explanation:
        "−log π(response) on the evaluation set, averaged; with KL from the data where its probabilities are known.",
      scale: "linear",
      series: [...ofProbes("", ({ crossEntropy }) => crossEntropy), ...ofProbes("KL", ({ kl }) => kl)],
    },
    {
      id: "coverage",
      title: bound ? "Coverage, upper bound" : "Coverage Cov_N",
      explanation: bound
        ? "P[π ≤ 1/N] on the evaluation set, which Cov_N is at most (arXiv 2510.15020, equation 1): the data's own probabilities are not known."
        : "Cov_N: the share of responses that the data finds at least N times as probable as the model (arXiv 2510.15020, equation 1). Lower is better.",
      scale: "share",
      series: shown(ns).flatMap((n) =>
        ofProbes(`N = ${countText(n)}`, (probe) => probe.coverage.find((point) => point.n === n)?.coverage),
      ),
    },
    {
      id: "pass-at-k",
      title: "pass@k",
      explanation: "The unbiased estimate on the evaluation set's first problems, from draws at each probe.",
      scale: "share",
      series: shown(ks).flatMap((k) =>
        ofProbes(`k = ${countText(k)}`, (probe) => probe.passAtK.find((point) => point.k === k)?.estimate),
      ),
    },
    {
      id: "norms",
      title: "Norms",
      explanation:
        "Euclidean norms of the whole gradient before clipping and of the change of all parameters.",
      scale: "log",
      series: [
        ...ofSteps("gradient", ({ gradientNorm }) => gradientNorm),
        ...ofSteps("update", ({ updateNorm }) => updateNorm),
      ],
    },
  ];
  return charts
    .map((chart) => ({
      ...chart,
      series: chart.series
        .map(({ label, points }) => ({
          label,
          points: chart.scale === "log" ? points.filter(({ value }) => value > 0) : points,
        }))
        .filter(({ points }) => points.length > 0)
        .slice(0, mostSeries),
    }))
    .filter(({ series }) => series.length > 0);
}

const stepsOf = (lines: LiveLines) => lines.steps;

function probePoints(lines: LiveLines, value: (probe: Probe) => number | undefined): LiveSeries["points"] {
  return lines.probes.flatMap((probe) => {
    const found = value(probe);
    return found === undefined ? [] : [{ step: probe.step, value: found }];
  });
}

const distinct = (values: readonly number[]) => [...new Set(values)].sort((left, right) => left - right);

/** The first, the last and some between. */
function shown(values: readonly number[]): number[] {
  if (values.length <= 3) return [...values];
  return [values[0]!, values[Math.floor(values.length / 2)]!, values.at(-1)!];
}
