/** Forecasts read the other way: the rate that a share of problems does not exceed, and the draws a target needs. */
import type { ProblemCount } from "./counts.ts";
import { type ForecastOptions, likelihoodRatioCutoff, passAtKEnd, shareEnd } from "./forecast.ts";
import { defaultLargestK, mixingFit } from "./mixing-distribution.ts";

/** The interval of a quantile of success rates over problems, made by `rateQuantile`. */
export interface RateQuantile {
  readonly epsilon: number;
  readonly lower: number;
  readonly upper: number;
  readonly problems: number;
  readonly draws: number;
}

/** The smallest index in [low, high] at which a monotone condition holds; `high` is taken to satisfy it. */
function firstIndex(low: number, high: number, holds: (index: number) => boolean): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return to;
}

/**
 * The interval of Q(ε), the ε-quantile of success rates over problems: every rate q for which ε is a possible value of
 * P[p ≤ q]. Outward to the grid of rates (steps of at most 8% or half a standard error). The lower end may be 0, and
 * then 1/Q(ε) is not bounded above.
 *
 * @throws RangeError for impossible counts or an ε outside (0, 1).
 * @example
 * const quantiles = rateQuantile([{ draws: 100, correct: 0 }, { draws: 100, correct: 40 }], [0.1]);
 * 1 / quantiles[0]!.lower; // Infinity
 */
export function rateQuantile(
  counts: readonly ProblemCount[],
  epsilons: readonly number[],
  options: ForecastOptions = {},
): RateQuantile[] {
  for (const epsilon of epsilons) {
    if (!(epsilon > 0 && epsilon < 1)) {
      throw new RangeError(`epsilon is ${epsilon}: must lie between 0 and 1, both excluded`);
    }
  }
  const cutoff = likelihoodRatioCutoff(epsilons.length, options);
  const fit = mixingFit(counts);
  const { rates } = fit.rows;
  const last = rates.length - 1;
  const { problems, draws } = fit;
  return epsilons.map((epsilon) => {
    const mayReach = firstIndex(0, last, (index) => {
      return shareEnd({ fit, threshold: rates[index]!, side: 1, cutoff }) >= epsilon;
    });
    const mustReach = firstIndex(mayReach, last, (index) => {
      return shareEnd({ fit, threshold: rates[index]!, side: -1, cutoff }) >= epsilon;
    });
    return { epsilon, lower: rates[Math.max(0, mayReach - 1)]!, upper: rates[mustReach]!, problems, draws };
  });
}

/** Whether and where the interval of pass@k contains a target. */
export interface SamplesForTarget {
  readonly target: number;
  /**
   * `interval`: between `lower` and `upper` draws. `open-above`: at least `lower`, and 10⁶ draws may not be enough.
   * `not-reachable`: more than 10⁶. `already-met`: one draw is enough.
   */
  readonly status: "interval" | "open-above" | "not-reachable" | "already-met";
  readonly lower?: number;
  readonly upper?: number;
  readonly problems: number;
  readonly draws: number;
}

const relativeWidth = 1e-3;

/**
 * The bracket [a, b] of integers, b ≤ a + 1 or b ≤ 1.001·a, in which an increasing function of k crosses `target`;
 * `value(low)` < target ≤ `value(high)` on entry.
 */
function crossing(input: {
  readonly target: number;
  readonly low: { readonly k: number; readonly value: number };
  readonly high: { readonly k: number; readonly value: number };
  readonly valueAt: (k: number) => number;
}): [number, number] {
  let { low, high } = input;
  while (high.k > low.k + 1 && high.k > low.k * (1 + relativeWidth)) {
    const linear = (input.target - low.value) / (high.value - low.value);
    // Interpolated in log k, but every step takes at least a tenth of the bracket away.
    const share = Math.min(0.9, Math.max(0.1, linear));
    const guess = Math.round(low.k * (high.k / low.k) ** share);
    const k = Math.min(high.k - 1, Math.max(low.k + 1, guess));
    const value = input.valueAt(k);
    if (value < input.target) low = { k, value };
    else high = { k, value };
  }
  return [low.k, high.k];
}

/**
 * The draws a problem that pass@k = target may need: all k up to 10⁶ for which the target lies in the interval of
 * pass@k at the level given. Exact up to about 1000 draws and outward to 0.1% above.
 *
 * @throws RangeError for impossible counts or a target outside (0, 1].
 * @example
 * samplesForTarget([{ draws: 100, correct: 7 }, { draws: 100, correct: 40 }], 0.9);
 */
export function samplesForTarget(
  counts: readonly ProblemCount[],
  target: number,
  options: Omit<ForecastOptions, "simultaneous"> = {},
): SamplesForTarget {
  if (!(target > 0 && target <= 1)) {
    throw new RangeError(`target is ${target}: must be above 0 and at most 1`);
  }
  const cutoff = likelihoodRatioCutoff(1, options);
  const fit = mixingFit(counts);
  const { problems, draws } = fit;
  const upperAt = (k: number) => passAtKEnd({ fit, k, side: 1, cutoff });
  const lowerAt = (k: number) => passAtKEnd({ fit, k, side: -1, cutoff });
  const most = defaultLargestK;

  const upperAtMost = { k: most, value: upperAt(most) };
  if (upperAtMost.value < target) return { target, status: "not-reachable", problems, draws };
  const lowerAtOne = { k: 1, value: lowerAt(1) };
  if (lowerAtOne.value >= target) {
    return { target, status: "already-met", lower: 1, upper: 1, problems, draws };
  }
  const upperAtOne = { k: 1, value: upperAt(1) };
  const lower =
    upperAtOne.value >= target
      ? 1
      : crossing({ target, low: upperAtOne, high: upperAtMost, valueAt: upperAt })[0] + 1;
  const lowerAtMost = { k: most, value: lowerAt(most) };
  if (lowerAtMost.value < target) return { target, status: "open-above", lower, problems, draws };
  const upper = crossing({ target, low: lowerAtOne, high: lowerAtMost, valueAt: lowerAt })[1];
  return { target, status: "interval", lower, upper, problems, draws };
}
