/**
 * Runs units of work to the end, whatever happens on the way: each finished unit is on disk before it counts, a failed
 * one is tried again, and running the same job again does exactly the rest.
 */
import type { Row } from "../record/index.ts";
import { type RunDescription, readRun, UnitStore, type UnitStoreOptions } from "../store/index.ts";
import { allowsAnother, type Budget } from "./budget.ts";
import type { Clock } from "./clock.ts";
import type { ConcurrencyBounds } from "./concurrency-limit.ts";
import { DrawOrder, type DrawSeries, type StopAt } from "./draw-order.ts";
import { type FailureClass, failureClass } from "./failure.ts";
import type { JobProgress, JobResult, JobStop } from "./job-progress.ts";
import { type LaneJob, LaneRunner, type RetryOptions } from "./lane-runner.ts";
import { seriesName } from "./series-name.ts";
import type { Unit, UnitResult } from "./unit.ts";
import {
  type SettledUnit,
  sequentialSource,
  type UnitSource,
  type UnitState,
  type Units,
} from "./unit-source.ts";

/** Units for one server: lanes have their own concurrency, rest and health, and share the job fairly. */
export interface Lane<Work extends Unit> {
  readonly name: string;
  readonly units?: Units<Work>;
  /** In place of `units`, with `stopAt`: the draws of each problem. */
  readonly series?: Iterable<DrawSeries<Work>>;
}

/** Options of `runJob`. */
export interface JobOptions<Work extends Unit> {
  readonly folder: string;
  readonly description: Omit<RunDescription, "schema">;
  readonly lanes: readonly Lane<Work>[];
  /** Does a unit once; throws where it fails. Called again for a unit that may succeed later. */
  run(unit: Work, signal: AbortSignal): Promise<readonly Row[] | UnitResult>;
  /** What an error means; by default what endpoints' errors say of themselves. */
  readonly classify?: (error: unknown) => FailureClass;
  /** Rows that say of a unit that it failed for good, such as an unscored outcome. */
  readonly failedRows?: (unit: Work, reason: string) => readonly Row[] | Promise<readonly Row[]>;
  readonly clock: Clock;
  /** Ends the job soon: units under way are given up. */
  readonly signal: AbortSignal;
  /** Requests at once, at most; it adapts below. */
  readonly concurrency?: number | ConcurrencyBounds;
  readonly budget?: Budget;
  /** Stop a problem at its s-th success; for lanes of series. */
  readonly stopAt?: StopAt;
  /** Draws of one problem under way at once, at most, with `stopAt`. */
  readonly furthestAhead?: number;
  readonly retry?: Partial<RetryOptions>;
  /** Try units again that failed for good before. */
  readonly retryFailed?: boolean;
  readonly writer?: UnitStoreOptions["writer"];
  readonly disk?: Pick<UnitStoreOptions, "interval" | "segmentBytes" | "openFile">;
  /** Called once a unit is on disk. */
  readonly onFinished?: (unit: Work, rows: readonly Row[]) => void;
  /** Called for a unit that failed for good, once that is on disk. */
  readonly onFailed?: (unit: Work, reason: string) => void;
  /** Called for a unit that was finished before. */
  readonly onKnown?: (unit: Work) => void;
  readonly onProgress?: (progress: JobProgress) => void;
}

const usualRetry: RetryOptions = {
  attempts: 12,
  backOff: { first: 0.5, longest: 60 },
  breaker: { failures: 20, seconds: 120 },
};

/** Units that are through and not on disk yet, at most: their rows are in memory. */
const mostUncommitted = 4096;

/**
 * Runs a job in a run folder. Throws InputError where the folder is in use or no run; what the servers and the disk do
 * is in the result.
 */
export async function runJob<Work extends Unit>(options: JobOptions<Work>): Promise<JobResult> {
  const store = await UnitStore.open({
    folder: options.folder,
    description: options.description,
    writer: options.writer ?? { kind: "sole" },
    ...options.disk,
  });
  try {
    const successes = options.stopAt === undefined ? undefined : await recordedSuccesses(options.folder);
    return await new Job(options, { store, successes }).run();
  } finally {
    await store.abandon();
  }
}

