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
export {
  type CheckpointMixture,
  checkpointMixture,
  drawFromMixture,
  likelihoodGapBound,
  type MixtureCoverage,
  type MixtureWeight,
  mixtureColumn,
} from "./mixture.ts";
export { type HeldOutMixture, heldOutMixture } from "./mixture-held-out.ts";
export { type OffsetScore, type OffsetTournament, offsetTournament } from "./offset-tournament.ts";
export { type RankCorrelationKind, rankCorrelation } from "./rank-correlation.ts";
export {
  type CorrelationEstimate,
  type OutcomeAgreement,
  type OutcomeColumn,
  outcomeAgreement,
} from "./rank-correlation-outcome.ts";
export {
  type DrawTable,
  drawTable,
  type RatioEstimate,
  type RatioMethod,
  ratioEstimate,
} from "./ratio-estimator.ts";
export { type StudentizedMember, type StudentizedSet, studentizedSet } from "./studentized-set.ts";
export { smallerN, type TieDecision } from "./tie.ts";
export {
  distinguishingN,
  type Resolution,
  type Tournament,
  type TournamentScore,
  tournament,
  tournamentResolution,
} from "./tournament.ts";
export { type WinFrequency, winFrequencies } from "./tournament-bootstrap.ts";
export { type TournamentMatrix, tournamentMatrix } from "./tournament-matrix.ts";
export {
  type StreamedColumns,
  type StreamedTournament,
  tournamentOfStream,
} from "./tournament-stream.ts";
export { type WinnerAtN, winnerCurve } from "./winner-curve.ts";
