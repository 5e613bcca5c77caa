/** Runs the units of one lane: as many at once as its server bears, again where they fail, in rest where it asks for rest. */
import { setMaxListeners } from "node:events";
import type { UnitFailure } from "../store/index.ts";
import type { Clock } from "./clock.ts";
import { type ConcurrencyBounds, ConcurrencyLimit } from "./concurrency-limit.ts";
import { type BackOff, type FailureClass, secondsBeforeRetry } from "./failure.ts";
import { type BreakerOptions, LaneHealth } from "./lane-health.ts";
import type { Unit, UnitResult } from "./unit.ts";
import type { NextUnit, SettledUnit, UnitSource } from "./unit-source.ts";

/** How often a unit is tried, and when its lane is closed. */
export interface RetryOptions {
  /** Attempts at a unit before it is given up. */
  readonly attempts: number;
  readonly backOff: BackOff;
  readonly breaker: BreakerOptions;
}

/** What a lane needs of its job. */
export interface LaneJob<Work extends Unit> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly retry: RetryOptions;
  run(unit: Work, signal: AbortSignal): Promise<UnitResult>;
  classify(error: unknown): FailureClass;
  /** True while the budget allows one more unit. */
  allowsAnother(): boolean;
  /** True while the journal keeps up. */
  readonly isReady: () => boolean;
  record(settled: readonly SettledUnit<Work>[]): void;
  attemptFailed(kind: string): void;
}

interface Attempt<Work extends Unit> {
  readonly unit: Work;
  readonly attempt: number;
  /** Failed attempts during which the server did other units: those that tell about this one. */
  readonly telling: number;
}

/** Units at the end of a lane that may be given up though no other succeeds beside them. */
const mostStragglers = 4;

/** Milliseconds after which a source is what requests wait for. */
const slowSource = 20;

export class LaneRunner<Work extends Unit> {
  readonly name: string;
  readonly #source: UnitSource<Work>;
  readonly #job: LaneJob<Work>;
  readonly #limit: ConcurrencyLimit;
  readonly #health: LaneHealth;
  readonly #again: Attempt<Work>[] = [];
  /** Failed for good while nothing succeeds: recorded with the next success, forgotten if the lane is closed. */
  #doubtful: SettledUnit<Work>[] = [];
  /** Failed in a way that says something of the unit only if the server never does it right. */
  #suspended: { readonly attempt: Attempt<Work>; readonly failed: UnitFailure }[] = [];
  #active = 0;
  #sleeping = 0;
  #restUntil = 0;
  #wake: (() => void) | undefined;
  #broken: string | undefined;
  #outOfBudget = false;
  #exhausted = false;
  #fetching = false;
  #arrived: NextUnit<Work> | undefined;
  #fetchError: { error: unknown } | undefined;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;

