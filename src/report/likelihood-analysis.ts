/** What log-probabilities of the same responses say about candidates: tournament and cross-entropy side by side. */
import {
  type CrossEntropySelection,
  crossEntropySelection,
  distinguishingN,
  likelihoodTable,
  type Tournament,
  tournament,
} from "../selection/index.ts";

/** One model's log-probabilities of the records that all models scored. */
export interface ScoredCandidate {
  /** The model, with its step where that tells two apart. */
  readonly model: string;
  /** The model without its step. */
  readonly name: string;
  readonly step?: number;
  readonly trainingTokens?: number;
  readonly logProbabilities: Float64Array;
  /** Response tokens; NaN where the log does not say. */
  readonly tokenCounts: Float64Array;
}

/** Responses of one task under all candidates. */
export interface LikelihoodTask {
  readonly task: string;
  readonly role: "data" | "draw" | "choice";
  /** The model that drew the responses, if they are draws. */
  readonly drawnBy?: string;
  readonly candidates: readonly ScoredCandidate[];
  readonly problems: readonly string[];
  /** Number of each record's prompt. */
  readonly prompts: Int32Array;
  readonly records: number;
}

export interface SelectionOptions {
  /** N of the tournament; chosen from the data up to the budget otherwise. */
  readonly n?: number;
  /** Responses drawn where the model is deployed. */
  readonly budget: number;
  /** Failure probability in the theorem's resolution. */
  readonly delta: number;
}

export interface LikelihoodAnalysis {
  readonly task: LikelihoodTask;
  /** False if no N up to the budget tells the candidates apart. */
  readonly distinguishable: boolean;
  readonly tournament: Tournament;
  readonly crossEntropy: CrossEntropySelection;
}

/** Tournament (29) and cross-entropy on one task; undefined for a single candidate. */
export function analyseLikelihoods(
  task: LikelihoodTask,
  options: SelectionOptions,
): LikelihoodAnalysis | undefined {
  if (task.candidates.length < 2) return undefined;
  const table = likelihoodTable({ candidates: task.candidates, prompts: task.prompts });
  const chosen = options.n ?? distinguishingN(table, { budget: Math.max(2, options.budget) });
  return {
    task,
    distinguishable: chosen !== undefined,
    tournament: tournament(table, { n: chosen ?? options.budget, delta: options.delta }),
    crossEntropy: crossEntropySelection(table),
  };
}
