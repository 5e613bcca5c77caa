/** How many draws Best-of-N needs, by coverage and by the KL law, and what regret they leave. */
import { checkAbove, checkAtLeast, checkProbability } from "./bounds-argument.ts";

/**
 * Samples that suffice, **beyond** the paper: at N ≥ M·log(1/ε) Best-of-N has regret at most Cov_M + (1 − Cov_M)·ε to π, for
 * every reward in [0, 1] and without a condition on Cov_M: half the samples of Proposition D.6.
 *
 * For a reward of 0 or 1 with q = π̂(success), π has at most Cov_M + min(1 − Cov_M, M·q) and Best-of-N misses with
 * (1 − q)^N; the worst q leaves max(Cov_M, ε^(1 − Cov_M)), below the stated line.
 *
 * @throws RangeError for M < 1 or ε outside (0, 1].
 * @example
 * samplesForCoverage({ m: 8, epsilon: Math.exp(-2) }); // 16
 */
export function samplesForCoverage(input: { readonly m: number; readonly epsilon: number }): number {
  checkAtLeast("m", input.m, 1);
  checkEpsilon(input.epsilon);
  return -input.m * Math.log(input.epsilon) || 0;
}

/**
 * The regret that `samplesForCoverage` leaves: Cov_M + (1 − Cov_M)·ε, a mean over prompts like Cov_M itself.
 *
 * @throws RangeError for a coverage outside [0, 1] or ε outside (0, 1].
 * @example
 * regretBound({ coverage: 0.5, epsilon: 0.5 }); // 0.75
 */
export function regretBound(input: { readonly coverage: number; readonly epsilon: number }): number {
  checkProbability("coverage", input.coverage);
  checkEpsilon(input.epsilon);
  return input.coverage + (1 - input.coverage) * input.epsilon;
}

/**
 * Proposition D.6 as printed: N ≥ 2M·log(1/ε) suffices for regret at most Cov_M + ε if Cov_M ≤ ½ (not needed for ε ≤ 1/e).
 *
 * @throws RangeError for M < 1 or ε outside (0, 1].
 * @example
 * printedSamplesForCoverage({ m: 8, epsilon: Math.exp(-2) }); // 32
 */
export function printedSamplesForCoverage(input: { readonly m: number; readonly epsilon: number }): number {
  return 2 * samplesForCoverage(input);
}

/**
 * The regret of Proposition D.6 as printed: Cov_M + ε.
 *
 * @throws RangeError for a coverage outside [0, 1] or ε outside (0, 1].
 * @example
 * printedRegretBound({ coverage: 0.5, epsilon: 0.25 }); // 0.75
 */
export function printedRegretBound(input: { readonly coverage: number; readonly epsilon: number }): number {
  checkProbability("coverage", input.coverage);
  checkEpsilon(input.epsilon);
  return input.coverage + input.epsilon;
}

/**
 * Proposition D.7: some reward of 0 or 1 leaves Best-of-N with regret at least ½·Cov_{2N}, so no N with a large Cov_{2N} can
 * be enough for every reward.
 *
 * `coverage` is Cov_{2N}.
 *
 * @throws RangeError for a coverage outside [0, 1].
 * @example
 * regretLowerBound({ coverage: 0.25 }); // 0.125
 */
export function regretLowerBound(input: { readonly coverage: number }): number {
  checkProbability("coverage", input.coverage);
  return input.coverage / 2;
}

/**
 * The KL law (5): N ≈ exp(KL/ε) draws for regret ε. Vacuous on long sequences, where KL is large while coverage may be
 * good: shown beside the coverage-based number for that reason.
 *
 * @throws RangeError for a KL below 0 or ε not above 0.
 * @example
 * samplesByKlLaw({ kl: 2, epsilon: 0.5 }); // Math.exp(4)
 */
export function samplesByKlLaw(input: { readonly kl: number; readonly epsilon: number }): number {
  checkAtLeast("kl", input.kl, 0);
  checkAbove("epsilon", input.epsilon, 0);
  return Math.exp(input.kl / input.epsilon);
}

function checkEpsilon(epsilon: number): void {
  if (epsilon > 0 && epsilon <= 1) return;
  throw new RangeError(`epsilon is ${epsilon}: must be above 0 and at most 1`);
}