  constructor(
    given: { name: string; source: UnitSource<Work>; bounds: ConcurrencyBounds },
    job: LaneJob<Work>,
  ) {
    this.name = given.name;
    this.#source = given.source;
    this.#job = job;
    this.#limit = new ConcurrencyLimit(given.bounds, job.clock.now());
    this.#health = new LaneHealth(job.retry.breaker, job.clock.now());
    this.#signal = this.#end.signal;
    // Each unit that waits listens.
    setMaxListeners(0, this.#signal);
    this.#signal.addEventListener("abort", () => this.wake(), { once: true });
    const end = () => this.#end.abort();
    job.signal.addEventListener("abort", end, { once: true });
    if (job.signal.aborted) end();
  }

  get active(): number {
    return this.#active;
  }

  /** Units that wait for another attempt. */
  get waiting(): number {
    return this.#sleeping + this.#again.length;
  }

  get limit(): number {
    return this.#limit.limit;
  }

  /** Why the lane was closed, if it was. */
  get broken(): string | undefined {
    return this.#broken;
  }

  get outOfBudget(): boolean {
    return this.#outOfBudget;
  }

  /** Something changed that the lane may be waiting for. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Resolves once every unit is through, or the job or the lane ended. */
  async run(): Promise<void> {
    try {
      while (!this.#signal.aborted && (await this.#step()));
    } finally {
      this.#source.close();
      while (this.#active > 0) await this.#change();
    }
    if (this.#fetchError !== undefined) throw this.#fetchError.error;
    if (this.#signal.aborted) return;
    this.#recordDoubtful();
  }

  /** Begins one unit, or waits for a change; false once there is nothing to do and nothing to wait for. */
  async #step(): Promise<boolean> {
    const { clock } = this.#job;
    const rest = this.#restUntil - clock.now();
    if (rest > 0) {
      await clock.sleep(rest, this.#signal);
      return true;
    }
    if (this.#active >= this.limit || !this.#job.isReady()) {
      await this.#change();
      return true;
    }
    const again = this.#again.shift();
    if (again !== undefined) {
      void this.#attempt(again);
      return true;
    }
    // Units that wait are held in memory: no more are begun than a few for each request at once.
    const crowded = this.#sleeping > 4 * this.limit + 16;
    this.#outOfBudget = !this.#exhausted && !this.#job.allowsAnother();
    if (!crowded && !this.#outOfBudget) {
      if (this.#arrived === undefined) this.#fetch();
      const arrived = this.#arrived;
      this.#arrived = undefined;
      if (arrived !== undefined && arrived !== "done" && arrived !== "wait") {
        void this.#attempt({ unit: arrived.unit, attempt: 1, telling: 0 });
        return true;
      }
      if (arrived === "done") this.#exhausted = true;
      if (arrived === "wait") this.#limit.idle();
    }
    const idle = this.#active === 0 && this.waiting === 0 && !this.#fetching;
    if (idle && this.#suspended.length > 0) {
      this.#settleSuspended();
      return true;
    }
    if (idle && (this.#exhausted || this.#outOfBudget)) return false;
    if (crowded || this.#exhausted || this.#outOfBudget) this.#limit.idle();
    await this.#change();
    return true;
  }

  #fetch(): void {
    if (this.#exhausted || this.#fetching) return;
    const next = this.#source.next();
    if (!(next instanceof Promise)) {
      this.#arrived = next;
      return;
    }
    this.#fetching = true;
    const asked = this.#job.clock.now();
    next
      .then(
        (unit) => {
          this.#arrived = unit;
        },
        (error: unknown) => {
          this.#fetchError = { error };
          this.#end.abort();
        },
      )
      .finally(() => {
        this.#fetching = false;
        if (this.#job.clock.now() - asked > slowSource) this.#limit.idle();
        this.wake();
      });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #attempt(attempt: Attempt<Work>): Promise<void> {
    const { clock } = this.#job;
    const signal = this.#signal;
    const began = clock.now();
    this.#active += 1;
    try {
      const result = await this.#job.run(attempt.unit, signal);
      const now = clock.now();
      this.#limit.answered(now);
      this.#health.succeeded(now);
      this.#recordDoubtful();
      this.#resume();
      this.#job.record(this.#source.settle({ unit: attempt.unit, result }));
    } catch (error) {
      if (!signal.aborted) {
        const told = this.#health.succeededSince(began) ? 1 : 0;
        this.#failed({ ...attempt, telling: attempt.telling + told }, error);
      }
    } finally {
      this.#active -= 1;
      this.wake();
    }
  }

  #failed(attempt: Attempt<Work>, error: unknown): void {
    const { clock, retry } = this.#job;
    const now = clock.now();
    const failure = this.#job.classify(error);
    const message = error instanceof Error ? error.message : String(error);
    this.#job.attemptFailed(failure.kind);
    this.#health.failed(failure);
    const retryable = failure.retryable === true || (failure.retryable !== false && this.#health.worked);
    if (retryable) this.#limit.failed(now);
    if (failure.retryAfter !== undefined) {
      this.#restUntil = Math.max(this.#restUntil, now + 1000 * failure.retryAfter);
    }
    if (this.#health.isBroken(now)) {
      this.#broken ??= `${this.name}: every request fails, the last one with: ${message}`;
      this.#end.abort();
      return;
    }
    // In an outage attempts do not count: the breaker ends it, and the unit stays to be done.
    const isStraggler =
      this.#exhausted && this.#health.worked && this.#active + this.waiting <= mostStragglers;
    const givenUp = (isStraggler ? attempt.attempt : attempt.telling) >= retry.attempts;
    if (retryable && !givenUp) {
      void this.#retryLater(attempt, failure);
      return;
    }
    const failed = { kind: failure.kind, reason: message };
    if (failure.retryable === "if it worked before" && !this.#health.worked) {
      this.#suspended.push({ attempt, failed });
      return;
    }
    const settled = this.#source.settle({ unit: attempt.unit, failed });
    if (failure.ownFault === true || retryable) this.#job.record(settled);
    else this.#doubtful.push(...settled);
  }

  async #retryLater(attempt: Attempt<Work>, failure: FailureClass): Promise<void> {
    const { clock, retry } = this.#job;
    const seconds = secondsBeforeRetry(
      {
        key: attempt.unit.key,
        attempt: attempt.attempt,
        ...(failure.retryAfter !== undefined && { retryAfter: failure.retryAfter }),
      },
      retry.backOff,
    );
    this.#sleeping += 1;
    await clock.sleep(1000 * seconds, this.#signal);
    this.#sleeping -= 1;
    this.#again.push({ ...attempt, attempt: attempt.attempt + 1 });
    this.wake();
  }

  /** The server does it right after all: what it did not before is asked again. */
  #resume(): void {
    for (const { attempt } of this.#suspended) {
      this.#again.push({ ...attempt, attempt: attempt.attempt + 1 });
    }
    this.#suspended = [];
  }

  /** Nothing is left that could show the server at work. */
  #settleSuspended(): void {
    for (const { attempt, failed } of this.#suspended) {
      this.#doubtful.push(...this.#source.settle({ unit: attempt.unit, failed }));
    }
    this.#suspended = [];
  }

  #recordDoubtful(): void {
    if (this.#doubtful.length === 0) return;
    const settled = this.#doubtful;
    this.#doubtful = [];
    this.#job.record(settled);
  }
}
