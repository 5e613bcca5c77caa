/** Is one model better than another on different problems? Difference of means where nothing can be paired. */
import { compensatedSum, studentQuantile } from "../numeric/index.ts";

/** A difference of two means with its interval; no interval if either has a single problem. */
export interface UnpairedDifference {
  readonly estimate: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** Problems of left and of right. */
  readonly problems: readonly [number, number];
}

/**
 * Mean of left less mean of right, values in [0, 1] of different problems from one population, with Welch's t interval:
 * d ± t_ν·√(v₁ + v₂), v = s²/m + 1/m², ν by Welch and Satterthwaite, cut to [−1, 1]. As in `pairedDifferences`, 1/m² (one
 * problem turned) keeps the interval open where all values of a side are equal. Where problems are common, pairing them
 * is sharper.
 *
 * @throws RangeError if a side is empty, a value lies outside [0, 1], or the level outside (0, 1).
 * @example
 * unpairedDifference({ left: [1, 1, 0, 1], right: [0, 0, 1] }).estimate; // 0.75 - 1 / 3
 */
export function unpairedDifference(
  values: { readonly left: ArrayLike<number>; readonly right: ArrayLike<number> },
  options: { readonly level?: number } = {},
): UnpairedDifference {
  const { level = 0.95 } = options;
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`level is ${level}: must lie between 0 and 1, both excluded`);
  }
  const left = spread("left", values.left);
  const right = spread("right", values.right);
  const problems = [left.count, right.count] as const;
  const estimate = left.mean - right.mean;
  if (left.variance === undefined || right.variance === undefined) {
    return { estimate, lower: undefined, upper: undefined, problems };
  }
  const total = left.variance + right.variance;
  const degreesOfFreedom =
    total ** 2 / (left.variance ** 2 / (left.count - 1) + right.variance ** 2 / (right.count - 1));
  const half = studentQuantile({ probability: (1 + level) / 2, degreesOfFreedom }) * Math.sqrt(total);
  return { estimate, lower: Math.max(-1, estimate - half), upper: Math.min(1, estimate + half), problems };
}

/** Mean, and the variance of the mean with 1/m² added; undefined variance for one value. */
function spread(name: string, values: ArrayLike<number>) {
  const count = values.length;
  if (count === 0) throw new RangeError(`${name} is empty: must hold at least one problem`);
  for (let index = 0; index < count; index++) {
    const value = values[index]!;
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`${name}[${index}] is ${value}: must lie in [0, 1]`);
  }
  const mean = compensatedSum(values) / count;
  if (count < 2) return { count, mean, variance: undefined };
  const squares = compensatedSum(Float64Array.from(values, (value) => (value - mean) ** 2));
  return { count, mean, variance: squares / (count - 1) / count + 1 / count ** 2 };
}
