/** The name of a problem's draws under one model and one sampling: what a stopping rule is about. */
import type { DrawKey, RowBase } from "../record/index.ts";

/** Equal for all draws that a stopping rule counts together. */
export function seriesName(
  row: Pick<
    RowBase,
    "model" | "step" | "trainingTokens" | "task" | "problem" | "promptHash" | "samplingHash"
  > &
    Pick<DrawKey, "drawSet">,
): string {
  const { model, step, trainingTokens, task, problem, promptHash, samplingHash, drawSet } = row;
  return JSON.stringify([model, step, trainingTokens, task, problem, promptHash, samplingHash, drawSet]);
}
