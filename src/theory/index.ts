/** The paper's claims as instances that run: measured beside predicted, by criteria fixed beforehand. */
export { atLeast, atMost, probabilityAtLeast, slopeWithin, valueWithin } from "./criterion.ts";
export type {
  TheoryCriterion,
  TheoryFinding,
  TheoryInstance,
  TheoryPlot,
  TheoryRecord,
  TheoryResult,
  TheoryRow,
  TheoryScale,
} from "./instance.ts";
export { theoryRows } from "./rows.ts";
export { runTheoryRow, type TheoryRunOptions, theoryPiece, theoryPieces, theoryResult } from "./run-row.ts";
