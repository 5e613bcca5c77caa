/** Sums and differences of probabilities held as logarithms, and sums of many terms. All logarithms are natural. */

/**
 * log Σ exp(values), without overflow; −∞ for no values.
 *
 * @example
 * logSumExp([Math.log(0.25), Math.log(0.5)]); // Math.log(0.75)
 */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) largest = Math.max(largest, values[index]!);
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += Math.exp(values[index]! - largest);
  return largest + Math.log(sum);
}

/**
 * log(1 − exp(x)) for x ≤ 0, accurate at both ends (Mächler 2012).
 *
 * @throws RangeError for x above 0.
 * @example
 * log1mExp(Math.log(0.25)); // Math.log(0.75)
 */
export function log1mExp(x: number): number {
  if (!(x <= 0)) throw new RangeError(`x is ${x}: must be at most 0`);
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}

/**
 * The sum of values with Neumaier's compensation: its error does not grow with their number.
 *
 * @example
 * compensatedSum([1, 1e100, 1, -1e100]); // 2
 */
export function compensatedSum(values: ArrayLike<number>): number {
  let sum = 0;
  let lost = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const total = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
    sum = total;
  }
  return Number.isFinite(lost) ? sum + lost : sum;
}
