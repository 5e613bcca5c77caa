/** Problem by problem: counts, the interval of the success rate, and what another draw would bring. */
import { checkCount, type ProblemCount } from "./counts.ts";
import { clopperPearson } from "./interval.ts";
import { type MixingFit, mixingFit } from "./mixing-distribution.ts";
import { type LevelOptions, largestCommonK, passAtK } from "./pass-at-k.ts";

/** A problem's count with its name. */
export interface NamedCount extends ProblemCount {
  readonly problem: string;
  /** Draws without a verdict; they are not among `draws`. */
  readonly unscored: number;
}

/** One problem in `problemTable`. */
export interface ProblemRow {
  readonly problem: string;
  readonly draws: number;
  readonly correct: number;
  readonly unscored: number;
  /** Share of correct draws; undefined without draws. */
  readonly estimate: number | undefined;
  /** Clopper–Pearson interval of the success rate. */
  readonly lower: number;
  readonly upper: number;
  /**
   * What this problem adds to pass@(k+1) − pass@k of the whole set, estimated without bias; undefined where k + 1
   * exceeds its draws. Summed over problems it is what one more draw each is worth after k.
   */
  readonly marginalGain: number | undefined;
  /** Chance that one more draw solves a problem not solved so far, given all problems; undefined for a solved one. */
  readonly nextDrawRate: number | undefined;
}

/** Options of `problemTable`. */
export interface ProblemTableOptions extends LevelOptions {
  /** Draws before the one whose gain is asked for; where absent, one less than the fewest draws of any problem. */
  readonly k?: number;
}

/** Mean success rate given the counts, under the fitted distribution of rates. */
function posteriorMean(fit: MixingFit, count: ProblemCount): number {
  const { rates } = fit.rows;
  let total = 0;
  let weighted = 0;
  for (let point = 0; point < rates.length; point++) {
    const weight = fit.weights[point]!;
    if (weight === 0) continue;
    // Of an unsolved problem: only failures enter the likelihood.
    const joint = weight * (count.draws === 0 ? 1 : Math.exp(count.draws * Math.log1p(-rates[point]!)));
    total += joint;
    weighted += joint * rates[point]!;
  }
  return weighted / total;
}

/**
 * One row a problem, in the order given.
 *
 * The marginal gain is fail@k·c/(n−k)/problems, each part counted without bias (Clopper–Pearson and the gain take n as
 * fixed; for a problem stopped at its s-th success the gain is pass@(k+1) − pass@k by the formula of that rule).
 *
 * @throws RangeError for impossible counts or a k below 1.
 * @example
 * problemTable([{ problem: "p1", draws: 10, correct: 0, unscored: 0 }]);
 */
export function problemTable(
  problems: readonly NamedCount[],
  options: ProblemTableOptions = {},
): ProblemRow[] {
  const { k, level = 0.95 } = options;
  if (k !== undefined && !(Number.isSafeInteger(k) && k >= 1)) {
    throw new RangeError(`k is ${k}: must be an integer of at least 1`);
  }
  problems.forEach((count) => {
    checkCount(count, `problem ${count.problem}`);
    if (Number.isSafeInteger(count.unscored) && count.unscored >= 0) return;
    throw new RangeError(
      `problem ${count.problem}.unscored is ${count.unscored}: must be an integer of at least 0`,
    );
  });
  const drawn = problems.filter((count) => count.draws > 0);
  const before = k ?? (drawn.length === 0 ? 0 : largestCommonK(drawn) - 1);
  const unsolved = problems.some((count) => count.correct === 0);
  const fit = unsolved ? mixingFit(problems) : undefined;
  return problems.map((count) => {
    const { problem, draws, correct, unscored } = count;
    const gain = marginalGain(count, before);
    return {
      problem,
      draws,
      correct,
      unscored,
      estimate: draws === 0 ? undefined : correct / draws,
      ...clopperPearson({ successes: correct, trials: draws, level }),
      marginalGain: gain === undefined ? undefined : gain / problems.length,
      nextDrawRate: fit === undefined || correct > 0 ? undefined : posteriorMean(fit, count),
    };
  });
}

/** pass@(k+1) − pass@k of one problem, unbiased. */
function marginalGain(count: ProblemCount, k: number): number | undefined {
  const { draws, correct, stopping } = count;
  const limit = stopping?.kind === "successes" ? stopping.cap : draws;
  if (k + 1 > limit) return undefined;
  if (stopping?.kind === "successes") {
    return passAtK({ ...count, k: k + 1 }) - (k === 0 ? 0 : passAtK({ ...count, k }));
  }
  // fail@k · c/(n−k): a product, where the difference would cancel.
  let fail = 1;
  for (let index = 0; index < Math.min(correct, k); index++) {
    fail *= Math.max(0, draws - index - Math.max(correct, k)) / (draws - index);
    if (fail === 0) return 0;
  }
  return (fail * correct) / (draws - k);
}

/**
 * The rows of problems that no draw solved.
 *
 * @example
 * uncovered([{ problem: "p0", correct: 0 }, { problem: "p1", correct: 2 }]); // [{ problem: "p0", correct: 0 }]
 */
export function uncovered<Row extends { readonly correct: number }>(rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.correct === 0);
}
