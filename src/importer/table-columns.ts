/** Which column of a table plays which role: by the user's mapping first, then by usual names and the kind of value. */
import { InputError } from "../record/index.ts";
import { verdictOf } from "./draws.ts";
import type { MappableField } from "./importer.ts";

/** Roles beyond the mappable ones: what a row was computed for, and a negated log-probability to check against. */
export type ColumnRole = MappableField | "k" | "negativeLogprob";

export type ColumnRoles = Readonly<Partial<Record<ColumnRole, string>>>;

/** What one row of the table stands for. */
export type TableShape = "counts" | "draws" | "likelihoods";

export interface RecognisedTable {
  readonly roles: ColumnRoles;
  readonly shape: TableShape;
}

/** The values of some rows, by column; the columns are equally long. */
export type ColumnSample = ReadonlyMap<string, readonly unknown[]>;

/** Usual names, normalised (lower case, `_` for anything else), in order of preference. */
const usualNames: Readonly<Record<ColumnRole, readonly string[]>> = {
  model: ["model", "model_nickname", "model_name", "model_id", "checkpoint", "policy"],
  task: ["task", "task_name", "benchmark", "dataset", "dataset_name", "eval_name"],
  problem: [
    "problem",
    "problem_idx",
    "problem_id",
    "prompt_idx",
    "prompt_id",
    "task_id",
    "question_id",
    "doc_id",
    "example_id",
    "instance_id",
    "unique_id",
    "idx",
    "index",
    "id",
  ],
  draw: [
    "draw",
    "draw_idx",
    "draw_id",
    "sample_idx",
    "sample_id",
    "sample_index",
    "attempt",
    "repeat",
    "trial",
  ],
  n: ["n", "num_samples", "num_samples_total", "n_samples", "num_attempts", "total", "samples"],
  c: ["c", "num_correct", "num_samples_correct", "n_correct", "num_passed", "successes", "correct", "passed"],
  correct: [
    "correct",
    "is_correct",
    "passed",
    "pass",
    "success",
    "exact_match",
    "score",
    "verdict",
    "resolved",
  ],
  reward: ["reward", "pred_score", "reward_score", "rm_score", "proxy_reward", "reward_model_score"],
  gold: ["gold", "gold_reward", "gold_score", "true_reward"],
  answer: [
    "pred",
    "prediction",
    "predicted_answer",
    "extracted_answer",
    "parsed_answer",
    "final_answer",
    "answer",
  ],
  target: [
    "target",
    "gt",
    "ground_truth",
    "reference",
    "reference_answer",
    "gt_answer",
    "gold_answer",
    "answer",
  ],
  step: ["step", "training_step", "train_step", "global_step", "checkpoint_step", "checkpoint"],
  tokens: ["training_tokens", "train_tokens", "tokens_seen"],
  temperature: ["temperature", "temp"],
  unscored: ["unscored", "num_unscored", "n_unscored"],
  logprob: [
    "logprob",
    "log_prob",
    "sum_logprob",
    "sum_log_prob",
    "log_score",
    "log_probability",
    "log_likelihood",
    "loglikelihood",
  ],
  sampler: ["sampler", "drawn_by", "sampled_by", "generator", "sampler_model"],
  prompt: ["prompt", "question", "query", "problem_text"],
  response: [
    "response",
    "responses",
    "completion",
    "completions",
    "samples",
    "generation",
    "generations",
    "output",
  ],
  verifier: ["verifier", "scorer", "metric", "judge"],
  k: ["k"],
  negativeLogprob: ["neg_log_score", "negative_log_probability"],
};

/** A column's name as it is compared: `Num. Samples Total` is `num_samples_total`. */
export function normalisedName(column: string): string {
  return column
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}

/**
 * The roles of a table's columns, or undefined where neither counts, verdicts, rewards, responses nor
 * log-probabilities of problems are recognised. Throws InputError if a mapped column does not exist.
 */
