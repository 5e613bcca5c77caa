/** What per-token divergences along a response say about coverage of the whole response. */
import { checkAbove, checkAtLeast, checkProbability } from "./bounds-argument.ts";

/**
 * Proposition D.10: Cov_N ≤ 2/(log N − 1)·D_seq,N for N > e, with the stopped KL D_seq,N of equation (50) in nats.
 *
 * @throws RangeError for N ≤ e or a stopped KL below 0.
 * @example
 * coverageBoundFromStoppedKl({ n: Math.E ** 3, stoppedKl: 0.25 }); // 0.25
 */
export function coverageBoundFromStoppedKl(input: {
  readonly n: number;
  readonly stoppedKl: number;
}): number {
  const { n, stoppedKl } = input;
  checkAbove("n", n, Math.E);
  checkAtLeast("stoppedKl", stoppedKl, 0);
  return (2 / (Math.log(n) - 1)) * stoppedKl;
}

/**
 * The sum over tokens of squared Hellinger distances at which the converse D.11 starts to count a response: log(N/δ).
 *
 * @throws RangeError for N < 1 or δ outside (0, 1].
 * @example
 * hellingerThreshold({ n: 2, delta: 0.5 }); // Math.log(4)
 */
export function hellingerThreshold(input: { readonly n: number; readonly delta: number }): number {
  const { n, delta } = input;
  checkAtLeast("n", n, 1);
  if (!(delta > 0 && delta <= 1)) throw new RangeError(`delta is ${delta}: must be above 0 and at most 1`);
  return Math.log(n / delta);
}

/**
 * Proposition D.11, a partial converse: Cov_N ≥ P_π[Σ_h D_H²(step h) ≥ log(N/δ)] − δ. Its proof gives the sharper
 * Cov_{N²} ≥ the same right-hand side (**beyond** the printed statement), as Cov_{N²} ≤ Cov_N.
 *
 * `exceedance` is that probability, at the threshold of `hellingerThreshold`.
 *
 * @throws RangeError for an exceedance outside [0, 1] or δ outside (0, 1].
 * @example
 * coverageLowerBoundFromHellinger({ exceedance: 0.75, delta: 0.25 }); // 0.5
 */
export function coverageLowerBoundFromHellinger(input: {
  readonly exceedance: number;
  readonly delta: number;
}): number {
  const { exceedance, delta } = input;
  checkProbability("exceedance", exceedance);
  if (!(delta > 0 && delta <= 1)) throw new RangeError(`delta is ${delta}: must be above 0 and at most 1`);
  return exceedance - delta;
}
