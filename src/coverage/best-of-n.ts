/** Best-of-N: draw N responses, keep the one that a proxy reward likes best, and ask what its gold reward is. */
import { compensatedSum, type RandomGenerator, studentQuantile } from "../numeric/index.ts";
import { bestOfNDivergence, bestOfNDivergenceBound } from "./best-of-n-divergence.ts";
import { checkLevel, kornGraubard } from "./interval.ts";

/** The scored draws of one problem: proxy and gold reward of each. For one reward give it twice. */
export interface ScoredDraws {
  readonly proxy: ArrayLike<number>;
  readonly gold: ArrayLike<number>;
}

/** A mean reward over problems with its interval. */
export interface RewardEstimate {
  readonly estimate: number;
  /** Undefined where the problems cannot show their spread: a single one, or all of one real value. */
  readonly lower: number | undefined;
  readonly upper: number | undefined;
}

/** Best-of-N at one N: proxy and gold reward of the response chosen, and how far the choice moves the distribution. */
export interface BestOfNEstimate {
  readonly n: number;
  readonly proxy: RewardEstimate;
  readonly gold: RewardEstimate;
  readonly problems: number;
  /** Draws of all problems together. */
  readonly draws: number;
  /** log N − (N−1)/N in nats: at most this far has Best-of-N moved from the model. */
  readonly klBound: number;
  /** KL divergence in nats with the observed frequencies of the proxy's values, ties included; mean over problems. */
  readonly klExact: number;
}

/** What `bestN` gives: the N with the highest gold reward, with an interval over problems. */
export interface BestNEstimate {
  /** The N at which the gold curve is highest, the smallest of several. */
  readonly n: number;
  readonly lower: number;
  readonly upper: number;
  /** Gold reward at `n`. */
  readonly gold: number;
  /** How often each N was the highest among the bootstrap samples. */
  readonly shares: readonly { readonly n: number; readonly share: number }[];
  readonly problems: number;
  readonly draws: number;
}

/** Options of `bestOfNCurve`. */
export interface BestOfNOptions {
  /** Confidence level, 0.95 where absent. */
  readonly level?: number;
}

/** Options of `bestN`. */
export interface BootstrapOptions extends BestOfNOptions {
  readonly generator: RandomGenerator;
  /** Bootstrap samples of problems, 1000 where absent. */
  readonly replicates?: number;
}

/**
 * Expected gold reward of the best of N draws by proxy reward, exactly and without bias from one pool of n ≥ N draws:
 * the mean over all N-subsets of the pool, ties in the proxy broken evenly.
 *
 * In ascending order of proxy the i-th draw is the best of C(i−1, N−1) of C(n, N) subsets; the weights w_n = N/n,
 * w_{i−1} = w_i·(i−N)/(i−1) need no binomials. Gold is averaged inside ties. O(n log n). Drawing the N with replacement
 * instead would be biased.
 *
 * @throws RangeError for unequal lengths, a reward that is not finite, or N above the pool: nothing is known there.
 * @example
 * bestOfNValue({ proxy: [1, 2, 3], gold: [0, 1, 0.5], n: 2 }); // 0.6666666666666666
 */
export function bestOfNValue(input: ScoredDraws & { readonly n: number }): number {
  checkDraws(input, "");
  const limit = input.proxy.length;
  checkN(input.n, limit);
  return weightedByRank(ranked(input).gold, input.n);
}

/**
 * The Best-of-N curve of proxy and gold reward over problems, each N ≤ the fewest draws of any problem: the mean of
 * the unbiased values of `bestOfNValue`. Where proxy rises and gold falls, the proxy is over-optimised.
 *
 * Intervals are for the population that the problems were drawn from: Korn–Graubard where every reward is 0 or 1 (as
 * for pass@k), else Student's t over the problems' values. Pools may differ in size.
 *
 * @throws RangeError for no problems, an N above the fewest draws, or wrong rewards.
 * @example
 * bestOfNCurve([{ proxy: [0.1, 0.9, 0.5], gold: [0, 1, 1] }, { proxy: [3, 1, 2], gold: [0, 0, 1] }], [1, 2, 3]);
 */
