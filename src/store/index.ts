export { type CountGroup, Ledger, type LedgerOptions, type ProblemTally } from "./ledger.ts";
export { type LikelihoodColumn, type LikelihoodGroup, LikelihoodLedger } from "./likelihood-ledger.ts";
export { readRun, writeParts } from "./row-parts.ts";
export type { TableName } from "./row-tables.ts";
export { runCounts } from "./run-counts.ts";
export {
  appendJournal,
  forgetUnits,
  isRunFolder,
  type JournalEntry,
  openRunFolder,
  type RunDescription,
  readJournal,
  readRunDescription,
} from "./run-folder.ts";
export type { DrawDetail } from "./tally.ts";
