/** Whether the loss still falls between two checkpoints, from their log-probabilities of the same data. */
import { logLikelihoodDifference, logRatios } from "../coverage/index.ts";
import type { LikelihoodAnalysis } from "./likelihood-analysis.ts";
import type { Trajectory, Turn } from "./trajectory.ts";

export interface LossTrend {
  /** Mean cross-entropy of the two checkpoints, nats a response. */
  readonly from: number;
  readonly to: number;
  /** True if the later loss is lower beyond noise (paired over prompts). */
  readonly falls: boolean;
}

/** The loss between the best and the last checkpoint of a turn; undefined where the logs do not hold both. */
export function lossTrend(
  trajectory: Trajectory,
  turn: Turn,
  likelihoods: readonly LikelihoodAnalysis[],
): LossTrend | undefined {
  for (const { task, crossEntropy } of likelihoods) {
    if (task.role !== "data") continue;
    const at = (position: number) =>
      task.candidates.findIndex(
        ({ name, step, trainingTokens }) =>
          name === trajectory.model && (trajectory.unit === "step" ? step : trainingTokens) === position,
      );
    const [first, second] = [at(turn.best.at), at(turn.last.at)];
    const [earlier, later] = [task.candidates[first], task.candidates[second]];
    const [from, to] = [crossEntropy.scores[first]?.score, crossEntropy.scores[second]?.score];
    if (earlier === undefined || later === undefined || from === undefined || to === undefined) continue;
    const sample = logRatios({ kind: "empirical", reference: later, model: earlier });
    const gain = logLikelihoodDifference(sample, { prompts: task.prompts });
    return { from, to, falls: gain.lower !== undefined && gain.lower > 0 };
  }
  return undefined;
}
