/** Means of a population from classes that were sampled apart, with weights. */
import { type DifferenceEstimate, pairedDifferences } from "../selection/index.ts";

export interface WeightedEstimate {
  readonly weight: number;
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

export interface IntervalEstimate {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Σ w·θ over independent strata with an interval from theirs, which may be asymmetric: by recovering variances (MOVER, Zou and
 * Donner, Statistics in Medicine 27, 2008), lower = Σ w·θ̂ − √Σ (w·(θ̂ − l))², and so the upper end. For normal intervals it
 * is the usual one. Weights are at least 0.
 *
 * @example
 * const often = { weight: 0.9, estimate: 0.5, lower: 0.4, upper: 0.6 };
 * const rare = { weight: 0.1, estimate: 1, lower: 0.9, upper: 1 };
 * weightedStrata([often, rare]).estimate; // 0.55
 */
export function weightedStrata(strata: readonly WeightedEstimate[]): IntervalEstimate {
  const sum = (value: (stratum: WeightedEstimate) => number) =>
    strata.reduce((total, stratum) => total + value(stratum), 0);
  const estimate = sum((stratum) => stratum.weight * stratum.estimate);
  const below = sum(({ weight, estimate: own, lower }) => (weight * (own - lower)) ** 2);
  const above = sum(({ weight, estimate: own, upper }) => (weight * (upper - own)) ** 2);
  return { estimate, lower: estimate - Math.sqrt(below), upper: estimate + Math.sqrt(above) };
}

/** The same prompts under two models: values of one stratum in [0, 1]. */
export interface PairedStratum {
  readonly weight: number;
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
}

/**
 * Σ w·(mean of left − right) over independent strata, with `pairedDifferences`' interval in each.
 *
 * @throws RangeError as `pairedDifferences`, and for a stratum of one prompt, which has no interval.
 * @example
 * weightedDifference([{ weight: 1, left: [1, 0.5, 1], right: [0.5, 0.5, 0] }]).estimate; // 0.5
 */
export function weightedDifference(
  strata: readonly PairedStratum[],
  options: { readonly level?: number } = {},
): IntervalEstimate {
  return weightedStrata(
    strata.map(({ weight, left, right }) => ({
      weight,
      ...known(pairedDifferences({ left, right }, options)),
    })),
  );
}

function known({ estimate, lower, upper, problems }: DifferenceEstimate): IntervalEstimate {
  if (lower === undefined || upper === undefined) {
    throw new RangeError(`problems is ${problems}: must be at least 2 in each stratum`);
  }
  return { estimate, lower, upper };
}
