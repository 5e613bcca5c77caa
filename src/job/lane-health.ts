/**
 * Whether a server works at all. A unit is given up only while others of its lane succeed; where everything fails for
 * long, the lane is closed, so that an outage makes no failed units and no endless attempts.
 */
import type { FailureClass } from "./failure.ts";

/** When a lane counts as broken: both limits are reached. */
export interface BreakerOptions {
  /** Failures in a row at least. */
  readonly failures: number;
  /** Seconds without a success at least. */
  readonly seconds: number;
}

/** Units that fail for good in a row, at any pace, before a lane on which nothing succeeded is closed. */
const finalFailures = 50;

export class LaneHealth {
  readonly #options: BreakerOptions;
  #lastSuccess: number;
  #succeeded = false;
  #inRow = 0;
  #finalInRow = 0;

  constructor(options: BreakerOptions, now: number) {
    this.#options = options;
    this.#lastSuccess = now;
  }

  succeeded(now: number): void {
    this.#lastSuccess = now;
    this.#succeeded = true;
    this.#inRow = 0;
    this.#finalInRow = 0;
  }

  failed(failure: FailureClass): void {
    if (failure.ownFault === true) return;
    this.#inRow += 1;
    if (failure.retryable !== true) this.#finalInRow += 1;
  }

  /** True if a unit succeeded at this time or later. */
  succeededSince(time: number): boolean {
    return this.#succeeded && this.#lastSuccess >= time;
  }

  /** True if anything ever succeeded. */
  get worked(): boolean {
    return this.#succeeded;
  }

  isBroken(now: number): boolean {
    if (!this.#succeeded && this.#finalInRow >= finalFailures) return true;
    const silent = (now - this.#lastSuccess) / 1000;
    return this.#inRow >= this.#options.failures && silent >= this.#options.seconds;
  }
}
