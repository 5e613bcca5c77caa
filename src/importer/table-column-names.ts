/** What columns of tables are usually called, role by role. */
import type { MappableField } from "./importer.ts";

/** Roles beyond the mappable ones: what a row was computed for, and a negated log-probability to check against. */
export type ColumnRole = MappableField | "k" | "negativeLogprob";

/** Usual names, normalised (lower case, `_` for anything else), in order of preference. */
export const usualNames: Readonly<Record<ColumnRole, readonly string[]>> = {
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
