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
  const problems = group.problems.flatMap((problem) => problemPool(problem, policy) ?? []);
  const drawn = group.problems.reduce((sum, { n, unscored }) => sum + n + unscored, 0);
  const used = problems.reduce((sum, { proxy }) => sum + proxy.length, 0);
  return {
    counts,
    problems,
    left: drawn - used,
    leftProblems: group.problems.length - problems.length,
    isAccuracy: group.problems.every(({ rewarded }) => rewarded?.golds === undefined),
    isStopped: counts.problems.some(({ stopping }) => stopping.kind === "successes"),
  };
}

function problemPool({ problem, rewarded }: ProblemTally, policy: UnscoredPolicy): ProblemPool | undefined {
  if (rewarded === undefined) return undefined;
  const { rewards, verdicts, answers } = rewarded;
  const golds = rewards.map((_, index) => goldOf(rewarded, index, policy));
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

/** The gold reward, else the verdict; undefined where there is neither and unscored draws are left out. */
function goldOf({ golds, verdicts }: RewardedDraws, index: number, policy: UnscoredPolicy) {
  const gold = golds?.[index];
  if (gold !== undefined) return gold;
  const isKnown = verdicts[index] !== "unscored" || policy === "incorrect";
  return isKnown ? Number(verdicts[index] === "correct") : undefined;
}
