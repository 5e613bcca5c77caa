/** What a job has done so far, as progress and summaries show it. */
import type { UnitUsage } from "../store/index.ts";

/** What a job has done so far. */
export interface JobProgress {
  /** Units that this job finished. */
  readonly done: number;
  /** Units of this job that were finished before. */
  readonly before: number;
  /** Units that failed for good, now or before, and are left as they are. */
  readonly failed: number;
  /** Requests under way. */
  readonly active: number;
  /** Units that wait for another attempt. */
  readonly waiting: number;
  /** Draws thrown away because their problem had stopped before them. */
  readonly discarded: number;
  /** Tokens of the units that this job finished. */
  readonly usage: UnitUsage;
  /** Failed attempts by kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** Units that failed for good, by kind. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that each lane is asked at once at most. */
  readonly limits: Readonly<Record<string, number>>;
}

/** Why a job ended before its units did. */
export interface JobStop {
  readonly kind: "interrupted" | "budget" | "server" | "disk";
  readonly message: string;
}

/** What a job did, and why it stopped where it is not finished. */
export interface JobResult extends JobProgress {
  readonly stopped?: JobStop;
}
