/** What log-probabilities of the same responses say about candidates: tournament and cross-entropy side by side. */
import { largestCommonK, passAtK, passAtKCurve } from "../coverage/index.ts";
import {
  type ConfidenceSetOptions,
  type CrossEntropySelection,
  crossEntropySelection,
  distinguishingN,
  drawTable,
  type LikelihoodTable,
  likelihoodTable,
  type OffsetTournament,
  type OutcomeAgreement,
  offsetTournament,
  outcomeAgreement,
  type RatioMethod,
  type StudentizedSet,
  smallerN,
  studentizedSet,
  type Tournament,
  tournament,
  type WinFrequency,
  type WinnerAtN,
  winFrequencies,
  winnerCurve,
} from "../selection/index.ts";
import type { ModelCounts } from "./model-counts.ts";

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
  /** Final answers of the records, where the logs hold any, and what tells equal responses. */
  readonly answers: readonly (string | undefined)[] | undefined;
  readonly responses: readonly (number | string)[];
  readonly records: number;
}

/** Options of `analyseLikelihoods`. */
export interface SelectionOptions {
  /** N of the tournament; chosen from the data up to the budget otherwise. */
  readonly n?: number;
  /** Responses drawn where the model is deployed. */
  readonly budget: number;
  /** Failure probability in the theorem's resolution. */
  readonly delta: number;
  readonly level: number;
  readonly generator: ConfidenceSetOptions["generator"];
}

/** What a report says of one task's log-probabilities at the tournament's N, made by `analyseLikelihoods`. */
export interface LikelihoodAnalysis {
  readonly task: LikelihoodTask;
  /** The model that drew the responses, where it scored them too; it is none of the task's candidates. */
  readonly drawer?: ScoredCandidate;
  /** False if no N up to the budget tells the candidates apart. */
  readonly distinguishable: boolean;
  readonly tournament: Tournament;
  /** The candidates that cannot be told from the winner. */
  readonly set: StudentizedSet;
  /** How often each wins under resampled prompts: for display only. */
  readonly winFrequencies: readonly WinFrequency[];
  /** The winner at each N from 2 to the budget. */
  readonly winners: readonly WinnerAtN[];
  readonly crossEntropy: CrossEntropySelection;
}

/**
 * Tournament (29) and cross-entropy on one task; undefined for a single candidate. Where the model that drew the responses
 * scored them too, the others are compared without it: it is the distribution that they are held against.
 */
export function analyseLikelihoods(
  given: LikelihoodTask,
  options: SelectionOptions,
): LikelihoodAnalysis | undefined {
  const task = withoutDrawer(given);
  if (task.candidates.length < 2) return undefined;
  const { budget, level, generator, delta } = options;
  const table = tableOf(task);
  const chosen = options.n ?? distinguishingN(table, { budget: Math.max(2, budget) });
  const n = chosen ?? budget;
  const drawer = given.candidates.find((candidate) => !task.candidates.includes(candidate));
  return {
    task,
    ...(drawer !== undefined && { drawer }),
    distinguishable: chosen !== undefined,
    tournament: tournament(table, { n, delta }),
    set: studentizedSet(table, { n, level, generator: generator.split("set") }),
    winFrequencies: winFrequencies(table, { n, generator: generator.split("frequencies") }),
    winners: winnerCurve(table, { ns: [...new Set([...smallerN(budget), budget, n])].sort((a, b) => a - b) }),
    crossEntropy: crossEntropySelection(table),
  };
}

/** The task without the model that drew its responses. */
function withoutDrawer(task: LikelihoodTask): LikelihoodTask {
  const candidates = task.candidates.filter(
    ({ name, model }) => name !== task.drawnBy && model !== task.drawnBy,
  );
  return { ...task, candidates };
}

function tableOf(task: LikelihoodTask): LikelihoodTable {
  return likelihoodTable({ candidates: task.candidates, prompts: task.prompts });
}

/**
 * The offset tournament (32) of a task of data, with draws of its candidates that all candidates scored; undefined where
 * the logs hold no such draws.
 */
