/** Coverage from log-probabilities: profiles, divergences, bounds. Re-exports only. */
export { type AnswerRecords, answerLogProbabilities } from "./answer-profile.ts";
export { berkJonesBand, binaryDivergence } from "./berk-jones.ts";
export { berkJonesCritical } from "./berk-jones-critical.ts";
export * from "./bounds-best-of-n.ts";
export * from "./bounds-from-divergence.ts";
export * from "./bounds-samples-needed.ts";
export * from "./bounds-stopped.ts";
export { type BoundRow, type BoundsTableOptions, boundsTable } from "./bounds-table.ts";
export * from "./bounds-transfer.ts";
export { klDivergence, logLikelihoodDifference, squaredHellinger, stoppedKl } from "./divergence.ts";
export { type CrossEntropy, crossEntropyEstimate } from "./divergence-cross-entropy.ts";
export type { ClusterOptions, MeanEstimate } from "./divergence-mean.ts";
export { type LikelihoodQuantile, likelihoodQuantile } from "./likelihood-quantile.ts";
export {
  atomTolerance,
  candidateEnvelope,
  envelopeLogRatios,
  type LogRatioSample,
  logRatios,
  type ProfileKind,
  upperBoundLogRatios,
} from "./log-ratio.ts";
export {
  type CheckedLogProbabilities,
  checkedLogProbabilities,
  type ModelLogProbabilities,
} from "./log-ratio-validation.ts";
export {
  type CoveragePoint,
  type CoverageProfile,
  coverageAt,
  coverageProfile,
  type ProfileOptions,
} from "./profile.ts";
export { type LogRatioDistribution, logRatioDistribution, uniformDecay } from "./profile-distribution.ts";