export function bestOfNCurve(
  problems: readonly ScoredDraws[],
  ns: readonly number[],
  options: BestOfNOptions = {},
): BestOfNEstimate[] {
  const level = options.level ?? 0.95;
  checkLevel(level);
  checkProblems(problems, ns);
  const orders = problems.map(ranked);
  const draws = problems.reduce((sum, { proxy }) => sum + proxy.length, 0);
  const binary = {
    proxy: problems.every(({ proxy }) => onlyZeroAndOne(proxy)),
    gold: problems.every(({ gold }) => onlyZeroAndOne(gold)),
  };
  return ns.map((n) => {
    const sizes = Float64Array.from(problems, ({ proxy }) => Math.floor(proxy.length / n));
    const estimate = (reward: "proxy" | "gold") => {
      const means = Float64Array.from(orders, (order) => weightedByRank(order[reward], n));
      return binary[reward] ? proportionOf({ means, sizes, level }) : meanOf({ means, level });
    };
    // Without ties it depends on the pool's size alone.
    const untied = new Map<number, number>();
    const divergences = orders.map(({ levels, proxy }) => {
      const known = levels.length === proxy.length ? untied.get(levels.length) : undefined;
      const divergence = known ?? bestOfNDivergence({ probabilities: levels, n });
      if (levels.length === proxy.length) untied.set(levels.length, divergence);
      return divergence;
    });
    return {
      n,
      proxy: estimate("proxy"),
      gold: estimate("gold"),
      problems: problems.length,
      draws,
      klBound: bestOfNDivergenceBound(n),
      klExact: compensatedSum(divergences) / problems.length,
    };
  });
}

/**
 * The N among `ns` at which the gold curve is highest, with the `level` percentile interval of that N over samples of
 * problems with replacement. An end of the interval at the largest N says that a larger N may be better still.
 *
 * The interval describes how much the choice depends on these problems; an argmax has no interval with a promise.
 *
 * @throws RangeError as `bestOfNCurve` does, and for replicates < 1.
 * @example
 * bestN([{ proxy: [0.1, 0.9, 0.5], gold: [0, 1, 1] }], [1, 2, 3], { generator: randomGenerator("seed 1") }).n; // 2
 */
export function bestN(
  problems: readonly ScoredDraws[],
  ns: readonly number[],
  options: BootstrapOptions,
): BestNEstimate {
  const { generator, level = 0.95, replicates = 1000 } = options;
  checkLevel(level);
  checkProblems(problems, ns);
  if (ns.length === 0) throw new RangeError("ns is empty: must hold at least one N");
  if (!Number.isSafeInteger(replicates) || replicates < 1) {
    throw new RangeError(`replicates is ${replicates}: must be an integer of at least 1`);
  }
  const sorted = [...new Set(ns)].sort((left, right) => left - right);
  const width = sorted.length;
  const values = new Float64Array(problems.length * width);
  problems.forEach((problem, row) => {
    const { gold } = ranked(problem);
    sorted.forEach((n, column) => {
      values[row * width + column] = weightedByRank(gold, n);
    });
  });
  const sums = new Float64Array(width);
  for (let index = 0; index < values.length; index++) sums[index % width]! += values[index]!;
  const best = highest(sums);
  const gold = sums[best]! / problems.length;
  const times = new Float64Array(width);
  for (let replicate = 0; replicate < replicates; replicate++) {
    sums.fill(0);
    for (let draw = 0; draw < problems.length; draw++) {
      const start = generator.integer(problems.length) * width;
      for (let column = 0; column < width; column++) sums[column]! += values[start + column]!;
    }
    times[highest(sums)]!++;
  }
  const shares = sorted.map((n, column) => ({ n, share: times[column]! / replicates }));
  return {
    n: sorted[best]!,
    lower: percentile(shares, (1 - level) / 2),
    upper: percentile(shares, (1 + level) / 2),
    gold,
    shares,
    problems: problems.length,
    draws: problems.reduce((sum, { proxy }) => sum + proxy.length, 0),
  };
}

