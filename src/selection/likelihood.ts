/** Choosing among candidates by the likelihoods they give to the same responses. */
export {
  type CrossEntropyScore,
  type CrossEntropySelection,
  crossEntropy,
  crossEntropySelection,
} from "./cross-entropy.ts";
export {
  type CandidateColumn,
  type LikelihoodTable,
  type LogProbabilities,
  likelihoodTable,
} from "./likelihood-table.ts";
export { type EmpiricalCoverage, empiricalCoverage } from "./likelihood-table-coverage.ts";
export type { TieDecision } from "./tie.ts";
export {
  distinguishingN,
  type Resolution,
  type Tournament,
  type TournamentScore,
  tournament,
  tournamentResolution,
} from "./tournament.ts";
