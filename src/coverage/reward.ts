/** Choosing among draws: by a reward, by votes, or by a verifier that errs. */
export {
  type BestNEstimate,
  type BestOfNEstimate,
  type BestOfNOptions,
  type BootstrapOptions,
  bestN,
  bestOfNCurve,
  bestOfNValue,
  type RewardEstimate,
  type ScoredDraws,
} from "./best-of-n.ts";
export { bestOfNDivergence, bestOfNDivergenceBound } from "./best-of-n-divergence.ts";
export { firstAccepted, meanFirstAccepted, type VerifierRates } from "./imperfect-verifier.ts";
export {
  type AnsweredDraws,
  type MajorityEstimate,
  type MajorityOptions,
  majorityVote,
} from "./majority-vote.ts";
