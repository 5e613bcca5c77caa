/** What a training's journal shows over its steps, as plain data: one chart a quantity, one line a run (and N or k). */
import { palette } from "./chart-palette.ts";
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
  /** Position of its colour: the run's where there are several, else its own. */
  readonly colour: number;
  /** Position of its dash among the lines of one run. */
  readonly dash: number;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** A run's name and the lines of its journal so far. */
export interface LiveRunLines {
  readonly name: string;
  readonly lines: LiveLines;
}

type Step = Extract<LiveLine, { kind: "step" }>;
type Probe = Extract<LiveLine, { kind: "probe" }>;

/** One line that each run may have in a chart. */
interface Variant {
  /** What tells it from the run's other lines. */
  readonly what: string;
  points(lines: LiveLines): LiveSeries["points"];
}

interface Quantity extends Omit<LiveChart, "series"> {
  readonly variants: readonly Variant[];
}

/** Runs that can be told apart in one chart: as many as there are colours. */
export const mostRuns = palette.length;

/** Lines of a run in one chart, at most: of more runs fewer each can be told apart. */
const mostVariants = (runs: number): number => (runs <= 2 ? 3 : runs <= 4 ? 2 : 1);

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
  return quantitiesOf(runs).flatMap(({ variants, ...chart }) => {
    const series = variants.slice(0, mostVariants(runs.length)).flatMap(({ what, points }, variant) =>
      runs.flatMap(({ name, lines }, run): LiveSeries[] => {
        const own = points(lines).filter(({ value }) => chart.scale !== "log" || value > 0);
        const label = [several ? name : "", what].filter((part) => part !== "").join(", ");
        const look = several ? { colour: run, dash: variant } : { colour: variant, dash: 0 };
        return own.length === 0 ? [] : [{ label, ...look, points: own }];
      }),
    );
    return series.length === 0 ? [] : [{ ...chart, series }];
  });
}

function quantitiesOf(runs: readonly LiveRunLines[]): Quantity[] {
  const probes = runs.flatMap(({ lines }) => lines.probes);
  const most = mostVariants(runs.length);
  const ns = distinct(probes.flatMap(({ coverage }) => coverage.map(({ n }) => n)));
  const ks = distinct(probes.flatMap(({ passAtK }) => passAtK.map(({ k }) => k)));
  const bound = probes.some((probe) => probe.bound);
  return [
    {
      id: "loss",
      title: "Loss, nats a token",
      explanation: "The loss that training descends, on each step's batch, divided by its response tokens.",
      scale: "linear",
      variants: [ofSteps("", ({ lossPerToken }) => lossPerToken)],
    },
    {
      id: "cross-entropy",
      title: "Held-out cross-entropy, nats a response",
      explanation:
        "−log π(response) on the evaluation set, averaged; with KL from the data where its probabilities are known.",
      scale: "linear",
      variants: [ofProbes("", ({ crossEntropy }) => crossEntropy), ofProbes("KL", ({ kl }) => kl)],
    },
    {
      id: "coverage",
      title: bound ? "Coverage, upper bound" : "Coverage Cov_N",
      explanation: bound
        ? "P[π ≤ 1/N] on the evaluation set, which Cov_N is at most (arXiv 2510.15020, equation 1): the data's own probabilities are not known."
        : "Cov_N: the share of responses that the data finds at least N times as probable as the model (arXiv 2510.15020, equation 1). Lower is better.",
      scale: "share",
      variants: shown(ns, most).map((n) =>
        ofProbes(`N = ${countText(n)}`, (probe) => probe.coverage.find((point) => point.n === n)?.coverage),
      ),
    },
    {
      id: "pass-at-k",
      title: "pass@k",
      explanation: "The unbiased estimate on the evaluation set's first problems, from draws at each probe.",
      scale: "share",
      variants: shown(ks, most).map((k) =>
        ofProbes(`k = ${countText(k)}`, (probe) => probe.passAtK.find((point) => point.k === k)?.estimate),
      ),
    },
    {
      id: "norms",
      title: "Norms",
      explanation:
        "Euclidean norms of the whole gradient before clipping and of the change of all parameters.",
      scale: "log",
      variants: [
        ofSteps("gradient", ({ gradientNorm }) => gradientNorm),
        ofSteps("update", ({ updateNorm }) => updateNorm),
      ],
    },
  ];
}

const ofSteps = (what: string, value: (line: Step) => number): Variant => ({
  what,
  points: ({ steps }) => steps.map((line) => ({ step: line.step, value: value(line) })),
});

const ofProbes = (what: string, value: (probe: Probe) => number | undefined): Variant => ({
  what,
  points: ({ probes }) =>
    probes.flatMap((probe) => {
      const found = value(probe);
      return found === undefined ? [] : [{ step: probe.step, value: found }];
    }),
});

const distinct = (values: readonly number[]) => [...new Set(values)].sort((left, right) => left - right);

/** The last, the first and the one between, as many as fit. */
function shown(values: readonly number[], most: number): number[] {
  if (values.length <= most) return [...values];
  const last = values.at(-1)!;
  if (most === 1) return [last];
  return most === 2 ? [values[0]!, last] : [values[0]!, values[Math.floor(values.length / 2)]!, last];
}
