/** All rows of the theory lab, in the order of the paper. */
import { bernoulliMaximumLikelihood } from "./bernoulli-maximum-likelihood.ts";
import { constantStepSgd } from "./constant-step-sgd.ts";
import { conversionRow } from "./conversions.ts";
import { convexClassDecay } from "./convex-class-decay.ts";
import { inherentVariance } from "./inherent-variance.ts";
import type { TheoryRow } from "./instance.ts";
import { klLowerBound } from "./kl-lower-bound.ts";
import { likelihoodGap } from "./likelihood-gap.ts";
import { maximumLikelihoodFloor } from "./maximum-likelihood-floor.ts";
import { maximumLikelihoodLinear } from "./maximum-likelihood-linear.ts";
import { maximumLikelihoodRate } from "./maximum-likelihood-rate.ts";
import { misspecifiedPair } from "./misspecified-pair.ts";
import { normalizedSgd } from "./normalized-sgd.ts";
import { sgdLowerBound } from "./sgd-lower-bound.ts";
import { sgdRate } from "./sgd-rate.ts";
import { tightnessPair } from "./tightness-pair.ts";
import { tokenLevelDivergence } from "./token-level-divergence.ts";
import { tokenLevelSgd } from "./token-level-sgd.ts";
import { tournamentGuarantee } from "./tournament-guarantee.ts";
import { truncatedDistillation } from "./truncated-distillation.ts";
import { truncatedDistillationRate } from "./truncated-distillation-rate.ts";

/** The rows of the theory lab, one a claim of the paper, in the order in which they are shown. */
export const theoryRows: readonly TheoryRow[] = [
  bernoulliMaximumLikelihood,
  klLowerBound,
  maximumLikelihoodFloor,
  maximumLikelihoodRate,
  maximumLikelihoodLinear,
  sgdRate,
  sgdLowerBound,
  constantStepSgd,
  normalizedSgd,
  tokenLevelSgd,
  tokenLevelDivergence,
  truncatedDistillation,
  truncatedDistillationRate,
  tournamentGuarantee,
  tightnessPair,
  conversionRow,
  misspecifiedPair,
  convexClassDecay,
  likelihoodGap,
  inherentVariance,
];
