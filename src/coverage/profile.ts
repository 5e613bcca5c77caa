/** The coverage profile: how often the reference finds a response N times as probable as the model, or more. */
import { compensatedSum } from "../numeric/index.ts";
import { berkJonesBand } from "./berk-jones.ts";
import { checkLevel, clopperPearson, kornGraubard } from "./interval.ts";
import type { LogRatioSample, ProfileKind } from "./log-ratio.ts";
import { promptClusters, promptMeans } from "./profile-clusters.ts";
import { largestDesignEffect, showsVariance } from "./profile-design-effect.ts";

/** Cov_N at one N with its interval and band. */
export interface CoveragePoint {
  readonly n: number;
  /** Mean over prompts of the share of their responses with X ≥ log N. */
  readonly coverage: number;
  /** Pointwise interval: Korn–Graubard, prompts as clusters. */
  readonly lower: number;
  readonly upper: number;
  /** Band that holds at all N at once: Berk–Jones at the effective sample size. */
  readonly simultaneousLower: number;
  readonly simultaneousUpper: number;
  readonly kind: ProfileKind;
  readonly prompts: number;
  readonly responses: number;
  /** Records whose X lies at log N within the tolerance: they count, and float noise could have decided otherwise. */
  readonly withinTolerance: number;
}

/** Cov_N of one model at several N, made by `coverageProfile`. */
export interface CoverageProfile {
  readonly model: string;
  readonly kind: ProfileKind;
  /** In the order of the N asked for. */
  readonly profile: readonly CoveragePoint[];
  /** False for an upper bound above 0.99 at every N asked for: it says nothing about coverage. */
  readonly informative: boolean;
  readonly prompts: number;
  readonly responses: number;
  /** Records with π = π̂ = 0: counted as not reaching N. */
  readonly undefinedRatios: number;
  /** Records with π = 0 < π̂: counted as not reaching N. */
  readonly impossibleRecords: number;
  /** Log-probabilities that lay above 0 by float noise and became 0. */
  readonly clamped: number;
}

/** Options of `coverageProfile`. */
export interface ProfileOptions {
  /** Real N ≥ 1. */
  readonly ns: readonly number[];
  /** The prompt of each record, as a number; without it each record is a prompt of its own. */
  readonly prompts?: ArrayLike<number>;
  /** Confidence level, 0.95 where absent. */
  readonly level?: number;
}

const vacuous = 0.99;

/**
 * Cov_N = P[X ≥ log N] (equations (1), (4); (28) for data scored by another model; ≥, with the tolerance of
 * `atomTolerance`) for real N ≥ 1, as the mean over prompts of the share of their responses; with as many responses for
 * every prompt that is the plain share of (28).
 *
 * Both intervals are for the population of prompts, at Korn and Graubard's effective sample size with prompts as clusters:
 * pointwise Clopper–Pearson, and a Berk–Jones band for all N at once. Where fewer than 5 prompts hit or fewer than 5 miss,
 * the variance between prompts does not show; then the largest design effect among the deciles of X says what the
 * responses are worth, pointwise only where that is less (**our choice**: without it the pointwise interval covers .88
 * where .95 is promised, at Cov_N = .01 with 20 strongly correlated responses to each of 50 prompts).
 *
 * @throws RangeError for no N, an N below 1 or infinite, prompts of another length, or a level outside (0, 1).
 * @example
 * const sample = upperBoundLogRatios({ model: "a", logProbabilities: [-0.5, -1, -2, -4] });
 * coverageProfile(sample, { ns: [1, Math.exp(2), 100] }).profile.map(({ coverage }) => coverage); // [1, 0.5, 0]
 */
export function coverageProfile(sample: LogRatioSample, options: ProfileOptions): CoverageProfile {
  const { ns, level = 0.95 } = options;
  checkLevel(level);
  checkNs(ns);
  const { kind, model, values, undefinedRatios, impossibleRecords, clamped } = sample;
  const responses = values.length;
  const clusters = promptClusters({ records: responses, prompts: options.prompts });
  const { prompts, sizes } = clusters;
  const sparseTrials = responses / largestDesignEffect({ clusters, values, level });
  const profile = ns.map((n) => {
    const { hits, withinTolerance } = hitsAt(sample, n);
    const means = promptMeans(clusters, hits);
    const { estimate, effectiveTrials } = kornGraubard({ means, sizes, level });
    const shown = showsVariance(means);
    const trials = shown ? effectiveTrials : Math.min(effectiveTrials, sparseTrials);
    const successes = Math.min(trials, estimate * trials);
    const pointwise = clopperPearson({ successes, trials, level });
    const band = berkJonesBand({ estimate, trials: shown ? effectiveTrials : sparseTrials, level });
    return {
      n,
      coverage: estimate,
      lower: pointwise.lower,
      upper: pointwise.upper,
      simultaneousLower: band.lower,
      simultaneousUpper: band.upper,
      kind,
      prompts,
      responses,
      withinTolerance,
    };
  });
  const informative = kind !== "upper-bound" || profile.some(({ coverage }) => coverage <= vacuous);
  return {
    model,
    kind,
    profile,
    informative,
    prompts,
    responses,
    undefinedRatios,
    impossibleRecords,
    clamped,
  };
}

/**
 * Cov_N of a sample as one number: the `coverage` of `coverageProfile` without its intervals, for any N > 0 (answers reach
 * below 1).
 *
 * @throws RangeError for an N that is not positive and finite, or prompts of another length.
 * @example
 * const sample = upperBoundLogRatios({ model: "a", logProbabilities: [-0.5, -1, -2, -4] });
 * coverageAt(sample, { n: Math.exp(2) }); // 0.5
 */
export function coverageAt(
  sample: LogRatioSample,
  options: { readonly n: number; readonly prompts?: ArrayLike<number> | undefined },
): number {
  const { n } = options;
  if (!(n > 0 && n < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`n is ${n}: must be positive and finite`);
  }
  const clusters = promptClusters({ records: sample.values.length, prompts: options.prompts });
  const means = promptMeans(clusters, hitsAt(sample, n).hits);
  return Math.min(1, compensatedSum(means) / clusters.prompts);
}

function checkNs(ns: readonly number[]): void {
  if (ns.length === 0) throw new RangeError("ns is empty: must hold at least one N");
  ns.forEach((n, index) => {
    if (!(n >= 1 && n < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`ns[${index}] is ${n}: must be a finite number of at least 1`);
    }
  });
}

function hitsAt(sample: LogRatioSample, n: number): { hits: Uint8Array; withinTolerance: number } {
  const { values, tolerances } = sample;
  const threshold = Math.log(n);
  const hits = new Uint8Array(values.length);
  let withinTolerance = 0;
  for (let record = 0; record < values.length; record++) {
    const excess = values[record]! - threshold;
    const tolerance = tolerances[record]!;
    if (excess >= -tolerance) hits[record] = 1;
    if (Math.abs(excess) <= tolerance) withinTolerance += 1;
  }
  return { hits, withinTolerance };
}
