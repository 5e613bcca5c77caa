/** Every bound beside what was measured: how loose each is, and whether the sample keeps it. */
import {
  printedRegretBound,
  printedSamplesForCoverage,
  regretBound,
  regretLowerBound,
  samplesByKlLaw,
  samplesForCoverage,
} from "./bounds-best-of-n.ts";
import {
  coverageBoundFromHellinger,
  coverageBoundFromKl,
  klBoundFromDecay,
  looseCoverageBoundFromKl,
  tightCoverageBoundFromKl,
} from "./bounds-from-divergence.ts";
import { samplesFromProfile } from "./bounds-samples-needed.ts";
import {
  coverageBoundFromStoppedKl,
  coverageLowerBoundFromHellinger,
  hellingerThreshold,
} from "./bounds-stopped.ts";
import { answerCoverageBound, printedAnswerCoverageBound } from "./bounds-transfer.ts";
import { klDivergence, squaredHellinger, stoppedKl, sumOfSteps } from "./divergence.ts";
import type { LogRatioSample } from "./log-ratio.ts";
import { coverageAt } from "./profile.ts";
import { logRatioDistribution, uniformDecay } from "./profile-distribution.ts";

/** One bound of the paper beside what it bounds, both from one sample. */
export interface BoundRow {
  /** What is bounded and by what, in a few words. */
  readonly name: string;
  /** Equation or proposition of the paper, or "beyond". */
  readonly source: string;
  /** The N (or M) at which coverage enters; undefined where it does not enter at one. */
  readonly n: number | undefined;
  /** Draws of Best-of-N, where the row is about its regret. */
  readonly draws: number | undefined;
  readonly side: "upper" | "lower";
  readonly bound: number;
  /** Undefined for what log-probabilities cannot measure: the regret of a reward nobody gave. */
  readonly measured: number | undefined;
  /** Whether the measured number keeps the bound to 1e-6; a sample may break what its population keeps. */
  readonly holds: boolean | undefined;
}

/** What `boundsTable` is asked, and what it may use beside log-probabilities of responses. */
export interface BoundsTableOptions {
  /** Real N > 1. */
  readonly ns: readonly number[];
  readonly prompts?: ArrayLike<number>;
  /** The ε of Best-of-N's regret and the δ of D.11, 0.1 where absent. */
  readonly epsilon?: number;
  /** The same records with answers in the place of responses (`answerLogProbabilities`). */
  readonly answers?: LogRatioSample;
  /** KL divergence at every step of each response, in nats. */
  readonly stepDivergences?: readonly ArrayLike<number>[];
  /** Squared Hellinger distance at every step of each response. */
  readonly stepSquaredHellinger?: readonly ArrayLike<number>[];
}

const slack = 1e-6;

function row(input: Omit<BoundRow, "holds" | "draws">): BoundRow {
  const { side, bound, measured } = input;
  if (measured === undefined) return { ...input, draws: undefined, holds: undefined };
  const holds = side === "upper" ? measured <= bound + slack : measured >= bound - slack;
  return { ...input, draws: undefined, holds };
}

/**
 * The conversions between coverage, KL, Hellinger distance and Best-of-N (§1, §2), each with its bound from the sample and
 * the number it bounds measured on the same sample. Rows on answers and on steps appear where those are given.
 *
 * All bounds are about populations: on a finite sample D.1 and its forms can fail (the sample mean of X misses large X),
 * and a row says so. Rows that need KL or Hellinger are absent where those are undefined.
 *
 * @throws RangeError for a sample whose kind is not `reference`, an N ≤ 1, or no N.
 * @example
 * const sample = logRatios({
 *   kind: "reference",
 *   reference: { model: "teacher", logProbabilities: [Math.log(0.5), Math.log(0.5)] },
 *   model: { model: "student", logProbabilities: [Math.log(0.25), Math.log(0.5)] },
 * });
 * boundsTable(sample, { ns: [2] })[0]?.measured; // 0.5
 */
