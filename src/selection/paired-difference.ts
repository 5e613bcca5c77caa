/** Is one model better than another on the same problems? Differences within problems, which cancel their difficulty. */
import { compensatedSum, studentQuantile } from "../numeric/index.ts";

/** A mean difference with its interval; no interval from a single problem. */
export interface DifferenceEstimate {
  readonly estimate: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  readonly standardError: number | undefined;
  readonly problems: number;
}

/**
 * The mean over problems of left − right, values in [0, 1], with a Student t interval for the population that the
 * problems were drawn from: d̄ ± t_{m−1}·√(s²/m + 1/m²), cut to [−1, 1].
 *
 * s² is the variance of the m differences; 1/m² (one problem turned) keeps the interval open where all observed
 * differences are equal, and makes it slightly wide for few problems. Draws within a problem need no separate term:
 * their noise is in s². One problem has no interval.
 *
 * @throws RangeError if the lengths differ, are 0, or a value is outside [0, 1].
 * @example
 * pairedDifferences({ left: [1, 0.5, 1], right: [0.5, 0.5, 0] }).estimate; // 0.5
 */
export function pairedDifferences(
  values: { readonly left: ArrayLike<number>; readonly right: ArrayLike<number> },
  options: { readonly level?: number } = {},
): DifferenceEstimate {
  const { left, right } = values;
  const level = options.level ?? 0.95;
  if (!(level > 0 && level < 1))
    throw new RangeError(`level is ${level}: must lie between 0 and 1, both excluded`);
  const problems = left.length;
  if (problems === 0) throw new RangeError("left is empty: must hold at least one problem");
  if (right.length !== problems) {
    throw new RangeError(`right has length ${right.length}: must have the length of left, ${problems}`);
  }
  checkValues("left", left);
  checkValues("right", right);
  const differences = Float64Array.from(left, (value, problem) => value - right[problem]!);
  const estimate = compensatedSum(differences) / problems;
  const standardError = standardErrorOfDifference({ left, right });
  if (standardError === undefined) {
    return { estimate, lower: undefined, upper: undefined, standardError, problems };
  }
  const quantile = studentQuantile({ probability: (1 + level) / 2, degreesOfFreedom: problems - 1 });
  const lower = Math.max(-1, estimate - quantile * standardError);
  const upper = Math.min(1, estimate + quantile * standardError);
  return { estimate, lower, upper, standardError, problems };
}

/** √(s²/m + 1/m²) of left − right, or undefined for one problem. */
export function standardErrorOfDifference(values: {
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
}): number | undefined {
  const { left, right } = values;
  const count = left.length;
  if (count < 2) return undefined;
  let mean = 0;
  let squares = 0;
  for (let index = 0; index < count; index++) {
    const difference = left[index]! - right[index]!;
    const step = difference - mean;
    mean += step / (index + 1);
    squares += step * (difference - mean);
  }
  return Math.sqrt(squares / (count - 1) / count + 1 / count ** 2);
}

/** Throws RangeError naming the first value outside [0, 1]. */
export function checkValues(name: string, values: ArrayLike<number>): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`${name}[${index}] is ${value}: must be between 0 and 1`);
  }
}
