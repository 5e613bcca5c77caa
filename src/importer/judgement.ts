/** Verdicts from the value of an evaluation metric. */
import type { Outcome } from "../record/index.ts";

/** What a metric says of a draw. */
export type Judgement = Pick<Outcome, "verdict" | "reason" | "score">;

export function unscored(reason: string): Judgement {
  return { verdict: "unscored", reason };
}

/** A verdict from a metric's value: 1 is correct, less within [0, 1] is not; anything else says nothing. */
export function judgement(score: number, metric: string): Judgement {
  if (score === 1) return { verdict: "correct" };
  if (score === 0) return { verdict: "incorrect" };
  if (Number.isNaN(score)) return unscored(`${metric} is NaN`);
  if (score > 0 && score < 1) return { verdict: "incorrect", score };
  const known = Number.isFinite(score) ? { score } : {};
  return { ...unscored(`${metric} is not within [0, 1]`), ...known };
}