export function boundsTable(sample: LogRatioSample, options: BoundsTableOptions): BoundRow[] {
  const { ns, epsilon = 0.1 } = options;
  if (ns.length === 0) throw new RangeError("ns is empty: must hold at least one N");
  ns.forEach((n, index) => {
    if (!(n > 1 && n < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`ns[${index}] is ${n}: must be finite and above 1`);
    }
  });
  if (!(epsilon > 0 && epsilon < 1)) {
    throw new RangeError(`epsilon is ${epsilon}: must lie between 0 and 1, both excluded`);
  }
  const clusters = options.prompts === undefined ? {} : { prompts: options.prompts };
  const kl = klDivergence(sample, clusters).estimate;
  const hellinger = squaredHellinger(sample, clusters).estimate;
  const rows = ns.flatMap((n) => [
    ...divergenceRows({ sample, options, n, kl, hellinger }),
    ...answerRows({ sample, options, n }),
    ...stepRows({ sample, options, n }),
    ...regretRows({ sample, options, n, epsilon }),
  ]);
  return [...rows, ...wholeRows({ sample, options, kl, epsilon })];
}

interface RowInput {
  readonly sample: LogRatioSample;
  readonly options: BoundsTableOptions;
  readonly n: number;
}

function divergenceRows(
  input: RowInput & { readonly kl: number | undefined; readonly hellinger: number | undefined },
): BoundRow[] {
  const { sample, options, n, kl, hellinger } = input;
  const measured = coverageAt(sample, { n, prompts: options.prompts });
  const of = (name: string, source: string, bound: number) =>
    row({ name, source, n, side: "upper", bound, measured });
  const rows: BoundRow[] = [];
  if (kl !== undefined) {
    // A mean of X below 0 is chance: no divergence is.
    const given = { n, kl: Math.max(0, kl) };
    rows.push(of("coverage from KL, binary form", "beyond D.1", tightCoverageBoundFromKl(given)));
    rows.push(of("coverage from KL", "D.1", coverageBoundFromKl(given)));
    if (n > Math.E) rows.push(of("coverage from KL, loose", "Prop. 3.1", looseCoverageBoundFromKl(given)));
  }
  if (hellinger !== undefined) {
    const squared = Math.min(1, Math.max(0, hellinger));
    const bound = coverageBoundFromHellinger({ n, squaredHellinger: squared });
    rows.push(of("coverage from Hellinger distance", "D.4", bound));
  }
  return rows;
}

function answerRows({ sample, options, n }: RowInput): BoundRow[] {
  const { answers, prompts } = options;
  if (answers === undefined) return [];
  const measured = coverageAt(answers, { n, prompts });
  const corrected = answerCoverageBound({ s: 2, coverage: coverageAt(sample, { n: n / 2, prompts }) });
  const printed = printedAnswerCoverageBound({ coverage: coverageAt(sample, { n, prompts }) });
  const side = "upper";
  return [
    row({
      name: "answers from responses, s = 2",
      source: "corrected §7.1",
      n,
      side,
      bound: corrected,
      measured,
    }),
    row({
      name: "answers from responses, as printed",
      source: "§7.1 (false)",
      n,
      side,
      bound: printed,
      measured,
    }),
  ];
}

