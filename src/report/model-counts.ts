/** What a report is about: the counts of one model, task and sampling, under a declared denominator. */
import { largestCommonK } from "../coverage/index.ts";
import type { SamplingSettings, StoppingRule } from "../record/index.ts";

/** Counts of one problem; `draws` is the denominator that estimates use. */
export interface ProblemCounts {
  readonly problem: string;
  readonly draws: number;
  readonly correct: number;
  readonly unscored: number;
  readonly stopping: StoppingRule;
}

/** The counts of one model, task, sampling and verifier, under a declared denominator. */
export interface ModelCounts {
  /** Unique among the models compared: the model, and its step, task or sampling where these tell two apart. */
  readonly label: string;
  readonly model: string;
  readonly step?: number;
  readonly trainingTokens?: number;
  readonly task: string;
  readonly sampling: SamplingSettings;
  readonly verifier: string;
  /** Problems with at least one draw in the denominator. */
  readonly problems: readonly ProblemCounts[];
  /**
   * In how many of the problems with several draws all are the same text, where that is in too many for chance; at
   * temperature 0 in all of them.
   */
  readonly copies?: { readonly copied: number; readonly problems: number };
  /** Names of problems without a scored draw: in no estimate. */
  readonly unscoredProblems: readonly string[];
}

/**
 * The largest k at which pass@k is measured by a model's draws: 1 where they are copies, which are one draw.
 *
 * @example
 * const problems = [{ problem: "p", draws: 4, correct: 4, unscored: 0, stopping: { kind: "fixed" as const } }];
 * largestMeasuredK({ problems }); // 4
 * largestMeasuredK({ problems, copies: { copied: 1, problems: 1 } }); // 1
 */
export const largestMeasuredK = ({ problems, copies }: Pick<ModelCounts, "problems" | "copies">): number =>
  copies === undefined ? largestCommonK(problems) : 1;

/** Sums over a model's problems, made by `drawTotals`. */
export interface DrawTotals {
  readonly problems: number;
  readonly draws: number;
  readonly correct: number;
  readonly unscored: number;
  readonly fewestDraws: number;
  readonly mostDraws: number;
  readonly solvedProblems: number;
}

/** Totals of a model's counts. */
export function drawTotals({ problems }: Pick<ModelCounts, "problems">): DrawTotals {
  let draws = 0;
  let correct = 0;
  let unscored = 0;
  let fewestDraws = Number.POSITIVE_INFINITY;
  let mostDraws = 0;
  let solvedProblems = 0;
  for (const problem of problems) {
    draws += problem.draws;
    correct += problem.correct;
    unscored += problem.unscored;
    fewestDraws = Math.min(fewestDraws, problem.draws);
    mostDraws = Math.max(mostDraws, problem.draws);
    if (problem.correct > 0) solvedProblems += 1;
  }
  return {
    problems: problems.length,
    draws,
    correct,
    unscored,
    fewestDraws: problems.length === 0 ? 0 : fewestDraws,
    mostDraws,
    solvedProblems,
  };
}

/**
 * Numbers of draws k to show for a smallest n: powers of ten up to it (of two if it is small), and n itself where
 * the last power is far below.
 *
 * @example
 * shownDrawCounts(100); // [1, 10, 100]
 */
export function shownDrawCounts(smallestN: number): number[] {
  const factor = smallestN < 32 ? 2 : 10;
  const counts: number[] = [];
  for (let k = 1; k <= smallestN; k *= factor) counts.push(k);
  const last = counts.at(-1) ?? 1;
  if (last < 0.55 * smallestN) counts.push(smallestN);
  return counts;
}

/**
 * Numbers of draws to forecast for, powers of ten up to a million: from the first above the smallest n, which is as far as
 * pass@k is measured, to about a thousand times the largest.
 *
 * @example
 * forecastDrawCounts({ fewestDraws: 100, mostDraws: 100 }); // [1000, 10000, 100000]
 */
export function forecastDrawCounts(totals: Pick<DrawTotals, "fewestDraws" | "mostDraws">): number[] {
  const last = Math.min(6, Math.floor(Math.log10(totals.mostDraws)) + 3);
  const counts: number[] = [];
  for (let power = Math.floor(Math.log10(totals.fewestDraws)) + 1; power <= last; power += 1) {
    counts.push(10 ** power);
  }
  return counts;
}
