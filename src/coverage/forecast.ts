/**
 * What counts say beyond the draws at hand: pass@k for k > n and the share of problems under a rate, as
 * profile-likelihood-ratio intervals over all distributions of success rates. Sampling may have stopped by any rule
 * that looks only at the draws so far; the likelihood does not see it.
 */
import { chiSquareQuantile } from "../numeric/index.ts";
import type { ProblemCount } from "./counts.ts";
import { checkLevel } from "./interval.ts";
import { type MixingFit, mixingFit } from "./mixing-distribution.ts";
import { profileEnd } from "./profile-interval.ts";

/** Options of `forecastPassAtK` and of the other intervals over all mixing distributions. */
export interface ForecastOptions {
  /** Confidence level, 0.95 where absent. */
  readonly level?: number;
  /** True to have all intervals of the call hold together (Bonferroni); each by itself where absent. */
  readonly simultaneous?: boolean;
  /**
   * True to halve the error that the χ²₁ cutoff allows (5.02 for 3.84 at level 0.95): about 1.1 times wider, for problems
   * of a few kinds with one rate each, where the ordinary cutoff can fall short of the level.
   */
  readonly strict?: boolean;
}

interface IntervalWithSource {
  readonly lower: number;
  readonly upper: number;
  /** The middle of the interval: the one number to use where a single one is needed. */
  readonly midpoint: number;
  readonly problems: number;
  readonly draws: number;
  /** Certificate of the fit behind the interval: bound on what is missing to the maximal mean log-likelihood. */
  readonly gap: number;
}

/** The interval of pass@k at one k, made by `forecastPassAtK`. */
export interface PassAtKForecast extends IntervalWithSource {
  readonly k: number;
}

/** The share of problems whose success rate is at most a threshold, made by `shareUnderRate`. */
export interface ShareUnderRate extends IntervalWithSource {
  readonly threshold: number;
}

/** The drop in twice the log-likelihood that an interval allows. */
export function likelihoodRatioCutoff(intervals: number, options: ForecastOptions): number {
  const level = options.level ?? 0.95;
  checkLevel(level);
  const together = options.simultaneous === true ? Math.max(1, intervals) : 1;
  const shares = options.strict === true ? 2 * together : together;
  return chiSquareQuantile({ probability: 1 - (1 - level) / shares, degreesOfFreedom: 1 });
}

/** 1 − (1−p)^k at each rate. */
function passFunctional(rates: Float64Array, k: number): Float64Array {
  return rates.map((rate) => -Math.expm1(k * Math.log1p(-rate)));
}

/** One end of the interval of pass@k. */
export function passAtKEnd(input: {
  readonly fit: MixingFit;
  readonly k: number;
  readonly side: 1 | -1;
  readonly cutoff: number;
}): number {
  const { fit, k, side, cutoff } = input;
  return profileEnd({ fit, functional: passFunctional(fit.rows.rates, k), side, cutoff });
}

/** One end of the interval of P[p ≤ rate], or, at the lower end, of P[p < rate]: rates just above cannot be told. */
export function shareEnd(input: {
  readonly fit: MixingFit;
  readonly threshold: number;
  readonly side: 1 | -1;
  readonly cutoff: number;
}): number {
  const { fit, threshold, side, cutoff } = input;
  const functional = fit.rows.rates.map((rate) =>
    rate < threshold || (rate === threshold && side === 1) ? 1 : 0,
  );
  return profileEnd({ fit, functional, side, cutoff });
}

function withSource(fit: MixingFit, lower: number, upper: number): IntervalWithSource {
  const { problems, draws, gap } = fit;
  return { lower, upper, midpoint: (lower + upper) / 2, problems, draws, gap };
}

/**
 * The interval of pass@k = E[1 − (1−p)^k] over the population of problems, for any k ≥ 1, also far beyond the draws.
 *
 * All distributions of success rates whose likelihood-ratio statistic is at most the χ²₁ quantile at `level` (at
 * 1 − α/r for r values of k together) count as possible. χ²₁ is not a theorem here: in simulations with seven
 * kinds of truth (`test/long`) 146 of 147 cells cover .939 to 1; the last, where problems have one of two rates and nothing
 * between, .923. There `strict` covers .959. Ends are exact to 1e-4 or 5% of the cutoff, outward.
 * The interval is wide where the counts do not decide: that is the answer, not a defect.
 *
 * @throws RangeError for impossible counts, a k below 1 or a level outside (0, 1).
 * @example
 * forecastPassAtK([{ draws: 100, correct: 7 }, { draws: 100, correct: 0 }], [1000]);
 */
export function forecastPassAtK(
  counts: readonly ProblemCount[],
  ks: readonly number[],
  options: ForecastOptions = {},
): PassAtKForecast[] {
  for (const k of ks) {
    if (!(Number.isSafeInteger(k) && k >= 1)) {
      throw new RangeError(`k is ${k}: must be an integer of at least 1`);
    }
  }
  const cutoff = likelihoodRatioCutoff(ks.length, options);
  const fit = mixingFit(counts, { largestK: ks.reduce((largest, k) => Math.max(largest, k), 1) });
  return ks.map((k) => {
    const lower = passAtKEnd({ fit, k, side: -1, cutoff });
    const upper = passAtKEnd({ fit, k, side: 1, cutoff });
    return { k, ...withSource(fit, lower, upper) };
  });
}

/**
 * The interval of the share of problems whose success rate is at most each threshold. At thresholds 1/N it is the
 * answer-level coverage profile P[p ≤ 1/N]; Cover@τ = P[p ≥ τ] is 1 minus it.
 *
 * Data cannot tell a rate of τ from one just beside it, so the upper end counts problems at τ itself and the lower end
 * does not: the interval holds for P[p ≤ τ] and for P[p < τ] alike. At τ = 1 the share is 1.
 *
 * @throws RangeError for impossible counts or a threshold outside [0, 1].
 * @example
 * shareUnderRate([{ draws: 100, correct: 7 }, { draws: 100, correct: 0 }], [0.01]);
 */
export function shareUnderRate(
  counts: readonly ProblemCount[],
  thresholds: readonly number[],
  options: ForecastOptions = {},
): ShareUnderRate[] {
  const cutoff = likelihoodRatioCutoff(thresholds.length, options);
  const fit = mixingFit(counts, { include: thresholds });
  return thresholds.map((threshold) => {
    if (threshold === 1) return { threshold, ...withSource(fit, 1, 1) };
    const lower = shareEnd({ fit, threshold, side: -1, cutoff });
    const upper = shareEnd({ fit, threshold, side: 1, cutoff });
    return { threshold, ...withSource(fit, lower, upper) };
  });
}
