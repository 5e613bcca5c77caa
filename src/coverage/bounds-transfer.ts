/** How coverage passes from one pair of models to another, from responses to answers, and from data to a task. */
import { checkAbove, checkAtLeast, checkProbability } from "./bounds-argument.ts";

/**
 * Proposition D.5, the chain rule: Cov_{M1}(π_T‖π̂) ≤ M2·Cov_{M1/M2}(π_D‖π̂) + Cov_{M2}(π_T‖π_D), each profile under its own
 * first model; the first is taken at M1/M2, the second at M2.
 *
 * @throws RangeError for M2 not above 0 or a coverage outside [0, 1].
 * @example
 * chainRuleBound({ m2: 2, coverageOfData: 0.125, coverageOfTask: 0.0625 }); // 0.3125
 */
export function chainRuleBound(input: {
  readonly m2: number;
  /** Cov_{M1/M2}(π_D‖π̂). */
  readonly coverageOfData: number;
  /** Cov_{M2}(π_T‖π_D). */
  readonly coverageOfTask: number;
}): number {
  const { m2, coverageOfData, coverageOfTask } = input;
  checkAbove("m2", m2, 0);
  checkProbability("coverageOfData", coverageOfData);
  checkProbability("coverageOfTask", coverageOfTask);
  return m2 * coverageOfData + coverageOfTask;
}

/**
 * Equation (95), transitivity on one sample: Cov_{N'N''}(π'‖π) ≤ Cov_{N'}(π'‖π'') + Cov_{N''}(π''‖π), all three shares taken
 * over the same responses, whoever drew them.
 *
 * @throws RangeError for a coverage outside [0, 1].
 * @example
 * transitivityBound({ first: 0.25, second: 0.125 }); // 0.375
 */
export function transitivityBound(input: {
  /** Cov_{N'}(π'‖π''). */
  readonly first: number;
  /** Cov_{N''}(π''‖π). */
  readonly second: number;
}): number {
  checkProbability("first", input.first);
  checkProbability("second", input.second);
  return input.first + input.second;
}

/**
 * Answers, **corrected**: Cov^ans_N ≤ s/(s − 1)·Cov_{N/s} for every s > 1, e.g. 2·Cov_{N/2}; of an answer with ratio ≥ N the
 * responses with ratio < N/s hold less than 1/s of π's probability. N/s may lie below 1.
 *
 * `coverage` is Cov_{N/s} over responses.
 *
 * @throws RangeError for s ≤ 1 or a coverage outside [0, 1].
 * @example
 * answerCoverageBound({ s: 2, coverage: 0.25 }); // 0.5
 */
export function answerCoverageBound(input: { readonly s: number; readonly coverage: number }): number {
  const { s, coverage } = input;
  checkAbove("s", s, 1);
  checkProbability("coverage", coverage);
  return (s / (s - 1)) * coverage;
}

/**
 * Answers as the paper prints them (§7.1), Cov^ans_N ≤ Cov_N: **false**. For N = 4, π = ½ on (c1, a), ½ on (c2, a) and π̂ = ¼ on
 * (c2, a), ¾ on (c3, b), Cov_4 = ½ and Cov^ans_4 = 1. Here to be shown beside `answerCoverageBound`, not to be relied on.
 *
 * @throws RangeError for a coverage outside [0, 1].
 * @example
 * printedAnswerCoverageBound({ coverage: 0.5 }); // 0.5
 */
export function printedAnswerCoverageBound(input: { readonly coverage: number }): number {
  checkProbability("coverage", input.coverage);
  return input.coverage;
}

/**
 * Coverage of a task inside the data (§2, by D.5): if π_D solves it with probability p and π_T is π_D given success, then
 * Cov_N(π_T‖π̂) ≤ Cov_{N·p}(π_D‖π̂)/p. Sharper than the chain rule at M2 = 1/p, where Cov_{1/p}(π_T‖π_D) = 1.
 *
 * `coverage` is Cov_{N·p}(π_D‖π̂); p must hold for every prompt.
 *
 * @throws RangeError for p outside (0, 1] or a coverage outside [0, 1].
 * @example
 * taskCoverageBound({ successProbability: 0.25, coverage: 0.125 }); // 0.5
 */
export function taskCoverageBound(input: {
  readonly successProbability: number;
  readonly coverage: number;
}): number {
  const { successProbability, coverage } = input;
  checkProbability("successProbability", successProbability);
  checkAtLeast("successProbability", successProbability, Number.MIN_VALUE);
  checkProbability("coverage", coverage);
  return coverage / successProbability;
}
