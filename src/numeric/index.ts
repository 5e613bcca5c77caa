/** Numbers that the estimators stand on: special functions, seeded random numbers, sums in log space. Browser-safe. */
export { compensatedSum, log1mExp, logSumExp } from "./log-space.ts";
export { type RandomGenerator, randomGenerator } from "./random.ts";
export {
  type BetaShape,
  betaQuantile,
  chiSquareQuantile,
  logGamma,
  normalQuantile,
  regularizedIncompleteBeta,
  studentQuantile,
} from "./special.ts";