export function offsetSelection(
  task: LikelihoodTask,
  drawn: readonly LikelihoodTask[],
  options: { readonly n: number; readonly exponent: number; readonly method: RatioMethod },
): OffsetTournament | undefined {
  const models = task.candidates.map(({ model }) => model);
  const usable = drawn.filter(
    ({ task: name, role, drawnBy, candidates }) =>
      name === task.task &&
      role === "draw" &&
      drawnBy !== undefined &&
      models.includes(drawnBy) &&
      models.every((model) => candidates.some((candidate) => candidate.model === model)),
  );
  if (usable.length === 0) return undefined;
  const candidates = models.map((model) => ({
    model,
    logProbabilities: joined(
      usable.map((pool) => pool.candidates.find((candidate) => candidate.model === model)?.logProbabilities),
    ),
  }));
  const draws = drawTable({
    candidates,
    drawnBy: usable.flatMap(({ drawnBy, records }) => Array.from({ length: records }, () => drawnBy ?? "")),
    prompts: usable.flatMap(({ problems }) => problems),
  });
  return offsetTournament(tableOf(task), { draws, ...options });
}

function joined(columns: readonly (Float64Array | undefined)[]): Float64Array {
  const parts = columns.filter((column) => column !== undefined);
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The choices by measured pass@1 and pass@k among candidates that have counts. */
export interface MeasuredChoice {
  readonly k: number;
  readonly passAtK: { readonly winner: string; readonly estimate: number };
  readonly passAt1: { readonly winner: string; readonly estimate: number };
  /** Candidates with counts. */
  readonly candidates: number;
}

/** What verdicts choose among the candidates; undefined where fewer than two have counts. */
export function measuredChoice(
  task: LikelihoodTask,
  models: readonly ModelCounts[],
): MeasuredChoice | undefined {
  const counted = task.candidates.flatMap((candidate) => {
    const counts = models.find((model) => isSameCheckpoint(candidate, model));
    return counts === undefined ? [] : [{ model: candidate.model, problems: counts.problems }];
  });
  if (counted.length < 2) return undefined;
  const k = Math.min(...counted.map(({ problems }) => largestCommonK(problems)));
  const best = (draws: number) =>
    counted
      .map(({ model, problems }) => ({ winner: model, estimate: passAtKCurve(problems, [draws])[0] ?? 0 }))
      .reduce((left, right) => (right.estimate > left.estimate ? right : left));
  return { k, passAtK: best(k), passAt1: best(1), candidates: counted.length };
}

/** Fewer checkpoints make no rank correlation worth showing. */
const fewestRanked = 4;

/**
 * Rank correlation over checkpoints of coverage and of cross-entropy with measured pass@k; undefined where fewer than four
 * candidates have counts on common problems.
 */
export function passAtKAgreement(
  analysis: LikelihoodAnalysis,
  models: readonly ModelCounts[],
  options: Pick<SelectionOptions, "level" | "generator"> & { readonly k: number },
): OutcomeAgreement | undefined {
  const { task, tournament: result } = analysis;
  const counted = task.candidates.flatMap((candidate) => {
    const counts = models.find((model) => isSameCheckpoint(candidate, model));
    return counts === undefined ? [] : [{ candidate, counts }];
  });
  if (counted.length < fewestRanked) return undefined;
  const columns = counted.map(({ candidate, counts }) => {
    const enough = counts.problems.filter(({ draws }) => draws >= options.k);
    return {
      model: candidate.model,
      byName: new Map(enough.map((problem) => [problem.problem, passAtK({ ...problem, k: options.k })])),
    };
  });
  const names = [...(columns[0]?.byName.keys() ?? [])];
  const common = names.filter((name) => columns.every(({ byName }) => byName.has(name)));
  if (common.length < 2) return undefined;
  const outcomes = columns.map(({ model, byName }) => ({
    model,
    values: common.map((name) => byName.get(name) ?? Number.NaN),
  }));
  const table = likelihoodTable({
    candidates: counted.map(({ candidate }) => candidate),
    prompts: task.prompts,
  });
  const { level, generator } = options;
  return outcomeAgreement(table, { n: result.n, outcomes, level, generator: generator.split("agreement") });
}

/** True if the counts are of the checkpoint that scored. */
export function isSameCheckpoint(candidate: ScoredCandidate, counts: ModelCounts): boolean {
  return (
    candidate.name === counts.model &&
    candidate.step === counts.step &&
    candidate.trainingTokens === counts.trainingTokens
  );
}
