/**
 * pass@k for k up to the draws at hand: the probability that at least one of k draws is correct, estimated without bias.
 */
import {
  checkCount,
  checkCounts,
  distinctCounts,
  distinctPositions,
  type ProblemCount,
  type StoppingRule,
  totalDraws,
} from "./counts.ts";
import { kornGraubard } from "./interval.ts";

/** Once this little probability of failure is left, later terms cannot change the sum. */
const negligible = 2 ** -70;

/**
 * 1 − C(n−c, k)/C(n, k): the share of k-subsets of n draws that hold at least one of the c correct ones.
 *
 * With a ≤ b for c and k in order (the ratio is symmetric in them), the i-th of a items is the first to meet one of b
 * with probability fail_i · b/(n−i). Summing these positive terms cancels nothing, and at most about √n of them count.
 */
function shareOfSubsets(draws: number, correct: number, k: number): number {
  const few = Math.min(correct, k);
  const many = Math.max(correct, k);
  if (few === 0) return 0;
  if (few > draws - many) return 1;
  let fail = 1;
  let pass = 0;
  for (let index = 0; index < few && fail > negligible; index++) {
    const left = draws - index;
    pass += fail * (many / left);
    fail *= (left - many) / left;
  }
  return Math.min(1, pass);
}

/** Up to this k the sweep below is exact enough, its error growing with k. */
const longestSweep = 1000;

/**
 * `shareOfSubsets` for several ascending k at once, added with a weight to `sums`: one sweep over 1 … the largest k where
 * that is shorter than a sum for each.
 */
function addShares(input: {
  readonly draws: number;
  readonly correct: number;
  readonly ks: readonly number[];
  readonly weight: number;
  readonly sums: CompensatedSums;
}): void {
  const { draws, correct, ks, weight, sums } = input;
  const largest = ks[ks.length - 1] ?? 0;
  let separately = 0;
  for (const k of ks) separately += Math.min(correct, k);
  if (largest > longestSweep || separately <= largest) {
    for (let index = 0; index < ks.length; index++) {
      sums.add(index, weight * shareOfSubsets(draws, correct, ks[index]!));
    }
    return;
  }
  let fail = 1;
  let pass = 0;
  let index = 0;
  for (let k = 1; k <= largest && fail > negligible; k++) {
    const left = draws - k + 1;
    const inverse = 1 / left;
    pass += fail * (correct * inverse);
    fail *= (left - correct) * inverse;
    if (k !== ks[index]) continue;
    sums.add(index, weight * Math.min(1, pass));
    index++;
  }
  for (; index < ks.length; index++) sums.add(index, weight);
}

/** Sums with Neumaier's compensation, one for each index. */
class CompensatedSums {
  readonly #sums: Float64Array;
  readonly #lost: Float64Array;

  constructor(size: number) {
    this.#sums = new Float64Array(size);
    this.#lost = new Float64Array(size);
  }

  add(index: number, value: number): void {
    const sum = this.#sums[index]!;
    const total = sum + value;
    this.#lost[index]! += sum >= value ? sum - total + value : value - total + sum;
    this.#sums[index] = total;
  }

  at(index: number): number {
    return this.#sums[index]! + this.#lost[index]!;
  }
}

/** The largest k at which a problem's pass@k can be estimated: its draws, or the cap of its stopping rule. */
function largestK(count: ProblemCount): number {
  return count.stopping?.kind === "successes" ? count.stopping.cap : count.draws;
}

function checkK(k: number): void {
  if (Number.isSafeInteger(k) && k >= 1) return;
  throw new RangeError(`k is ${k}: must be an integer of at least 1`);
}

function unbiased(count: ProblemCount, k: number): number {
  const { draws, correct, stopping } = count;
  if (stopping?.kind !== "successes" || correct < stopping.successes) {
    return shareOfSubsets(draws, correct, k);
  }
  // The last draw is the s-th success; the other s − 1 are equally likely anywhere among the draws before it.
  return k >= draws ? 1 : shareOfSubsets(draws - 1, correct - 1, k);
}

/**
 * Unbiased pass@k of one problem: 1 − C(n−c, k)/C(n, k) for a fixed number n of draws.
 *
 * Where sampling stopped at its s-th success on trial T, the failure probability is C(T−1−k, s−1)/C(T−1, s−1) instead
 * (0 once k ≥ T): the chance, given T, that the first k draws all failed. It is unbiased for every k up to the cap, so
 * under that rule k may exceed the draws taken. A problem that reached the cap uses the first formula with n = cap.
 *
 * Relative error at most 1e-12 against exact rational arithmetic for n up to 10⁶, tiny values included.
 *
 * @throws RangeError for counts that are not integers with 0 ≤ correct ≤ draws, or k above the draws (above the cap
 * under the stopping rule "successes"): nothing is known there without a forecast.
 * @example
 * passAtK({ draws: 10, correct: 3, k: 5 }); // 0.9166666666666666
 */