class Job<Work extends Unit> {
  readonly #options: JobOptions<Work>;
  readonly #store: UnitStore;
  readonly #stopping = new AbortController();
  readonly #lanes: LaneRunner<Work>[];
  readonly #commits = new Set<Promise<void>>();
  readonly #errors = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #unitsBefore: number;
  #stopped: JobStop | undefined;
  #defect: { error: unknown } | undefined;
  #done = 0;
  #before = 0;
  #failed = 0;
  #settledUnits = 0;
  #usage = { inputTokens: 0, outputTokens: 0 };

  readonly #orders: DrawOrder<Work>[] = [];
  readonly #successes: ReadonlyMap<string, number>;

  constructor(
    options: JobOptions<Work>,
    { store, successes }: { store: UnitStore; successes: ReadonlyMap<string, number> | undefined },
  ) {
    this.#options = options;
    this.#store = store;
    this.#successes = successes ?? new Map();
    this.#unitsBefore = store.finished;
    options.signal.addEventListener("abort", () => this.#interrupt(), { once: true });
    if (options.signal.aborted) this.#interrupt();
    const job: LaneJob<Work> = {
      clock: options.clock,
      signal: this.#stopping.signal,
      retry: { ...usualRetry, ...options.retry },
      run: async (unit, signal) => {
        const result = await options.run(unit, signal);
        return "rows" in result ? result : { rows: result };
      },
      classify: options.classify ?? failureClass,
      allowsAnother: () => this.#allowsAnother(),
      isReady: () => this.#commits.size < mostUncommitted,
      record: (settled) => {
        for (const one of settled) this.#record(one);
      },
      attemptFailed: (kind) => increment(this.#errors, kind),
    };
    const bounds = boundsOf(options.concurrency);
    this.#lanes = options.lanes.map(
      (lane) => new LaneRunner({ name: lane.name, source: this.#sourceOf(lane), bounds }, job),
    );
  }

  async run(): Promise<JobResult> {
    const lanes = this.#lanes.map((lane) =>
      lane.run().catch((error: unknown) => {
        this.#defect ??= { error };
        this.#stopping.abort();
      }),
    );
    await Promise.all(lanes);
    await Promise.all(this.#commits);
    const broken = this.#lanes.flatMap(({ broken }) => broken ?? []);
    if (broken.length > 0) this.#stopped ??= { kind: "server", message: broken.join("; ") };
    if (this.#lanes.some(({ outOfBudget }) => outOfBudget)) {
      this.#stopped ??= { kind: "budget", message: "the budget is spent" };
    }
    await this.#closeStore();
    if (this.#defect !== undefined) throw this.#defect.error;
    return { ...this.#progress(), ...(this.#stopped !== undefined && { stopped: this.#stopped }) };
  }

  async #closeStore(): Promise<void> {
    if (this.#stopped?.kind === "disk") {
      await this.#store.abandon();
      return;
    }
    try {
      await this.#store.close();
    } catch (error) {
      // What is finished is in the segments and counts.
      this.#stopped = { kind: "disk", message: messageOf(error) };
    }
  }

  #sourceOf({ units = [], series }: Lane<Work>): UnitSource<Work> {
    const { stopAt, furthestAhead } = this.#options;
    if (series === undefined || stopAt === undefined) {
      return sequentialSource(units, (unit) => this.#isOpen(unit));
    }
    const order = new DrawOrder(series, {
      stopAt,
      known: {
        state: (unit) => this.#stateOf(unit),
        successes: (name) => this.#successes.get(name) ?? 0,
        passOver: (unit, state) => this.#passOver(unit, state),
      },
      ...(furthestAhead !== undefined && { furthestAhead }),
    });
    this.#orders.push(order);
    return order;
  }

  #isOpen(unit: Work): boolean {
    const state = this.#stateOf(unit);
    if (state === "done" || state === "failed") {
      this.#passOver(unit, state);
      return false;
    }
    return this.#store.take(unit.key);
  }

  #stateOf(unit: Work): UnitState {
    if (this.#store.has(unit.key)) return "done";
    if (!this.#store.failed.has(unit.key)) return "open";
    return this.#options.retryFailed === true ? "again" : "failed";
  }

  #passOver(unit: Work, state: UnitState): void {
    if (state === "done") {
      this.#before += 1;
      this.#options.onKnown?.(unit);
      return;
    }
    this.#failed += 1;
    increment(this.#failures, this.#store.failed.get(unit.key)?.kind ?? "error");
  }

  #record(settled: SettledUnit<Work>): void {
    this.#settledUnits += 1;
    this.#usage.inputTokens += settled.result?.usage?.inputTokens ?? 0;
    this.#usage.outputTokens += settled.result?.usage?.outputTokens ?? 0;
    const commit = this.#commit(settled)
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === "DiskError") {
          this.#stopped ??= { kind: "disk", message: error.message };
        } else this.#defect ??= { error };
        this.#stopping.abort();
      })
      .finally(() => {
        this.#commits.delete(commit);
        for (const lane of this.#lanes) lane.wake();
      });
    this.#commits.add(commit);
  }

  async #commit({ unit, result, failed }: SettledUnit<Work>): Promise<void> {
    const rows = result?.rows ?? (await this.#options.failedRows?.(unit, failed?.reason ?? "")) ?? [];
    await this.#store.add({
      key: unit.key,
      rows,
      ...(result?.usage !== undefined && { usage: result.usage }),
      ...(failed !== undefined && { failed }),
    });
    if (failed === undefined) {
      this.#done += 1;
      this.#options.onFinished?.(unit, rows);
    } else {
      this.#failed += 1;
      increment(this.#failures, failed.kind);
      this.#options.onFailed?.(unit, failed.reason);
    }
    this.#options.onProgress?.(this.#progress());
  }

