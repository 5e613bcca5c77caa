/** Intervals for proportions: exact for independent trials, and for trials that come in clusters. */
import { betaQuantile, compensatedSum, studentQuantile } from "../numeric/index.ts";

/** Both ends of a confidence interval. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

export function checkLevel(level: number): void {
  if (level > 0 && level < 1) return;
  throw new RangeError(`level is ${level}: must lie between 0 and 1, both excluded`);
}

/**
 * The Clopper–Pearson interval of a proportion: exact, so it covers at least `level`. Successes and trials may be
 * real (an effective sample size); with no trials nothing is known and the interval is [0, 1].
 *
 * @throws RangeError unless 0 ≤ successes ≤ trials < ∞ and 0 < level < 1.
 * @example
 * clopperPearson({ successes: 0, trials: 10, level: 0.95 }); // { lower: 0, upper: 0.3084971078187608 }
 */
export function clopperPearson(input: {
  readonly successes: number;
  readonly trials: number;
  readonly level: number;
}): Interval {
  const { successes, trials, level } = input;
  checkLevel(level);
  if (!(trials >= 0 && trials < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`trials is ${trials}: must be finite and at least 0`);
  }
  if (!(successes >= 0 && successes <= trials)) {
    throw new RangeError(`successes is ${successes}: must be between 0 and trials, ${trials}`);
  }
  const failures = trials - successes;
  const tail = (1 - level) / 2;
  return {
    lower: successes === 0 ? 0 : betaQuantile({ probability: tail, alpha: successes, beta: failures + 1 }),
    upper: failures === 0 ? 1 : betaQuantile({ probability: 1 - tail, alpha: successes + 1, beta: failures }),
  };
}

/** A mean proportion over clusters with its interval, made by `kornGraubard`. */
export interface ClusterEstimate extends Interval {
  readonly estimate: number;
  /** The number of independent trials that would say as much as these clusters. */
  readonly effectiveTrials: number;
}

/**
 * The mean over clusters of proportions, with a Clopper–Pearson interval at the effective sample size of Korn and
 * Graubard (Survey Methodology 24, 1998): n⋆ = min(n_tot, p̂(1−p̂)/v̂)·(t_{n_tot−1}/t_{m−1})², where v̂ is the variance
 * of the m cluster means divided by m and n_tot the trials of all clusters.
 *
 * Where the clusters cannot show their variance (one cluster, or all means 0, or all 1), a cluster counts as one trial:
 * n⋆ = m. For pass@k a trial is a group of k draws, and a problem of n draws holds ⌊n/k⌋ disjoint ones.
 *
 * @throws RangeError for no clusters, a mean outside [0, 1] or a size below 1.
 * @example
 * kornGraubard({ means: [0.5, 0.25, 1], sizes: [8, 8, 8], level: 0.95 });
 */
export function kornGraubard(input: {
  readonly means: ArrayLike<number>;
  readonly sizes: ArrayLike<number>;
  readonly level: number;
}): ClusterEstimate {
  const { means, sizes, level } = input;
  checkLevel(level);
  const clusters = means.length;
  if (clusters === 0) throw new RangeError("means is empty: must hold at least one cluster");
  if (sizes.length !== clusters) {
    throw new RangeError(`sizes has length ${sizes.length}: must have the length of means, ${clusters}`);
  }
  for (let index = 0; index < clusters; index++) {
    const mean = means[index]!;
    const size = sizes[index]!;
    if (!(mean >= 0 && mean <= 1))
      throw new RangeError(`means[${index}] is ${mean}: must be between 0 and 1`);
    if (!(size >= 1 && size < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`sizes[${index}] is ${size}: must be finite and at least 1`);
    }
  }
  const estimate = Math.min(1, compensatedSum(means) / clusters);
  const effectiveTrials = effectiveSize({ means, estimate, trials: compensatedSum(sizes), level });
  const successes = Math.min(effectiveTrials, estimate * effectiveTrials);
  return { estimate, effectiveTrials, ...clopperPearson({ successes, trials: effectiveTrials, level }) };
}

function effectiveSize(input: {
  readonly means: ArrayLike<number>;
  readonly estimate: number;
  readonly trials: number;
  readonly level: number;
}): number {
  const { means, estimate, trials, level } = input;
  const clusters = means.length;
  if (clusters === 1 || estimate === 0 || estimate === 1) return clusters;
  let squares = 0;
  for (let index = 0; index < clusters; index++) squares += (means[index]! - estimate) ** 2;
  const variance = squares / (clusters - 1) / clusters;
  const probability = 1 - (1 - level) / 2;
  const ratio =
    studentQuantile({ probability, degreesOfFreedom: trials - 1 }) /
    studentQuantile({ probability, degreesOfFreedom: clusters - 1 });
  return Math.min(trials, (estimate * (1 - estimate)) / variance) * ratio ** 2;
}
