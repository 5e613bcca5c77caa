/** Empirical coverage of one candidate by another: (28) of the paper. */
import {
  checkN,
  comparedColumn,
  type LogProbabilities,
  ratioRule,
  ratioTolerance,
} from "./likelihood-table.ts";

/** Ĉov_N of one ordered pair of candidates, made by `empiricalCoverage`. */
export interface EmpiricalCoverage {
  /** Ĉov_N(π'‖π): share of records with π'/π ≥ N. */
  readonly coverage: number;
  readonly hits: number;
  /** Records where |log π'/π − log N| is within the tolerance: they count as hits, and rounding may have put them there. */
  readonly atTolerance: number;
  /** Records to which neither model gives any mass: the ratio is undefined, and they do not count as hits. */
  readonly undefinedRatios: number;
  readonly records: number;
}

/**
 * Ĉov_N(π'‖π) = (1/n)·#{i : π'(y_i|x_i)/π(y_i|x_i) ≥ N} (28), with X = log π'/π ≥ log N read with the tolerance
 * 1e-9 + 1e-7·|log π|. π = 0 < π' exceeds every N; 0/0 does not.
 *
 * @throws RangeError for N below 1 or columns of unequal length.
 * @example
 * empiricalCoverage({ of: Float64Array.of(-1, -1), under: Float64Array.of(-3, -1.5), n: 4 }).coverage; // 0.5
 */
export function empiricalCoverage(input: {
  /** log π', the model that might have mass where the other has too little. */
  readonly of: LogProbabilities;
  /** log π, the model under examination. */
  readonly under: LogProbabilities;
  readonly n: number;
}): EmpiricalCoverage {
  const { of, under, n } = input;
  checkN("n", n);
  const records = under.length;
  if (records === 0 || of.length !== records) {
    throw new RangeError(
      `of has ${of.length} records and under ${records}: must have equally many, at least one`,
    );
  }
  const logN = Math.log(n);
  const { slope, base } = ratioRule(n);
  const below = comparedColumn(under);
  let hits = 0;
  let atTolerance = 0;
  let undefinedRatios = 0;
  for (let record = 0; record < records; record++) {
    const value = of[record]!;
    if (value >= slope * below[record]! + base) hits++;
    const original = under[record]!;
    if (original !== Number.NEGATIVE_INFINITY) {
      if (Math.abs(value - original - logN) <= ratioTolerance(original)) atTolerance++;
    } else if (value === Number.NEGATIVE_INFINITY) undefinedRatios++;
  }
  return { coverage: hits / records, hits, atTolerance, undefinedRatios, records };
}