export function recogniseColumns(
  sample: ColumnSample,
  map: Readonly<Partial<Record<MappableField, string>>>,
): RecognisedTable | undefined {
  const roles: Partial<Record<ColumnRole, string>> = {};
  const taken = new Set<string>();
  for (const [role, column] of Object.entries(map) as [MappableField, string][]) {
    if (!sample.has(column)) {
      const columns = [...sample.keys()].slice(0, 40).join(", ");
      throw new InputError(`--map ${role}=${column}: the table has no such column; it has ${columns}`);
    }
    roles[role] = column;
    taken.add(column);
  }
  const byName = new Map<string, string>();
  for (const column of sample.keys()) {
    if (!byName.has(normalisedName(column))) byName.set(normalisedName(column), column);
  }
  const find = (
    role: ColumnRole,
    fits: (values: readonly unknown[]) => boolean = () => true,
    allowed: (column: string) => boolean = () => true,
  ): void => {
    if (roles[role] !== undefined) return;
    for (const name of usualNames[role]) {
      const column = byName.get(name);
      if (column === undefined || taken.has(column) || !allowed(column)) continue;
      if (!fits(sample.get(column) ?? [])) continue;
      roles[role] = column;
      taken.add(column);
      return;
    }
  };

  find("n", mostly(isCountLike));
  if (roles.n !== undefined) {
    // Beside a number of the draw, `correct` speaks of that draw and not of all n.
    const numbersDraws = usualNames.draw.some((name) => byName.has(name)) || map.draw !== undefined;
    const isVerdict = (column: string) => numbersDraws && usualNames.correct.includes(normalisedName(column));
    find("c", mostly(isCountLike), (column) => !isVerdict(column));
  }
  if (roles.n !== undefined && roles.c === undefined && map.n === undefined) {
    taken.delete(roles.n);
    delete roles.n;
  }
  // A real-valued score that is often 0 or 1 is no verdict.
  find("correct", mostly(isVerdictLike, 0.9));
  find(
    "model",
    mostly((value) => !Array.isArray(value)),
  );
  find(
    "task",
    mostly((value) => typeof value === "string"),
  );
  find(
    "prompt",
    mostly((value) => typeof value === "string"),
  );
  // A number of the row names no problem where one prompt stands under several of them.
  const prompts = roles.prompt === undefined ? [] : (sample.get(roles.prompt) ?? []);
  const numbersRows = (column: string) =>
    /^(?:idx|index|id)$/.test(normalisedName(column)) && variesWithin(prompts, sample.get(column) ?? []);
  find(
    "problem",
    mostly((value) => typeof value !== "object"),
    (column) => !numbersRows(column),
  );
  find("draw", mostly(isCountLike));
  find("step", mostly(isNumberLike));
  find("tokens", mostly(isNumberLike));
  find("temperature", mostly(isNumberLike));
  find("unscored", mostly(isCountLike));
  find(
    "response",
    mostly((value) => typeof value === "string" || isListOf(value, "string")),
  );
  find("reward", mostly(isRewardLike));
  if (roles.reward !== undefined) find("gold", mostly(isRewardLike));
  const evidence = roles.correct ?? roles.reward ?? roles.response;
  if (evidence !== undefined) {
    const { problem, prompt } = roles;
    const problems = sample.get(problem ?? prompt ?? "") ?? [];
    find("answer", (values) => values.some(Array.isArray) || variesWithin(problems, values));
  }
  find("target");
  find(
    "verifier",
    mostly((value) => typeof value === "string"),
  );
  const hasCounts = roles.n !== undefined && roles.c !== undefined;
  if (hasCounts) find("k", mostly(isCountLike));
  else {
    find("logprob", mostly(isRewardLike));
    if (roles.logprob !== undefined) {
      find(
        "sampler",
        mostly((value) => typeof value === "string"),
      );
      // Beside a sampler every row is about one response, and so is its answer, which is no target then.
      if (roles.sampler !== undefined && roles.answer === undefined) {
        const { target } = roles;
        if (
          map.target === undefined &&
          target !== undefined &&
          usualNames.answer.includes(normalisedName(target))
        ) {
          roles.answer = target;
          delete roles.target;
        } else find("answer");
      }
    }
    find("negativeLogprob", mostly(isNumberLike));
  }

  if (roles.problem === undefined && roles.prompt === undefined) return undefined;
  const listVerdicts = roles.correct !== undefined && (sample.get(roles.correct) ?? []).some(Array.isArray);
  if (hasCounts && !listVerdicts) return { roles, shape: "counts" };
  if (roles.sampler !== undefined) {
    if (roles.logprob === undefined) {
      throw new InputError(
        `--map sampler=${roles.sampler}: needs a column of log-probabilities (--map logprob=…)`,
      );
    }
    // Several models score what one of them drew: a verdict beside a score is not of the model that scores.
    const { correct: _verdict, reward: _reward, gold: _gold, ...used } = roles;
    return { roles: used, shape: "likelihoods" };
  }
  if (evidence !== undefined) return { roles, shape: "draws" };
  if (roles.logprob !== undefined) return { roles, shape: "likelihoods" };
  return undefined;
}

/** One line for people: `n = "Num. Samples", c = "Num. Samples Correct"`. */
export function describeColumns({ roles, shape }: RecognisedTable): string {
  const used = Object.entries(roles).filter(([role]) => role !== "negativeLogprob");
  return `${shape} from columns ${used.map(([role, column]) => `${role} = "${column}"`).join(", ")}`;
}

/** True if rows of one problem have different values: then they speak of draws and not of the problem. */
function variesWithin(problems: readonly unknown[], values: readonly unknown[]): boolean {
  const first = new Map<unknown, unknown>();
  return problems.some((problem, row) => {
    if (!first.has(problem)) first.set(problem, values[row]);
    return first.get(problem) !== values[row];
  });
}

/** True if there is a value and at least this share of those that are present fit: the rest are bad rows. */
function mostly(fits: (value: unknown) => boolean, share = 0.5): (values: readonly unknown[]) => boolean {
  return (values) => {
    const present = values.filter((value) => value !== undefined && value !== null && value !== "");
    return present.length > 0 && present.filter(fits).length >= share * present.length;
  };
}

function isCountLike(value: unknown): boolean {
  if (typeof value === "string") return /^\s*\d+(?:\.0*)?\s*$/.test(value);
  return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
}

function isNumberLike(value: unknown): boolean {
  if (typeof value === "string") return value.trim() !== "" && !Number.isNaN(Number(value));
  return typeof value === "number" || typeof value === "bigint";
}

function isVerdictLike(value: unknown): boolean {
  if (!Array.isArray(value)) return verdictOf(value) !== undefined;
  return value.every((item) => item === null || verdictOf(item) !== undefined);
}

function isRewardLike(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every((item) => item === null || isNumberLike(Array.isArray(item) ? item[0] : item))
    : isNumberLike(value);
}

function isListOf(value: unknown, type: "string"): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}
