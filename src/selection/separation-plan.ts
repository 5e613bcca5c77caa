/** How many more draws would tell two models apart by pass@k on the problems that both tried. */
import type { ProblemCount } from "../coverage/counts.ts";
import { fitMixingDistribution, type MixingDistribution } from "../coverage/mixing-distribution.ts";
import { largestCommonK, passAtK } from "../coverage/pass-at-k.ts";
import { posteriorRate } from "../coverage/posterior-rate.ts";
import { normalQuantile, type RandomGenerator } from "../numeric/index.ts";
import { type DifferenceEstimate, pairedDifferences } from "./paired-difference.ts";

/** What a number of draws of every problem is expected to give. */
export interface PlannedDraws {
  /** Draws of each problem by each model, those at hand included. */
  readonly draws: number;
  /** More draws in all, of both models. */
  readonly more: number;
  /** Share of the simulated futures in which the interval of the difference excludes 0. */
  readonly power: number;
}

/** How many draws are expected to tell two models apart, made by `separationPlan`. */
export interface SeparationPlan {
  readonly k: number;
  /** Left minus right, with the draws at hand. */
  readonly now: DifferenceEstimate;
  /** The least number of draws tried that reaches the power; undefined where none does. */
  readonly chosen: PlannedDraws | undefined;
  readonly tried: readonly PlannedDraws[];
  /**
   * Problems of this kind with which the difference would be told were every rate known: what more draws cannot give;
   * undefined where the expected difference is 0.
   */
  readonly problemsNeeded: number | undefined;
  readonly problems: number;
}

export interface SeparationOptions {
  readonly k: number;
  readonly level?: number;
  /** Share of futures that must tell the models apart; 0.8. */
  readonly power?: number;
  /** Draws of a problem at most; 10,000. */
  readonly largestDraws?: number;
  readonly simulations?: number;
  readonly generator: RandomGenerator;
}

const growth = 1.5;

/**
 * The least number of draws of every problem at which the paired interval of the difference in pass@k is expected to
 * exclude 0. Futures are simulated on top of the draws at hand, from each model's mixing distribution given each
 * problem's own count. Problems are taken as a sample: beyond some draws only more problems help.
 *
 * `left` and `right` hold the counts of the same problems, in the same order.
 *
 * @throws RangeError for unequal lengths, fewer than two problems, or a k above the draws at hand.
 * @example
 * const left = Array.from({ length: 50 }, () => ({ draws: 10, correct: 6 }));
 * const right = Array.from({ length: 50 }, () => ({ draws: 10, correct: 4 }));
 * separationPlan({ left, right }, { k: 1, generator: randomGenerator("plan") }).chosen?.more; // 0
 */
export function separationPlan(
  counts: { readonly left: readonly ProblemCount[]; readonly right: readonly ProblemCount[] },
  options: SeparationOptions,
): SeparationPlan {
  const { left, right } = counts;
  const { k, power = 0.8, level = 0.95, largestDraws = 10_000, simulations = 200, generator } = options;
  if (left.length !== right.length) {
    throw new RangeError(`right is ${right.length} problems long: must be as long as left, ${left.length}`);
  }
  const largestK = largestCommonK([...left, ...right]);
  if (k > largestK)
    throw new RangeError(`k is ${k}: must be at most the fewest draws of a problem, ${largestK}`);
  const differenceOf = (some: { left: readonly ProblemCount[]; right: readonly ProblemCount[] }) =>
    pairedDifferences({ left: valuesAt(some.left, k), right: valuesAt(some.right, k) }, { level });
  const now = differenceOf(counts);
  const rates = simulatedRates(counts, { simulations, generator });
  const tried: PlannedDraws[] = [];
  let chosen: PlannedDraws | undefined;
  for (
    let draws = Math.max(k, mostDraws(counts));
    chosen === undefined && draws <= largestDraws;
    draws = Math.ceil(draws * growth)
  ) {
    let told = 0;
    rates.forEach((rate, simulation) => {
      const random = generator.split(`draws ${draws}, future ${simulation}`);
      const { lower, upper } = differenceOf({
        left: drawnUpTo(left, { rates: rate.left, draws, random }),
        right: drawnUpTo(right, { rates: rate.right, draws, random }),
      });
      if ((lower ?? 0) > 0 || (upper ?? 0) < 0) told += 1;
    });
    const planned = { draws, more: missing(left, draws) + missing(right, draws), power: told / simulations };
    tried.push(planned);
    if (planned.power >= power) chosen = planned;
  }
  const problemsNeeded = neededProblems(rates, { k, level, power });
  return { k, now, chosen, tried, problemsNeeded, problems: left.length };
}

interface Rates {
  readonly left: Float64Array;
  readonly right: Float64Array;
}

function simulatedRates(
  { left, right }: { left: readonly ProblemCount[]; right: readonly ProblemCount[] },
  { simulations, generator }: { simulations: number; generator: RandomGenerator },
): Rates[] {
  const fits = { left: fitMixingDistribution(left), right: fitMixingDistribution(right) };
  return Array.from({ length: simulations }, (_, simulation) => {
    const random = generator.split(`rates ${simulation}`);
    const ratesOf = (fit: MixingDistribution, counts: readonly ProblemCount[]) =>
      Float64Array.from(counts, (count) => posteriorRate(fit, { count, generator: random }));
    return { left: ratesOf(fits.left, left), right: ratesOf(fits.right, right) };
  });
}

const valuesAt = (counts: readonly ProblemCount[], k: number) =>
  Float64Array.from(counts, (count) => passAtK({ ...count, k }));

const mostDraws = ({ left, right }: { left: readonly ProblemCount[]; right: readonly ProblemCount[] }) =>
  [...left, ...right].reduce((most, { draws }) => Math.max(most, draws), 1);

const missing = (counts: readonly ProblemCount[], draws: number) =>
  counts.reduce((sum, count) => sum + Math.max(0, draws - count.draws), 0);

function drawnUpTo(
  counts: readonly ProblemCount[],
  given: { rates: Float64Array; draws: number; random: RandomGenerator },
): ProblemCount[] {
  return counts.map((count, at) => {
    const more = Math.max(0, given.draws - count.draws);
    // Drawn on, a problem has a fixed number of draws; as it is, it may have stopped at a success.
    if (more === 0) return count;
    const correct = count.correct + given.random.binomial(more, given.rates[at] ?? 0);
    return { draws: count.draws + more, correct };
  });
}

/** From the mean and the spread of the difference over problems, were the rates known. */
function neededProblems(
  rates: readonly Rates[],
  { k, level, power }: { k: number; level: number; power: number },
): number | undefined {
  let [sum, squares, count] = [0, 0, 0];
  const pass = (rate: number) => -Math.expm1(k * Math.log1p(-rate));
  for (const { left, right } of rates) {
    left.forEach((rate, at) => {
      const difference = pass(rate) - pass(right[at] ?? 0);
      sum += difference;
      squares += difference * difference;
      count += 1;
    });
  }
  const mean = sum / count;
  const variance = Math.max(0, squares / count - mean * mean);
  if (mean === 0) return undefined;
  const z = normalQuantile(1 - (1 - level) / 2) + normalQuantile(power);
  return Math.max(2, Math.ceil((z * z * variance) / (mean * mean)));
}
