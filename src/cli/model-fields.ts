/** The fields of a model in `--json`, the same for every command. */
import { drawTotals, type ModelCounts } from "../report/index.ts";

export function modelFields(counts: ModelCounts) {
  const totals = drawTotals(counts);
  return {
    model: counts.label,
    name: counts.model,
    ...(counts.step !== undefined && { step: counts.step }),
    ...(counts.trainingTokens !== undefined && { trainingTokens: counts.trainingTokens }),
    task: counts.task,
    sampling: counts.sampling,
    scorer: counts.verifier,
    problems: totals.problems,
    draws: totals.draws,
    correct: totals.correct,
    unscored: totals.unscored,
    unscoredProblems: counts.unscoredProblems.length,
    smallestN: totals.fewestDraws,
    largestN: totals.mostDraws,
  };
}