function stepRows({ sample, options, n }: RowInput): BoundRow[] {
  const { stepDivergences, stepSquaredHellinger, prompts, epsilon: delta = 0.1 } = options;
  const rows: BoundRow[] = [];
  if (stepDivergences !== undefined && n > Math.E) {
    checkSteps("stepDivergences", stepDivergences, sample);
    const stopped = stoppedKl({ n, stepDivergences, ...(prompts && { prompts }) }).estimate!;
    rows.push(
      row({
        name: "coverage from stopped KL",
        source: "D.10",
        n,
        side: "upper",
        bound: coverageBoundFromStoppedKl({ n, stoppedKl: stopped }),
        measured: coverageAt(sample, { n, prompts }),
      }),
    );
  }
  if (stepSquaredHellinger !== undefined) {
    checkSteps("stepSquaredHellinger", stepSquaredHellinger, sample);
    const sums = Float64Array.from(stepSquaredHellinger, (steps, response) =>
      sumOfSteps(steps, `stepSquaredHellinger[${response}]`),
    );
    const totals = { ...sample, values: sums, tolerances: new Float64Array(sums.length) };
    const threshold = hellingerThreshold({ n, delta });
    const exceedance = coverageAt(totals, { n: Math.exp(threshold), prompts });
    const bound = coverageLowerBoundFromHellinger({ exceedance, delta });
    const side = "lower";
    const measured = (at: number) => coverageAt(sample, { n: at, prompts });
    rows.push(
      row({ name: "coverage from Hellinger steps", source: "D.11", n, side, bound, measured: measured(n) }),
      row({
        name: "coverage at N² from Hellinger steps",
        source: "beyond D.11",
        n: n ** 2,
        side,
        bound,
        measured: measured(n ** 2),
      }),
    );
  }
  return rows;
}

/** Log-probabilities know no reward, so nothing is measured here. */
function regretRows(input: RowInput & { readonly epsilon: number }): BoundRow[] {
  const { sample, options, n, epsilon } = input;
  const { prompts } = options;
  const coverage = coverageAt(sample, { n, prompts });
  const unmeasured = { measured: undefined, holds: undefined };
  const rows: BoundRow[] = [
    {
      name: "regret of Best-of-N",
      source: "beyond D.6",
      n,
      draws: samplesForCoverage({ m: n, epsilon }),
      side: "upper",
      bound: regretBound({ coverage, epsilon }),
      ...unmeasured,
    },
  ];
  if (coverage <= 0.5 || epsilon <= 1 / Math.E) {
    rows.push({
      name: "regret of Best-of-N, as printed",
      source: "D.6",
      n,
      draws: printedSamplesForCoverage({ m: n, epsilon }),
      side: "upper",
      bound: printedRegretBound({ coverage, epsilon }),
      ...unmeasured,
    });
  }
  if (n < 2) return rows;
  rows.push({
    name: "regret of Best-of-N for the worst reward",
    source: "D.7",
    n: 2 * n,
    draws: n,
    side: "lower",
    bound: regretLowerBound({ coverage: coverageAt(sample, { n: 2 * n, prompts }) }),
    ...unmeasured,
  });
  return rows;
}

/** Rows about the whole profile: KL from its decay, and the draws for regret ε by the KL law and by coverage. */
function wholeRows(input: {
  readonly sample: LogRatioSample;
  readonly options: BoundsTableOptions;
  readonly kl: number | undefined;
  readonly epsilon: number;
}): BoundRow[] {
  const { sample, options, kl, epsilon } = input;
  const { prompts } = options;
  const rows: BoundRow[] = [];
  const none = { n: undefined, draws: undefined, side: "upper" } as const;
  if (kl !== undefined) {
    const bound = klBoundFromDecay(uniformDecay(logRatioDistribution(sample, prompts)));
    rows.push(
      row({ name: "KL from uniform decay", source: "D.3", n: undefined, side: "upper", bound, measured: kl }),
    );
    // The law is no theorem, so nothing is said to hold; the profile's number stands beside it.
    const law = samplesByKlLaw({ kl: Math.max(0, kl), epsilon });
    const measured = samplesFromProfile(sample, { regret: epsilon, ...(prompts && { prompts }) });
    const name = "draws for the regret asked for, by KL and by coverage";
    rows.push({ ...none, name, source: "(5)", bound: law, measured, holds: undefined });
  }
  return rows;
}

function checkSteps(name: string, steps: readonly unknown[], sample: LogRatioSample): void {
  const records = sample.values.length;
  if (steps.length === records) return;
  throw new RangeError(`${name} has length ${steps.length}: must have one entry a record, ${records}`);
}
