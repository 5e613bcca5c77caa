/** Does a quantity grow with H? Least-squares slopes, one a seed, and what their spread allows to say. */
import { studentQuantile } from "../numeric/index.ts";

/** The quantity at each x, an array for each seed. */
export interface TrendSample {
  readonly x: readonly number[];
  readonly seeds: readonly (readonly number[])[];
}

/** A mean over seeds with Student's interval. */
export interface SeedMean {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly level: number;
  /** Each seed's value. */
  readonly seeds: readonly number[];
}

export interface Trend {
  /** Least-squares slope. */
  readonly slope: SeedMean;
  /** Slope over the slope of growth in proportion to x with the seed's mean: 0 for none, 1 for growth in proportion. */
  readonly relative: SeedMean;
}

/**
 * The least-squares slope of each seed and their mean. Seeds are independent trainings; values within a seed are one slope.
 * An interval at level 1 − 2α that lies within ±m is the two one-sided tests of |slope| < m, each at level α.
 *
 * @throws RangeError for fewer than two seeds or two distinct x.
 * @example
 * const sample = { x: [4, 8, 12], seeds: [[1, 2, 3], [1, 2, 3.2], [1, 2, 2.8]] };
 * const { slope } = slopeTrend(sample, { level: 0.95 });
 * [slope.estimate, slope.lower > 0]; // [0.25, true]
 */
export function slopeTrend({ x, seeds }: TrendSample, options: { readonly level: number }): Trend {
  if (new Set(x).size < 2) throw new RangeError(`x is ${x.join(", ")}: must hold two distinct values`);
  const slopes = seeds.map((values) => leastSquaresSlope(x, values));
  return {
    slope: seedMean(slopes, options),
    relative: seedMean(
      slopes.map((slope, seed) => (slope * mean(x)) / mean(seeds[seed]!)),
      options,
    ),
  };
}

/**
 * The mean over seeds with Student's interval.
 *
 * @throws RangeError for fewer than two seeds.
 * @example
 * const { estimate, upper } = seedMean([1, 2, 3], { level: 0.95 });
 * [estimate, upper.toFixed(3)]; // [2, "4.484"]
 */
export function seedMean(seeds: readonly number[], { level }: { readonly level: number }): SeedMean {
  if (seeds.length < 2) throw new RangeError(`seeds is ${seeds.length}: must be at least 2`);
  const estimate = mean(seeds);
  const variance = seeds.reduce((sum, value) => sum + (value - estimate) ** 2, 0) / (seeds.length - 1);
  const quantile = studentQuantile({ probability: (1 + level) / 2, degreesOfFreedom: seeds.length - 1 });
  const half = quantile * Math.sqrt(variance / seeds.length);
  return { estimate, lower: estimate - half, upper: estimate + half, level, seeds };
}

/**
 * The median over seeds, and the band that leaves out a sixteenth of them on either side: all of up to 16 seeds.
 *
 * @example
 * medianBand([3, 1, 2]); // { median: 2, lower: 1, upper: 3 }
 */
export function medianBand(seeds: readonly number[]): {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
} {
  if (seeds.length === 0) throw new RangeError("seeds is 0: must be at least 1");
  const sorted = [...seeds].sort((left, right) => left - right);
  const last = sorted.length - 1;
  const outside = Math.floor(last / 16);
  return {
    median: (sorted[Math.floor(last / 2)]! + sorted[Math.ceil(last / 2)]!) / 2,
    lower: sorted[outside]!,
    upper: sorted[last - outside]!,
  };
}

function leastSquaresSlope(x: readonly number[], y: readonly number[]): number {
  if (y.length !== x.length) throw new RangeError(`a seed has ${y.length} values: must have ${x.length}`);
  const centreX = mean(x);
  const centreY = mean(y);
  const products = x.reduce((sum, value, index) => sum + (value - centreX) * (y[index]! - centreY), 0);
  return products / x.reduce((sum, value) => sum + (value - centreX) ** 2, 0);
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