  #allowsAnother(): boolean {
    const { budget } = this.#options;
    if (budget === undefined) return true;
    const active = this.#lanes.reduce((sum, lane) => sum + lane.active + lane.waiting, 0);
    const { inputTokens, outputTokens } = this.#store.usageBefore;
    return allowsAnother(budget, {
      units: this.#unitsBefore + this.#settledUnits,
      usage: {
        inputTokens: inputTokens + this.#usage.inputTokens,
        outputTokens: outputTokens + this.#usage.outputTokens,
      },
      active,
    });
  }

  #interrupt(): void {
    this.#stopped ??= { kind: "interrupted", message: "interrupted" };
    this.#stopping.abort();
  }

  #progress(): JobProgress {
    const sum = (value: (lane: LaneRunner<Work>) => number) =>
      this.#lanes.reduce((total, lane) => total + value(lane), 0);
    return {
      done: this.#done,
      before: this.#before,
      failed: this.#failed,
      active: sum(({ active }) => active),
      waiting: sum(({ waiting }) => waiting),
      discarded: this.#orders.reduce((total, order) => total + order.discarded, 0),
      usage: { ...this.#usage },
      errors: Object.fromEntries(this.#errors),
      failures: Object.fromEntries(this.#failures),
      limits: Object.fromEntries(this.#lanes.map(({ name, limit }) => [name, limit])),
    };
  }
}

/** Successes of each problem that are in the run folder. */
async function recordedSuccesses(folder: string): Promise<Map<string, number>> {
  const successes = new Map<string, number>();
  for await (const rows of readRun(folder, { tables: ["outcomes"] })) {
    for (const row of rows) {
      if (row.kind === "outcome" && row.verdict === "correct") increment(successes, seriesName(row));
    }
  }
  return successes;
}

function boundsOf(concurrency: number | ConcurrencyBounds | undefined): ConcurrencyBounds {
  if (typeof concurrency === "object") return concurrency;
  const most = concurrency ?? 64;
  return { least: 1, most, start: Math.min(most, 8) };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
