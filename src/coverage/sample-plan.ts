/**
 * How many more draws, on which problems, would narrow the interval of pass@k to a width: every problem until its second
 * success, one cap for the rest. Draws beyond a problem's second success say little that its rate's order of magnitude does
 * not; what a forecast lacks are the rare successes of the hard problems.
 */
import type { RandomGenerator } from "../numeric/index.ts";
import { checkCounts, type ProblemCount, totalDraws } from "./counts.ts";
import { forecastPassAtK } from "./forecast.ts";
import { fitMixingDistribution } from "./mixing-distribution.ts";
import { posteriorRate } from "./posterior-rate.ts";
import { countAtCap, futureSuccesses, type SuccessTimes } from "./stopped-draws.ts";

/** Options of `samplePlan`. */
export interface SamplePlanOptions {
  readonly k: number;
  /** Width of the interval that is wanted; a number between 0 and 1. */
  readonly width: number;
  readonly level?: number;
  /** Successes at which a problem stops; 2. */
  readonly successes?: number;
  /** Draws of a problem at most; 100,000. */
  readonly largestCap?: number;
  /** Futures simulated; 8. */
  readonly simulations?: number;
  readonly generator: RandomGenerator;
}

/** What sampling up to a cap is expected to give. */
export interface PlannedCap {
  /** Draws of a problem at most, those at hand included. */
  readonly cap: number;
  /** More draws in all, mean over the simulated futures. */
  readonly draws: number;
  /** Width of the interval, mean over the simulated futures. */
  readonly width: number;
}

/** Where the next draws go, made by `samplePlan`. */
export interface SamplePlan {
  readonly k: number;
  readonly successes: number;
  readonly width: number;
  /** The interval's width with the draws at hand. */
  readonly widthNow: number;
  /** The least cap tried that reaches the width; undefined where none does: more problems are needed. */
  readonly chosen: PlannedCap | undefined;
  /** All caps that were tried, ascending. */
  readonly caps: readonly PlannedCap[];
  /** Positions of the problems that are short of their successes: the ones to sample, in rounds. */
  readonly open: readonly number[];
  readonly problems: number;
  readonly draws: number;
}

const capGrowth = 1.5;

/**
 * The least common cap at which stopping each problem at its s-th success is expected to bring the interval of pass@k
 * (`forecastPassAtK`) to the width, with the draws that this takes. The future is simulated from the mixing distribution
 * fitted to the counts, each problem's rate given its own count; it is a plan, not a promise: the fit at the lower end
 * of rates is what the draws are to find out. Accuracy: a factor of about 1.5 in the cap.
 *
 * @throws RangeError for impossible counts, a width outside (0, 1), a k or successes below 1.
 * @example
 * const counts = Array.from({ length: 40 }, (_, index) => ({ draws: 20, correct: index % 4 === 0 ? 0 : 5 }));
 * const plan = samplePlan(counts, { k: 100, width: 0.3, generator: randomGenerator("plan") });
 * plan.open.length; // 10
 */
export function samplePlan(counts: readonly ProblemCount[], options: SamplePlanOptions): SamplePlan {
  const { k, width, successes = 2, largestCap = 100_000, simulations = 8 } = options;
  checkCounts(counts);
  if (!(width > 0 && width < 1)) throw new RangeError(`width is ${width}: must be between 0 and 1`);
  if (!(Number.isSafeInteger(successes) && successes >= 1)) {
    throw new RangeError(`successes is ${successes}: must be an integer of at least 1`);
  }
  const level = options.level === undefined ? {} : { level: options.level };
  const widthOf = (some: readonly ProblemCount[]) => {
    const [interval] = forecastPassAtK(some, [k], level);
    return interval === undefined ? 1 : interval.upper - interval.lower;
  };
  const futures = simulatedFutures(counts, { ...options, successes, simulations });
  const now = totalDraws(counts);
  const widthNow = widthOf(counts);
  const caps: PlannedCap[] = [];
  let chosen: PlannedCap | undefined;
  if (widthNow > width) {
    let cap = Math.max(successes, Math.ceil(smallestOpen(counts, successes) * capGrowth));
    while (chosen === undefined && cap <= largestCap) {
      let [draws, total] = [0, 0];
      for (const times of futures) {
        const later = counts.map((count, at) =>
          countAtCap(count, { times: times[at] ?? [], successes, cap }),
        );
        draws += totalDraws(later) - now;
        total += widthOf(later);
      }
      const planned = { cap, draws: draws / simulations, width: total / simulations };
      caps.push(planned);
      if (planned.width <= width) chosen = planned;
      cap = Math.ceil(cap * capGrowth);
    }
  }
  const open = counts.flatMap(({ correct }, at) => (correct < successes ? [at] : []));
  return { k, successes, width, widthNow, chosen, caps, open, problems: counts.length, draws: now };
}

function smallestOpen(counts: readonly ProblemCount[], successes: number): number {
  const open = counts.filter(({ correct }) => correct < successes).map(({ draws }) => draws);
  return open.reduce((least, draws) => Math.min(least, draws), open[0] ?? 1);
}

function simulatedFutures(
  counts: readonly ProblemCount[],
  given: {
    readonly k: number;
    readonly successes: number;
    readonly simulations: number;
    readonly generator: RandomGenerator;
  },
): SuccessTimes[][] {
  const fit = fitMixingDistribution(counts, { largestK: given.k });
  return Array.from({ length: given.simulations }, (_, simulation) => {
    const generator = given.generator.split(`future ${simulation}`);
    return counts.map((count) =>
      futureSuccesses(count, {
        rate: posteriorRate(fit, { count, generator }),
        successes: given.successes,
        generator,
      }),
    );
  });
}
