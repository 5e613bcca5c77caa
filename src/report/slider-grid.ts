/** The values of N that the page's slider offers: all panels are computed at these. */

/** Beyond this N log-probabilities of a few thousand responses decide nothing that one could deploy. */
const usualLargest = 1024;
const most = 2 ** 20;

/**
 * Integers from 1 to a power of two, four an octave, with the powers of ten and the values asked for: at least to 1024, at
 * most to 2^20, far enough to hold `reach` (draws taken, budget).
 *
 * @example
 * sliderGrid({ reach: 100, values: [45.3] }).slice(-4); // [724, 861, 1000, 1024]
 */
export function sliderGrid(options: {
  readonly reach: number;
  readonly values?: readonly number[];
}): number[] {
  const largest = Math.min(most, 2 ** Math.ceil(Math.log2(Math.max(usualLargest, options.reach))));
  const steps = 4 * Math.log2(largest);
  const octaves = Array.from({ length: steps + 1 }, (_, step) => Math.round(2 ** (step / 4)));
  const tens = Array.from({ length: 7 }, (_, power) => 10 ** power);
  const asked = (options.values ?? []).filter((value) => value >= 1);
  const all = new Set([...octaves, ...tens, ...asked].filter((value) => value <= largest));
  return [...all].sort((left, right) => left - right);
}

/**
 * Position of the value nearest to n on the logarithmic axis.
 *
 * @example
 * nearestPosition([1, 10, 100], 20); // 1
 */
export function nearestPosition(ns: readonly number[], n: number): number {
  let best = 0;
  ns.forEach((value, index) => {
    if (Math.abs(Math.log(value / n)) < Math.abs(Math.log((ns[best] ?? 1) / n))) best = index;
  });
  return best;
}
