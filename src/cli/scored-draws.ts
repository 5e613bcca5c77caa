/** The draws that a reward can choose among: proxy, gold and answer, a problem at a time. */
import type { ModelCounts, ModelPools, ProblemPool } from "../report/index.ts";
import type { CountGroup, ProblemTally, RewardedDraws } from "../store/index.ts";
import type { UnscoredPolicy } from "./log-options.ts";
import { type SelectedCounts, selectedCounts } from "./model-counts.ts";

/** Of each model that has any, its problems whose draws have a reward and something to judge them by. */
export function rewardPools(
  { models, groups }: Pick<SelectedCounts, "models" | "groups">,
  policy: UnscoredPolicy,
): ModelPools[] {
  return models.flatMap((counts, index) => {
    const group = groups[index];
    const pools = group && poolsOf(counts, group, policy);
    return pools === undefined || pools.problems.length === 0 ? [] : [pools];
  });
}

/** The pools of all logs, each model's by the scorer that gave rewards; none where no draw has one. */
export function rewardPoolsAmong(
  groups: readonly CountGroup[],
  options: Parameters<typeof selectedCounts>[1],
): ModelPools[] {
  if (!groups.some(({ problems }) => problems.some(({ rewarded }) => rewarded !== undefined))) return [];
  return rewardPools(selectedCounts(groups, { ...options, rewarded: true }), options.unscored);
}

function poolsOf(counts: ModelCounts, group: CountGroup, policy: UnscoredPolicy): ModelPools {
  const isAccuracy = group.problems.every(({ rewarded }) => rewarded?.golds === undefined);
  const problems = group.problems.flatMap((problem) => problemPool(problem, { policy, isAccuracy }) ?? []);
  const drawn = group.problems.reduce((sum, { n, unscored }) => sum + n + unscored, 0);
  const used = problems.reduce((sum, { proxy }) => sum + proxy.length, 0);
  return {
    counts,
    problems,
    left: drawn - used,
    leftProblems: group.problems.length - problems.length,
    isAccuracy,
    isStopped: counts.problems.some(({ stopping }) => stopping.kind === "successes"),
  };
}

interface Judgement {
  readonly policy: UnscoredPolicy;
  readonly isAccuracy: boolean;
}

function problemPool({ problem, rewarded }: ProblemTally, judgement: Judgement): ProblemPool | undefined {
  if (rewarded === undefined) return undefined;
  const { policy } = judgement;
  const { rewards, verdicts, answers } = rewarded;
  const golds = rewards.map((_, index) => goldOf(rewarded, index, judgement));
  const usable = rewards.flatMap((_, index) => (golds[index] === undefined ? [] : [index]));
  if (usable.length === 0) return undefined;
  return {
    problem,
    proxy: usable.map((index) => rewards[index] ?? 0),
    gold: usable.map((index) => golds[index] ?? 0),
    answers: usable.map((index) => answers?.[index]),
    correct: usable.map((index) => verdicts[index] === "correct"),
    isJudged: usable.every((index) => verdicts[index] !== "unscored" || policy === "incorrect"),
  };
}

/**
 * The verdict, or the gold reward where a model has any: the two are in units of their own and do not mix. Undefined
 * where there is none and unscored draws are left out.
 */
function goldOf({ golds, verdicts }: RewardedDraws, index: number, { policy, isAccuracy }: Judgement) {
  if (!isAccuracy) return golds?.[index];
  const isKnown = verdicts[index] !== "unscored" || policy === "incorrect";
  return isKnown ? Number(verdicts[index] === "correct") : undefined;
}
