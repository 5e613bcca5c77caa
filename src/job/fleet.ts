/**
 * One job on many machines: a coordinator puts the units that are not finished into a queue, workers take and run them
 * and write finished units into the run folder on shared storage, each its own segments. What is finished is what the
 * folder says; the queue may lose or repeat a task, and neither loses nor doubles a unit.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../record/index.ts";
import { heldLocks, isRunFolder, UnitStore, type UnitStoreOptions } from "../store/index.ts";
import type { Clock } from "./clock.ts";
import type { JobResult } from "./job-progress.ts";
import {
  openQueue,
  openWorker,
  type QueueAddress,
  queuePlace,
  type TaskEnd,
  type TaskQueue,
} from "./redis.ts";
import type { JobOptions, Lane } from "./run-job.ts";
import { runJob } from "./run-job.ts";
import type { Unit } from "./unit.ts";
import type { Units } from "./unit-source.ts";

/** The queue of a run: its name, and whether the run is through. */
const fleetFile = z.object({ queue: z.string().regex(/^[0-9a-z-]+$/), finished: z.boolean() });
type Fleet = z.infer<typeof fleetFile>;

const fleetPath = (folder: string) => join(folder, "journal", "fleet.json");

async function readFleet(folder: string): Promise<Fleet | undefined> {
  if (!existsSync(fleetPath(folder))) return undefined;
  try {
    return fleetFile.parse(JSON.parse(await readFile(fleetPath(folder), "utf8")));
  } catch {
    throw new InputError(`${fleetPath(folder)}: is not what this version writes`);
  }
}

async function writeFleet(folder: string, fleet: Fleet): Promise<void> {
  const path = `${fleetPath(folder)}.${randomUUID()}.tmp`;
  await writeFile(path, JSON.stringify(fleet));
  await rename(path, fleetPath(folder));
}

/** Options of `coordinateJob`. */
export interface CoordinatorOptions<Work extends Unit> {
  readonly address: QueueAddress;
  readonly folder: string;
  readonly description: UnitStoreOptions["description"];
  /** The job's units, from the start each time: what is not finished at the end of a round is queued again. */
  units(): Units<Work>;
  /** What a worker needs to do the unit, as JSON has it. */
  taskOf(unit: Work): unknown;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly retryFailed?: boolean;
  readonly onProgress?: (progress: FleetProgress) => void;
}

/** How far a round of the coordinator is. */
export interface FleetProgress {
  /** Units that were finished when the round began. */
  readonly before: number;
  /** Units that were queued in this round. */
  readonly queued: number;
  readonly waiting: number;
  readonly active: number;
}

/** How a fleet's job ended. */
export interface FleetResult {
  /** Units that are finished. */
  readonly finished: number;
  /** Units that failed for good. */
  readonly failed: number;
  readonly stopped?: "interrupted";
}

const batchTasks = 500;
/** Tasks in the queue at most: its memory is the server's. */
const mostWaiting = 20_000;
const pollMilliseconds = 1000;
/** What workers get to see that the run is through. */
const farewellMilliseconds = 10_000;

/** Queues the units of a job until all are finished or failed; then moves their rows into Parquet parts. */
export async function coordinateJob<Work extends Unit>(
  options: CoordinatorOptions<Work>,
): Promise<FleetResult> {
  const { folder, signal, clock } = options;
  const queue = await openQueueOf(options);
  try {
    for (let round = 0; !signal.aborted; round += 1) {
      const store = await UnitStore.open({
        folder,
        description: options.description,
        writer: { kind: "sole" },
      });
      try {
        const isFailed = (key: string) =>
          store.failed.has(key) && (round > 0 || options.retryFailed !== true);
        let [finished, failed, queued] = [0, 0, 0];
        let batch: { key: string; task: unknown }[] = [];
        const report = async () => {
          const counts = await queue.counts();
          options.onProgress?.({ before: finished + failed, queued, ...counts });
          return counts;
        };
        const send = async () => {
          if (batch.length > 0) await queue.add(batch);
          batch = [];
          while (!signal.aborted && (await report()).waiting > mostWaiting) {
            await clock.sleep(pollMilliseconds, signal);
          }
        };
        for await (const unit of options.units()) {
          if (signal.aborted) break;
          if (isFailed(unit.key)) failed += 1;
          else if (!store.take(unit.key)) finished += 1;
          else {
            queued += 1;
            batch.push({ key: unit.key, task: options.taskOf(unit) });
            if (batch.length >= batchTasks) await send();
          }
        }
        if (!signal.aborted) await send();
        if (queued === 0 && !signal.aborted) {
          await writeFleet(folder, { queue: queue.name, finished: true });
          await untilWorkersLeft(folder, { clock, signal });
          await store.close();
          return { finished, failed };
        }
        await untilDrained({ clock, signal, report });
      } finally {
        await store.abandon();
      }
    }
    return { finished: 0, failed: 0, stopped: "interrupted" };
  } finally {
    await queue.close();
  }
}

