/** All rows of the theory lab, in the order of the paper. */

import { bernoulliMaximumLikelihood } from "./bernoulli-maximum-likelihood.ts";
import { convexClassDecay } from "./convex-class-decay.ts";
import { inherentVariance } from "./inherent-variance.ts";
import type { TheoryRow } from "./instance.ts";
import { klLowerBound } from "./kl-lower-bound.ts";
import { maximumLikelihoodFloor } from "./maximum-likelihood-floor.ts";
import { maximumLikelihoodRate } from "./maximum-likelihood-rate.ts";
import { misspecifiedPair } from "./misspecified-pair.ts";
import { tightnessPair } from "./tightness-pair.ts";

export const theoryRows: readonly TheoryRow[] = [
  bernoulliMaximumLikelihood,
  klLowerBound,
  maximumLikelihoodFloor,
  maximumLikelihoodRate,
  misspecifiedPair,
  inherentVariance,
  convexClassDecay,
  tightnessPair,
];
