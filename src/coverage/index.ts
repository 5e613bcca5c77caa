/** How often good answers come up: pass@k, its forecast beyond the draws, and what stands behind them. Browser-safe. */
export { type BetaBinomialForecast, betaBinomialForecast } from "./beta-binomial.ts";
export {
  checkCount,
  checkCounts,
  drawsDifferForUnknownReason,
  type ProblemCount,
  type StoppingRule,
} from "./counts.ts";
export {
  type ForecastOptions,
  forecastPassAtK,
  type PassAtKForecast,
  type ShareUnderRate,
  shareUnderRate,
} from "./forecast.ts";
export {
  type RateQuantile,
  rateQuantile,
  type SamplesForTarget,
  samplesForTarget,
} from "./forecast-inverse.ts";
export { type ClusterEstimate, clopperPearson, type Interval, kornGraubard } from "./interval.ts";
export * from "./likelihood.ts";
export { fitMixingDistribution, type MixingDistribution } from "./mixing-distribution.ts";
export {
  type LevelOptions,
  largestCommonK,
  type PassAtKEstimate,
  passAtK,
  passAtKCurve,
  passAtKEstimates,
  passAtKValues,
} from "./pass-at-k.ts";
export { posteriorRate } from "./posterior-rate.ts";
export {
  type NamedCount,
  type ProblemRow,
  type ProblemTableOptions,
  problemTable,
  uncovered,
} from "./problem-table.ts";
export * from "./reward.ts";
export { type PlannedCap, type SamplePlan, type SamplePlanOptions, samplePlan } from "./sample-plan.ts";