export function passAtK(
  input: ProblemCount & {
    readonly k: number;
    readonly stopping?: StoppingRule;
  },
): number {
  checkCount(input);
  checkK(input.k);
  const limit = largestK(input);
  if (input.k > limit) throw new RangeError(`k is ${input.k}: must be at most ${limit}`);
  return unbiased(input, input.k);
}

/**
 * The largest k at which pass@k can be estimated for every problem: the smallest number of draws (for a problem with
 * the stopping rule "successes", its cap counts instead).
 *
 * @example
 * largestCommonK([{ draws: 10, correct: 1 }, { draws: 8, correct: 0 }]); // 8
 */
export function largestCommonK(counts: readonly ProblemCount[]): number {
  checkCounts(counts);
  let smallest = Number.POSITIVE_INFINITY;
  for (const count of counts) smallest = Math.min(smallest, largestK(count));
  return smallest;
}

function checkKs(counts: readonly ProblemCount[], ks: readonly number[]): void {
  checkCounts(counts);
  const limit = largestCommonK(counts);
  for (const k of ks) {
    checkK(k);
    if (k > limit) {
      throw new RangeError(
        `k is ${k}: must be at most ${limit}, the fewest draws of any problem; forecast it instead`,
      );
    }
  }
}

/**
 * Mean unbiased pass@k over problems, one value for each k. Equal (n, c) are computed once.
 *
 * @throws RangeError for a k above `largestCommonK(counts)`: a mean over the problems that happen to have enough draws
 * would select on the outcome wherever their number was adaptive.
 * @example
 * passAtKCurve([{ draws: 10, correct: 3 }, { draws: 10, correct: 0 }], [1, 5]); // [0.15, 0.4583…]
 */
export function passAtKCurve(counts: readonly ProblemCount[], ks: readonly number[]): Float64Array {
  checkKs(counts, ks);
  const ascending = [...new Set(ks)].sort((a, b) => a - b);
  const sums = new CompensatedSums(ascending.length);
  for (const count of distinctCounts(counts)) {
    const weight = count.problems;
    if (count.stopping?.kind !== "successes") {
      addShares({ draws: count.draws, correct: count.correct, ks: ascending, weight, sums });
      continue;
    }
    ascending.forEach((k, index) => {
      sums.add(index, weight * unbiased(count, k));
    });
  }
  return Float64Array.from(ks, (k) => Math.min(1, sums.at(ascending.indexOf(k)) / counts.length));
}

/**
 * Unbiased pass@k of each problem, as `passAtK` has it; equal counts are computed once.
 *
 * @throws RangeError as `passAtKCurve` does.
 * @example
 * passAtKValues([{ draws: 2, correct: 1 }, { draws: 2, correct: 0 }], 1); // [0.5, 0]
 */
export function passAtKValues(counts: readonly ProblemCount[], k: number): Float64Array {
  checkKs(counts, [k]);
  const { distinct, positions } = distinctPositions(counts);
  const values = distinct.map((count) => unbiased(count, k));
  return Float64Array.from(positions, (position) => values[position]!);
}

/** An estimate with its interval and what it stands on. */
export interface PassAtKEstimate {
  readonly k: number;
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly problems: number;
  readonly draws: number;
}

/** The option that estimators with an interval share. */
export interface LevelOptions {
  /** Confidence level, 0.95 where absent. */
  readonly level?: number;
}

/**
 * pass@k over a population of problems from which these were drawn, each with a Korn–Graubard interval (Clopper–Pearson
 * at the effective sample size, see `kornGraubard`). A problem counts as a cluster of ⌊n/k⌋ disjoint groups of k draws.
 *
 * @throws RangeError as `passAtKCurve` does.
 * @example
 * passAtKEstimates([{ draws: 8, correct: 3 }, { draws: 8, correct: 0 }], [1, 4]);
 */
export function passAtKEstimates(
  counts: readonly ProblemCount[],
  ks: readonly number[],
  options: LevelOptions = {},
): PassAtKEstimate[] {
  checkKs(counts, ks);
  const level = options.level ?? 0.95;
  const draws = totalDraws(counts);
  const { distinct, positions } = distinctPositions(counts);
  return ks.map((k) => {
    const values = distinct.map((count) => unbiased(count, k));
    const means = Float64Array.from(positions, (position) => values[position]!);
    const sizes = Float64Array.from(counts, (count) => Math.max(1, Math.floor(count.draws / k)));
    const { estimate, lower, upper } = kornGraubard({ means, sizes, level });
    return { k, estimate, lower, upper, problems: counts.length, draws };
  });
}