async function openQueueOf<Work extends Unit>(options: CoordinatorOptions<Work>): Promise<TaskQueue> {
  const { folder, address, description } = options;
  const store = await UnitStore.open({ folder, description, writer: { kind: "sole" } });
  await store.abandon();
  const known = await readFleet(folder);
  const name = known?.queue ?? randomUUID();
  const queue = await openQueue(address, name);
  await writeFleet(folder, { queue: name, finished: false });
  return queue;
}

/** Rows of a worker that is still there stay in its segments, where they count too. */
async function untilWorkersLeft(
  folder: string,
  request: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { clock, signal } = request;
  const end = clock.now() + farewellMilliseconds;
  while (!signal.aborted && clock.now() < end) {
    const held = await heldLocks(folder);
    if (!held.some((name) => name.startsWith("worker-"))) return;
    await clock.sleep(pollMilliseconds / 4, signal);
  }
}

/** Waits until no task is left; a server that was away for a while is asked again. */
async function untilDrained(request: {
  clock: Clock;
  signal: AbortSignal;
  report: () => ReturnType<TaskQueue["counts"]>;
}): Promise<void> {
  const { clock, signal } = request;
  let empty = 0;
  while (!signal.aborted && empty < 2) {
    await clock.sleep(pollMilliseconds, signal);
    const counts = await request.report().catch(() => undefined);
    if (counts === undefined) continue;
    empty = counts.waiting + counts.active === 0 ? empty + 1 : 0;
  }
}

/** A unit as a worker takes it from the queue. */
export interface TakenUnit extends Unit {
  readonly task: unknown;
}

/** Options of `runWorker`. */
export interface WorkerOptions
  extends Omit<JobOptions<TakenUnit>, "lanes" | "writer" | "stopAt" | "budget" | "concurrency"> {
  readonly address: QueueAddress;
  /** Tells this worker from all others of the run, those of the past included. */
  readonly name: string;
  readonly concurrency: number;
  readonly takeover?: number;
}

/**
 * Works on the queue of a run folder until the run is through or the signal aborts. Throws InputError where the folder
 * is no run with a queue.
 */
export async function runWorker(options: WorkerOptions): Promise<JobResult> {
  const { folder, address, clock, signal } = options;
  const fleet = isRunFolder(folder) ? await readFleet(folder) : undefined;
  if (fleet === undefined) {
    throw new InputError(
      `${folder}: has no queue; start lmcov sample --queue ${queuePlace(address)} --out ${folder} first`,
    );
  }
  const tasks = new TaskStream();
  const ended = new AbortController();
  const worker = await openWorker(address, fleet.queue, {
    concurrency: options.concurrency,
    ...(options.takeover !== undefined && { takeover: options.takeover }),
    take: ({ key, task }) => tasks.push({ key, task }),
  });
  const lanes: Lane<TakenUnit>[] = [{ name: "queue", units: tasks }];
  void endWhenFinished(folder, { clock, signal: AbortSignal.any([signal, ended.signal]), tasks });
  try {
    return await runJob<TakenUnit>({
      ...options,
      lanes,
      // What is in the queue is to be done: the coordinator has decided.
      retryFailed: true,
      writer: { kind: "worker", name: options.name },
      onFinished(unit, rows) {
        tasks.end(unit.key, "finished");
        options.onFinished?.(unit, rows);
      },
      onFailed(unit, reason) {
        tasks.end(unit.key, "finished");
        options.onFailed?.(unit, reason);
      },
      onKnown(unit) {
        tasks.end(unit.key, "finished");
        options.onKnown?.(unit);
      },
    });
  } finally {
    ended.abort();
    tasks.giveBack();
    await worker.close();
  }
}

async function endWhenFinished(
  folder: string,
  request: { clock: Clock; signal: AbortSignal; tasks: TaskStream },
): Promise<void> {
  while (!request.signal.aborted) {
    await request.clock.sleep(pollMilliseconds, request.signal);
    const fleet = await readFleet(folder).catch(() => undefined);
    if (fleet?.finished === true) request.tasks.finish();
  }
  request.tasks.finish();
}

/** Tasks that the queue handed out, as the units of a job; each is answered once its unit is on disk. */
class TaskStream implements AsyncIterable<TakenUnit> {
  readonly #waiting: TakenUnit[] = [];
  readonly #answers = new Map<string, ((end: TaskEnd) => void)[]>();
  #wake: (() => void) | undefined;
  #finished = false;

  push(unit: TakenUnit): Promise<TaskEnd> {
    if (this.#finished) return Promise.resolve("given back");
    return new Promise((resolve) => {
      this.#answers.set(unit.key, [...(this.#answers.get(unit.key) ?? []), resolve]);
      this.#waiting.push(unit);
      this.#wake?.();
    });
  }

  end(key: string, end: TaskEnd): void {
    for (const answer of this.#answers.get(key) ?? []) answer(end);
    this.#answers.delete(key);
  }

  /** No more tasks are taken. */
  finish(): void {
    this.#finished = true;
    this.#wake?.();
  }

  giveBack(): void {
    this.finish();
    for (const key of [...this.#answers.keys()]) this.end(key, "given back");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TakenUnit> {
    for (;;) {
      const unit = this.#waiting.shift();
      if (unit !== undefined) yield unit;
      else if (this.#finished) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
