/** Log-probabilities of the same responses under several models, ready for profiles and tournaments. */
import { checkpointName, InputError } from "../record/index.ts";
import { countText, type LikelihoodTask, listText, type ScoredCandidate } from "../report/index.ts";
import type { LikelihoodGroup } from "../store/index.ts";
import { withoutLikelihoods } from "./load-logs.ts";
import type { LogOptions } from "./log-options.ts";
import { namedModels } from "./named-models.ts";
import type { ReadInputs } from "./read-logs.ts";

export interface ReadLikelihoods {
  readonly tasks: readonly LikelihoodTask[];
  readonly remarks: readonly string[];
}

/** A model that scored less than this share of what the best-scored one did is left out of a comparison. */
const sufficientShare = 0.5;

/** Throws InputError where the logs hold no log-probabilities of responses. */
export function likelihoodsOf(read: ReadInputs, options: Pick<LogOptions, "only">): ReadLikelihoods {
  const { loaded } = read;
  // Options offered beside the reference answer are not what anyone said.
  const groups = loaded.likelihoods.filter(({ role }) => role !== "choice");
  if (groups.length === 0) throw withoutLikelihoods(read.words, loaded);
  const remarks: string[] = [];
  const tasks = groups.flatMap((group) => {
    const task = alignedTask(group, options.only, remarks);
    return task === undefined ? [] : [task];
  });
  if (tasks.length === 0) throw new InputError(`--only ${options.only}: no model has this in its name`);
  return { tasks, remarks };
}

function alignedTask(
  group: LikelihoodGroup,
  only: string | undefined,
  remarks: string[],
): LikelihoodTask | undefined {
  const named = only === undefined ? group.columns : namedModels(group.columns, only);
  if (named.length === 0) return undefined;
  const most = Math.max(...named.map(({ scored }) => scored));
  const columns = named.filter(({ scored }) => scored >= sufficientShare * most);
  const dropped = named.filter((column) => !columns.includes(column)).map(({ model }) => model);
  if (dropped.length > 0) {
    remarks.push(`${group.task}: ${listText(dropped)} left out, for scoring under half of the responses.`);
  }
  const total = group.problems.length;
  const kept = Array.from({ length: total }, (_, record) => record).filter((record) =>
    columns.every(({ logProbabilities }) => !Number.isNaN(logProbabilities[record])),
  );
  if (kept.length === 0) {
    throw new InputError(
      `${group.task}: no response is scored by all of ${listText(columns.map(({ model }) => model))}`,
    );
  }
  if (kept.length < total) {
    remarks.push(
      `${group.task}: ${countText(kept.length)} of ${countText(total)} responses are scored by all models; the others are left out.`,
    );
  }
  const labels = columnLabels(columns);
  return {
    task: group.task,
    role: group.role,
    ...(group.drawnBy !== undefined && { drawnBy: labelOfDrawer(group.drawnBy, columns, labels) }),
    candidates: columns.map(({ logProbabilities, tokenCounts, scored: _, ...column }, index) => ({
      ...column,
      name: column.model,
      model: labels[index] ?? column.model,
      logProbabilities: Float64Array.from(kept, (record) => logProbabilities[record] ?? Number.NaN),
      tokenCounts: Float64Array.from(kept, (record) => tokenCounts[record] ?? Number.NaN),
    })),
    problems: kept.map((record) => group.problems[record] ?? ""),
    prompts: Int32Array.from(kept, (record) => group.prompts[record] ?? 0),
    answers: group.answers && kept.map((record) => group.answers?.[record]),
    responses: kept.map((record) => group.responses[record] ?? record),
    records: kept.length,
  };
}

/** A checkpoint that drew is named with its step; its label here may do without. */
function labelOfDrawer(
  drawnBy: string,
  columns: LikelihoodGroup["columns"],
  labels: readonly string[],
): string {
  const index = columns.findIndex((column) => checkpointName(column) === drawnBy);
  return labels[index] ?? drawnBy;
}

function columnLabels(columns: LikelihoodGroup["columns"]): string[] {
  return columns.map(({ model, step, trainingTokens }) => {
    const alone = columns.filter((other) => other.model === model).length === 1;
    const parts = [
      step === undefined ? undefined : `step ${step}`,
      trainingTokens === undefined ? undefined : `${trainingTokens} tokens`,
    ];
    return alone ? model : [model, ...parts.filter((part) => part !== undefined)].join(", ");
  });
}

/** The comparison model of a task and what the comparison may be called; undefined for data alone. */
export interface Reference {
  readonly candidate: ScoredCandidate;
  /** `reference` if the model drew the responses, so that X is observed; `empirical` if they are data. */
  readonly kind: "reference" | "empirical";
}

/**
 * The model that the user names (`--drawn-by` says that it drew the responses, `--reference` only compares), else the one
 * that the log says drew them. Throws InputError where the named model scored nothing.
 */
export function referenceOf(
  task: LikelihoodTask,
  options: { readonly reference?: string; readonly drawnBy?: string },
): Reference | undefined {
  const drawer = options.drawnBy ?? task.drawnBy;
  const name = options.reference ?? drawer;
  if (name === undefined) return undefined;
  const candidate = task.candidates.find(({ model }) => model === name);
  if (candidate !== undefined) return { candidate, kind: name === drawer ? "reference" : "empirical" };
  if (options.reference === undefined && options.drawnBy === undefined) return undefined;
  const names = task.candidates.map(({ model }) => model);
  throw new InputError(`${name}: did not score ${task.task}; scored by ${listText(names, 8)}`);
}
