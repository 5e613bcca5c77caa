/** Run folders and what is counted from them: rows in, counts a problem or columns of log-probabilities out. */
export { type CopiedDraws, copiedDraws, type DrawnTexts, SameText } from "./copied-draws.ts";
export {
  type DistributionsKey,
  distributionParts,
  readDistributionKeys,
  readDistributions,
  type TokenDistributions,
  writeDistributions,
} from "./distribution-parts.ts";
export { type AddedLines, GrowingFile } from "./growing-file.ts";
export { type CountGroup, Ledger, type LedgerOptions, type ProblemTally } from "./ledger.ts";
export { type LikelihoodColumn, type LikelihoodGroup, LikelihoodLedger } from "./likelihood-ledger.ts";
export {
  type DrawGroup,
  type ProblemDraw,
  type ProblemDraws,
  type ProblemDrawsRequest,
  problemDraws,
} from "./problem-draws.ts";
export type { RewardedDraws } from "./rewarded-draws.ts";
export { readRun, rowFiles, writeParts } from "./row-parts.ts";
export type { TableName } from "./row-tables.ts";
export { type CountedOutcomes, runCounts } from "./run-counts.ts";
export {
  appendJournal,
  asOnlyWriter,
  forgetUnits,
  isRunFolder,
  type JournalEntry,
  openRunFolder,
  type RunDescription,
  readJournal,
  readRunDescription,
} from "./run-folder.ts";
export { DiskError, type SegmentFile, SegmentWriter, type SegmentWriterOptions } from "./segment-writer.ts";
export { compactUnits } from "./unit-compaction.ts";
export { UnitFollower, type UnitProgress } from "./unit-follower.ts";
export { UnitKeySet } from "./unit-key-set.ts";
export type { UnitFailure, UnitRecord, UnitUsage } from "./unit-record.ts";
export { failedUnits, UnitsSnapshot } from "./unit-segments.ts";
export { UnitStore, type UnitStoreOptions } from "./unit-store.ts";
export { heldLocks, lockWriter, type WriterLock } from "./writer-lock.ts";
