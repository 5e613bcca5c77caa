/**
 * Binomial likelihoods of distinct counts on a grid of rates, one row a distinct (n, c).
 *
 * A row is scaled to a maximum of 1 and holds only the band where it exceeds exp(−60): at the optimum a row's mixture
 * likelihood is at least 1/m of its maximum, so what is cut off cannot be seen in double precision.
 */
import type { DistinctCount } from "./counts.ts";

const smallestLogLikelihood = -60;

export interface LikelihoodRows {
  readonly rates: Float64Array;
  readonly rows: number;
  /** Problems of the row divided by all problems; they sum to 1. */
  readonly weights: Float64Array;
  /** First grid point of the row's band, the one after its last, and where the band starts in `values`. */
  readonly first: Int32Array;
  readonly end: Int32Array;
  readonly start: Float64Array;
  readonly values: Float64Array;
  /** Log of the factor taken out of each row (without binomial coefficients). */
  readonly logScale: Float64Array;
}

/** The first index at which rates[index] ≥ rate. */
function lowerIndex(rates: Float64Array, rate: number): number {
  let low = 0;
  let high = rates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rates[middle]! < rate) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The likelihood rows of counts on ascending rates that include 0 and 1. */
export function likelihoodRows(counts: readonly DistinctCount[], rates: Float64Array): LikelihoodRows {
  const rows = counts.length;
  const points = rates.length;
  const logRate = rates.map((rate) => Math.log(rate));
  const logFailure = rates.map((rate) => Math.log1p(-rate));
  const problems = counts.reduce((sum, count) => sum + count.problems, 0);
  const first = new Int32Array(rows);
  const end = new Int32Array(rows);
  const start = new Float64Array(rows);
  const logScale = new Float64Array(rows);
  const bands: Float64Array[] = [];
  let size = 0;
  for (let row = 0; row < rows; row++) {
    const { draws, correct } = counts[row]!;
    const failures = draws - correct;
    const logLikelihood = (point: number): number =>
      (correct === 0 ? 0 : correct * logRate[point]!) + (failures === 0 ? 0 : failures * logFailure[point]!);
    // Unimodal in the rate: the maximum is beside c/n, and the band grows from it on both sides.
    const right = Math.min(points - 1, lowerIndex(rates, draws === 0 ? 0 : correct / draws));
    const peak = right > 0 && logLikelihood(right - 1) > logLikelihood(right) ? right - 1 : right;
    const largest = logLikelihood(peak);
    let from = peak;
    while (from > 0 && logLikelihood(from - 1) - largest > smallestLogLikelihood) from--;
    let to = peak + 1;
    while (to < points && logLikelihood(to) - largest > smallestLogLikelihood) to++;
    const band = new Float64Array(to - from);
    for (let point = from; point < to; point++) band[point - from] = Math.exp(logLikelihood(point) - largest);
    first[row] = from;
    end[row] = to;
    start[row] = size;
    logScale[row] = largest;
    size += band.length;
    bands.push(band);
  }
  const values = new Float64Array(size);
  bands.forEach((band, row) => {
    values.set(band, start[row]);
  });
  const weights = Float64Array.from(counts, (count) => count.problems / problems);
  return { rates, rows, weights, first, end, start, values, logScale };
}
