/** Coverage from log-probabilities: profiles, divergences, bounds. Re-exports only. */
export { berkJonesBand, binaryDivergence } from "./berk-jones.ts";
export { berkJonesCritical } from "./berk-jones-critical.ts";
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
export { type CoveragePoint, type CoverageProfile, coverageProfile, type ProfileOptions } from "./profile.ts";
