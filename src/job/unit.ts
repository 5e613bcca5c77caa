/** Units of work: what a job does, one request each. */
import { type Row, shortHash } from "../record/index.ts";
import type { UnitUsage } from "../store/index.ts";

/** One unit of work; equal keys are one unit, done once. */
export interface Unit {
  /** Sixteen hexadecimal digits, as `unitKey` gives. */
  readonly key: string;
}

/** What makes a unit this one and no other. */
export interface UnitIdentity {
  readonly model: string;
  readonly promptHash: string;
  readonly samplingHash: string;
  readonly draw: number;
  /** Whatever else tells units apart: what is done, checkpoint, task and problem, the response that is scored. */
  readonly other?: readonly (string | number)[];
}

/**
 * The key of a unit of work.
 *
 * @example
 * unitKey({ model: "m", promptHash: "0a", samplingHash: "0b", draw: 3 }).length; // 16
 */
export function unitKey({ model, promptHash, samplingHash, draw, other = [] }: UnitIdentity): string {
  return shortHash(JSON.stringify([model, promptHash, samplingHash, draw, ...other]));
}

/** What a unit gave: its rows, and what it cost where that is known beyond the rows. */
export interface UnitResult {
  readonly rows: readonly Row[];
  readonly usage?: UnitUsage;
}

/** True if one of the rows says that the draw is right. */
export const isSuccess = (rows: readonly Row[]): boolean =>
  rows.some((row) => row.kind === "outcome" && row.verdict === "correct");
