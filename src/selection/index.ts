/** Comparing models on the same problems. Browser-safe. */
export { type AlignedProblems, alignProblems, type ModelProblems } from "./alignment.ts";
export {
  type ConfidenceSet,
  type ConfidenceSetOptions,
  confidenceSet,
  type ModelValues,
  type SetMember,
} from "./confidence-set.ts";
export { type GoldFall, goldFall } from "./gold-fall.ts";
export { type HalvingRound, halvingRound } from "./halving.ts";
export * from "./likelihood.ts";
export { type DifferenceEstimate, pairedDifferences } from "./paired-difference.ts";
export {
  type ComparedModel,
  type ComparisonAtK,
  type ModelCounts,
  type PassAtKComparison,
  passAtKComparison,
} from "./pass-at-k-comparison.ts";
export { type PlannedDraws, type SeparationPlan, separationPlan } from "./separation-plan.ts";
export { type UnpairedDifference, unpairedDifference } from "./unpaired-difference.ts";
