/** Best-of-N under a reward: the curves, the best N and whether the reward is over-optimised, of one model. */
import {
  type BestNEstimate,
  type BestOfNEstimate,
  bestN,
  bestOfNCurve,
  type MajorityEstimate,
  majorityVote,
  type PassAtKEstimate,
  passAtKEstimates,
  type RewardEstimate,
} from "../coverage/index.ts";
import { type ConfidenceSetOptions, type GoldFall, goldFall } from "../selection/index.ts";
import type { ModelCounts } from "./model-counts.ts";

/** The draws of a problem that have a reward, entry by entry. */
export interface ProblemPool {
  readonly problem: string;
  readonly proxy: readonly number[];
  readonly gold: readonly number[];
  readonly answers: readonly (string | undefined)[];
  readonly correct: readonly boolean[];
  /** Every draw of it has a verdict. */
  readonly isJudged: boolean;
}

/** The draws of a model that a reward can choose among, and what is missing. */
export interface ModelPools {
  readonly counts: ModelCounts;
  /** At least one; each with at least one draw. */
  readonly problems: readonly ProblemPool[];
  /** Draws without a reward, or without both gold and verdict: in no estimate here. */
  readonly left: number;
  /** Problems without a single usable draw. */
  readonly leftProblems: number;
  /** Gold is the verdict; else a gold reward in units of its own. */
  readonly isAccuracy: boolean;
  /** Sampling of a problem stopped at a number of successes: its draws are not exchangeable. */
  readonly isStopped: boolean;
}

/** Best-of-N of a model under its logs' reward; lists have an entry for each N of `bestOfN`. */
export interface BestOfNAnalysis {
  readonly counts: ModelCounts;
  readonly left: number;
  readonly leftProblems: number;
  readonly isAccuracy: boolean;
  readonly bestOfN: readonly BestOfNEstimate[];
  readonly bestN: BestNEstimate;
  /** Where answers are known and every draw has a verdict. */
  readonly majorityVote?: readonly MajorityEstimate[];
  /** Where every draw has a verdict. */
  readonly passAtK?: readonly PassAtKEstimate[];
  /** Gold of the pick that gold itself makes: no reward does better. pass@N where gold is the verdict. */
  readonly ceiling: readonly RewardEstimate[];
  /** Where gold is highest before the largest N. */
  readonly goldFall?: GoldFall;
}

export interface BestOfNAnalysisOptions {
  readonly level: number;
  /** Values of N asked for; powers of two otherwise. */
  readonly ks?: readonly number[];
  readonly generator: ConfidenceSetOptions["generator"];
}

/** The fewest rewarded draws of a problem: Best-of-N is known up to this N. */
export const smallestPool = ({ problems }: Pick<ModelPools, "problems">) =>
  problems.reduce((least, { proxy }) => Math.min(least, proxy.length), Number.POSITIVE_INFINITY);

/**
 * All estimates at each N asked for that the smallest pool holds, or at powers of two and the smallest pool.
 *
 * @throws RangeError for a reward that is not finite, or where sampling stopped at successes.
 */
export function analyseBestOfN(pools: ModelPools, options: BestOfNAnalysisOptions): BestOfNAnalysis {
  const { counts, problems, left, leftProblems, isAccuracy } = pools;
  if (pools.isStopped) throw new RangeError(`${counts.label}: ${stoppedReason}`);
  const { level } = options;
  const generator = options.generator.split(counts.label);
  const ns = drawCounts(smallestPool(pools), options.ks);
  const isJudged = problems.every((problem) => problem.isJudged);
  const isAnswered = problems.some(({ answers }) => answers.some((answer) => answer !== undefined));
  const passing = problems.map(({ correct }) => ({
    draws: correct.length,
    correct: correct.filter(Boolean).length,
  }));
  const fall = goldFall(problems, ns, { level, generator: generator.split("gold fall") });
  return {
    counts,
    left,
    leftProblems,
    isAccuracy,
    bestOfN: bestOfNCurve(problems, ns, { level }),
    bestN: bestN(problems, ns, { level, generator: generator.split("best N") }),
    ...(isJudged && {
      passAtK: passAtKEstimates(passing, ns, { level }),
      ...(isAnswered && {
        majorityVote: majorityVote(problems, ns, { level, generator: generator.split("majority") }),
      }),
    }),
    ceiling: bestOfNCurve(
      problems.map(({ gold }) => ({ proxy: gold, gold })),
      ns,
      { level },
    ).map(({ gold }) => gold),
    ...(fall !== undefined && { goldFall: fall }),
  };
}

/** Why Best-of-N is not known where sampling stopped at successes. */
export const stoppedReason =
  "sampling stopped at a number of successes, so a problem's draws are not exchangeable";

function drawCounts(smallest: number, asked: readonly number[] | undefined): number[] {
  const within = asked?.filter((n) => n <= smallest) ?? [];
  if (within.length > 0) return within;
  const powers = Array.from({ length: 1 + Math.floor(Math.log2(smallest)) }, (_, power) => 2 ** power);
  return [...new Set([...powers, smallest])];
}