/** Rewards in ascending order of proxy, gold averaged inside ties, and the frequency of each proxy value. */
function ranked(draws: ScoredDraws): { proxy: Float64Array; gold: Float64Array; levels: Float64Array } {
  const count = draws.proxy.length;
  const order = Array.from({ length: count }, (_, index) => index);
  order.sort((left, right) => draws.proxy[left]! - draws.proxy[right]!);
  const proxy = Float64Array.from(order, (index) => draws.proxy[index]!);
  const gold = Float64Array.from(order, (index) => draws.gold[index]!);
  const levels: number[] = [];
  for (let start = 0; start < count; ) {
    let end = start + 1;
    while (end < count && proxy[end] === proxy[start]) end++;
    if (end - start > 1) gold.fill(compensatedSum(gold.subarray(start, end)) / (end - start), start, end);
    levels.push((end - start) / count);
    start = end;
  }
  return { proxy, gold, levels: Float64Array.from(levels) };
}

function weightedByRank(ascending: Float64Array, n: number): number {
  const count = ascending.length;
  let weight = n / count;
  let value = 0;
  for (let rank = count; rank >= n; rank--) {
    value += weight * ascending[rank - 1]!;
    if (rank > 1) weight *= (rank - n) / (rank - 1);
  }
  return value;
}

function proportionOf(input: {
  readonly means: Float64Array;
  readonly sizes: Float64Array;
  readonly level: number;
}): RewardEstimate {
  // A weighted mean of zeros and ones may exceed 1 by a rounding error.
  const means = input.means.map((mean) => Math.min(1, mean));
  const { estimate, lower, upper } = kornGraubard({ ...input, means });
  return { estimate, lower, upper };
}

function meanOf(input: { readonly means: Float64Array; readonly level: number }): RewardEstimate {
  const { means, level } = input;
  const count = means.length;
  const estimate = compensatedSum(means) / count;
  const squares = compensatedSum(means.map((mean) => (mean - estimate) ** 2));
  if (count < 2 || means.every((mean) => mean === means[0]))
    return { estimate, lower: undefined, upper: undefined };
  const quantile = studentQuantile({ probability: (1 + level) / 2, degreesOfFreedom: count - 1 });
  const half = quantile * Math.sqrt(squares / (count - 1) / count);
  return { estimate, lower: estimate - half, upper: estimate + half };
}

/** The first index whose value is the highest up to rounding. */
function highest(values: Float64Array): number {
  let maximum = Number.NEGATIVE_INFINITY;
  let scale = 0;
  for (const value of values) {
    maximum = Math.max(maximum, value);
    scale = Math.max(scale, Math.abs(value));
  }
  return values.findIndex((value) => value >= maximum - 1e-12 * scale);
}

function percentile(shares: BestNEstimate["shares"], probability: number): number {
  let sum = 0;
  for (const { n, share } of shares) {
    sum += share;
    if (sum >= probability - 1e-12) return n;
  }
  return shares.at(-1)!.n;
}

function onlyZeroAndOne(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) {
    if (values[index] !== 0 && values[index] !== 1) return false;
  }
  return true;
}

function checkN(n: number, limit: number): void {
  if (!Number.isSafeInteger(n) || n < 1) throw new RangeError(`n is ${n}: must be an integer of at least 1`);
  if (n > limit) throw new RangeError(`n is ${n}: must be at most ${limit}, the fewest draws of any problem`);
}

function checkProblems(problems: readonly ScoredDraws[], ns: readonly number[]): void {
  if (problems.length === 0) throw new RangeError("problems is empty: must hold at least one problem");
  let limit = Number.POSITIVE_INFINITY;
  problems.forEach((problem, index) => {
    checkDraws(problem, `problems[${index}].`);
    limit = Math.min(limit, problem.proxy.length);
  });
  for (const n of ns) checkN(n, limit);
}

function checkDraws(draws: ScoredDraws, name: string): void {
  const { proxy, gold } = draws;
  if (gold.length !== proxy.length) {
    throw new RangeError(
      `${name}gold has length ${gold.length}: must have the length of proxy, ${proxy.length}`,
    );
  }
  for (let index = 0; index < proxy.length; index++) {
    if (!Number.isFinite(proxy[index]))
      throw new RangeError(`${name}proxy[${index}] is ${proxy[index]}: must be finite`);
    if (!Number.isFinite(gold[index]))
      throw new RangeError(`${name}gold[${index}] is ${gold[index]}: must be finite`);
  }
}
