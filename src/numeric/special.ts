/**
 * Special functions and quantiles: thin adapters over @stdlib, the only file that imports it.
 *
 * Accuracy against 40-digit mpmath is held by `test/oracle/special-functions.json`, extreme arguments included.
 */
import betainc from "@stdlib/math-base-special-betainc";
import gammaln from "@stdlib/math-base-special-gammaln";
import betaQuantileOf from "@stdlib/stats-base-dists-beta-quantile";
import chiSquareQuantileOf from "@stdlib/stats-base-dists-chisquare-quantile";
import normalQuantileOf from "@stdlib/stats-base-dists-normal-quantile";
import studentQuantileOf from "@stdlib/stats-base-dists-t-quantile";

function requireProbability(probability: number): void {
  if (probability >= 0 && probability <= 1) return;
  throw new RangeError(`probability is ${probability}: must be between 0 and 1`);
}

function requirePositive(name: string, value: number): void {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`${name} is ${value}: must be positive and finite`);
}

function requireNumber(name: string, value: number): number {
  if (!Number.isNaN(value)) return value;
  throw new RangeError(`${name} could not be computed`);
}

/** Parameters of a Beta distribution, both positive and finite. */
export interface BetaShape {
  readonly alpha: number;
  readonly beta: number;
}

/**
 * The quantile of a Beta(alpha, beta) distribution.
 *
 * @throws RangeError for a probability outside [0, 1] or a shape that is not positive and finite.
 * @example
 * betaQuantile({ probability: 0.5, alpha: 2, beta: 2 }); // 0.5
 */
export function betaQuantile(input: BetaShape & { readonly probability: number }): number {
  requireProbability(input.probability);
  requirePositive("alpha", input.alpha);
  requirePositive("beta", input.beta);
  return requireNumber("the beta quantile", betaQuantileOf(input.probability, input.alpha, input.beta));
}

/**
 * The quantile of Student's t distribution with `degreesOfFreedom` > 0.
 *
 * @example
 * studentQuantile({ probability: 0.975, degreesOfFreedom: 1 }); // 12.706204736174698
 */
export function studentQuantile(input: {
  readonly probability: number;
  readonly degreesOfFreedom: number;
}): number {
  requireProbability(input.probability);
  requirePositive("degreesOfFreedom", input.degreesOfFreedom);
  return requireNumber("the t quantile", studentQuantileOf(input.probability, input.degreesOfFreedom));
}

/**
 * The quantile of the χ² distribution with `degreesOfFreedom` > 0.
 *
 * @example
 * chiSquareQuantile({ probability: 0.95, degreesOfFreedom: 1 }); // 3.841458820694124
 */
export function chiSquareQuantile(input: {
  readonly probability: number;
  readonly degreesOfFreedom: number;
}): number {
  requireProbability(input.probability);
  requirePositive("degreesOfFreedom", input.degreesOfFreedom);
  return requireNumber("the χ² quantile", chiSquareQuantileOf(input.probability, input.degreesOfFreedom));
}

/** @stdlib's normal quantile loses the tails: it works from 2p − 1, which is −1 for every p below 1e-17. */
const normalTail = 0.02;
const millsTerms = 200;

/** x > 2 with P[Z > x] = tail, by Newton's method on the logarithm; the tail is φ(x) times a continued fraction. */
function upperNormalQuantile(tail: number): number {
  if (tail === 0) return Number.POSITIVE_INFINITY;
  let x = Math.sqrt(-2 * Math.log(tail));
  for (let iteration = 0; iteration < 20; iteration++) {
    let fraction = x;
    for (let term = millsTerms; term >= 1; term--) fraction = x + term / fraction;
    const logTail = -0.5 * x * x - 0.5 * Math.log(2 * Math.PI) - Math.log(fraction);
    const step = (logTail - Math.log(tail)) / fraction;
    x += step;
    if (Math.abs(step) < 1e-15 * x) break;
  }
  return x;
}

/**
 * The quantile of the standard normal distribution.
 *
 * @example
 * normalQuantile(0.975); // 1.959963984540054
 */
export function normalQuantile(probability: number): number {
  requireProbability(probability);
  if (probability < normalTail) return -upperNormalQuantile(probability);
  if (probability > 1 - normalTail) return upperNormalQuantile(1 - probability);
  return requireNumber("the normal quantile", normalQuantileOf(probability, 0, 1));
}

/**
 * The regularized incomplete beta function I_x(alpha, beta): the distribution function of Beta(alpha, beta) at x.
 * Relative error about 1e-14, up to 2e-10 where both shapes are a million.
 *
 * @example
 * regularizedIncompleteBeta({ x: 0.5, alpha: 2, beta: 2 }); // 0.5
 */
export function regularizedIncompleteBeta(input: BetaShape & { readonly x: number }): number {
  if (!(input.x >= 0 && input.x <= 1)) throw new RangeError(`x is ${input.x}: must be between 0 and 1`);
  requirePositive("alpha", input.alpha);
  requirePositive("beta", input.beta);
  return requireNumber("the incomplete beta", betainc(input.x, input.alpha, input.beta));
}

/**
 * log Γ(x) for x > 0.
 *
 * @example
 * logGamma(5); // Math.log(24)
 */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`x is ${x}: must be positive`);
  return gammaln(x);
}
