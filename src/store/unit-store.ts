/** The finished units of a run folder, as one writer sees and adds to them. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../record/index.ts";
import {
  inputsWriter,
  openRunFolder,
  type RunDescription,
  readRunDescription,
  recordCommand,
  removeUnitLeftovers,
} from "./run-folder.ts";
import { SegmentWriter, type SegmentWriterOptions } from "./segment-writer.ts";
import { syncFile } from "./sync-file.ts";
import { compactUnits } from "./unit-compaction.ts";
import type { UnitKeySet } from "./unit-key-set.ts";
import type { UnitFailure, UnitRecord, UnitUsage } from "./unit-record.ts";
import { UnitsSnapshot, unitFiles, unitsFolder } from "./unit-segments.ts";
import { heldLocks, lockWriter, type WriterLock } from "./writer-lock.ts";

/** The writer that has the whole folder to itself. */
const soleWriter = "run";
const workerPrefix = "worker-";

/** Options of `UnitStore.open`. */
export interface UnitStoreOptions
  extends Partial<Pick<SegmentWriterOptions, "interval" | "segmentBytes" | "openFile">> {
  readonly folder: string;
  readonly description: Omit<RunDescription, "schema">;
  /**
   * Who writes: `sole`, with the folder to itself but for workers; a shard, beside the others of one division; a worker
   * of a queue, which leaves compaction to the sole writer.
   */
  readonly writer:
    | { readonly kind: "sole" }
    | { readonly kind: "shard"; readonly index: number; readonly count: number }
    | { readonly kind: "worker"; readonly name: string };
  /** Called for each unit that finished before, whose rows are not in Parquet parts yet; rarely of use. */
  readonly onPending?: (record: UnitRecord) => void;
}

/**
 * The finished units of a run folder as one writer sees them: what is done is asked here, and what gets done is
 * added here.
 */
export class UnitStore {
  readonly folder: string;
  /** Units that finished before, that finished since, or that were taken. */
  readonly #taken: UnitKeySet;
  /** Units that failed for good and did not succeed since. */
  readonly failed: Map<string, UnitFailure>;
  /** Tokens of the units that finished before. */
  readonly usageBefore: UnitUsage;
  /** Units that finished before. */
  readonly finished: number;
  readonly #writer: SegmentWriter;
  readonly #name: string;
  readonly #lock: WriterLock;
  readonly #compacts: boolean;
  readonly #isSole: boolean;
  #closed = false;
  #compacting: Promise<unknown> = Promise.resolve();

  private constructor(
    options: UnitStoreOptions,
    given: { name: string; lock: WriterLock; known: KnownUnits; number: number },
  ) {
    const { folder } = options;
    this.folder = folder;
    this.#taken = given.known.done;
    this.failed = given.known.failed;
    this.usageBefore = given.known.usage;
    this.finished = given.known.done.size;
    this.#name = given.name;
    this.#lock = given.lock;
    this.#compacts = options.writer.kind !== "worker";
    this.#isSole = options.writer.kind === "sole";
    this.#writer = new SegmentWriter({
      ...options,
      writer: given.name,
      number: given.number,
      onFull: () => this.#compactLater(),
    });
  }

  /** Opens the run folder, creating it if need be. Throws InputError where another process is at the same work. */
  static async open(options: UnitStoreOptions): Promise<UnitStore> {
    const { folder, description, writer } = options;
    const name = writerName(writer);
    await openRunFolder(folder, description);
    await checkStopping(folder, description);
    const lock = await lockWriter(folder, name);
    try {
      await syncFile(join(folder, "journal"));
      await refuseRivals(folder, name);
      const units = await UnitsSnapshot.open(folder);
      try {
        await removeUnitLeftovers(folder, name, units.parts);
        await removeTemporaries(folder, name);
        for (const segment of units.leftOver) await rm(join(unitsFolder(folder), segment), { force: true });
        const known = await knownUnits(units, options.onPending);
        const number = await nextNumber(folder, name);
        await recordCommand(folder, description);
        return new UnitStore(options, { name, lock, known, number });
      } finally {
        await units.close();
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** True for a unit that finished before or was taken. */
  has(key: string): boolean {
    return this.#taken.has(key);
  }

  /** True for a unit that is not finished and was not asked for before: it is the caller's to do. */
  take(key: string): boolean {
    return this.#taken.add(key);
  }

  /** Resolves once the unit is on disk. Throws DiskError if it cannot be. */
  async add(record: UnitRecord): Promise<void> {
    await this.#writer.append(record);
    if (record.failed !== undefined) {
      this.failed.set(record.key, record.failed);
      return;
    }
    this.failed.delete(record.key);
  }

  /** Ends writing, moves all rows that this writer may move into Parquet parts, and gives the folder free. */
  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.#writer.close();
      await this.#compacting;
      await this.#compact();
    } finally {
      await this.#lock.release();
    }
  }

  /** Gives the folder free without moving rows; they count all the same. For a disk that is full. */
  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.close().catch(() => undefined);
    await this.#compacting.catch(() => undefined);
    await this.#lock.release();
  }

  #compactLater(): void {
    this.#compacting = this.#compacting.then(() => this.#compact());
    // Whoever closes the store hears of it.
    this.#compacting.catch(() => undefined);
  }

  async #compact(): Promise<void> {
    if (!this.#compacts) return;
    // What is open or held is asked once the segments are known: one that began in between would be taken for closed, and
    // what its writer appends to it would be lost.
    let busy: Promise<Set<string>> | undefined;
    await compactUnits(this.folder, {
      writer: this.#name,
      number: this.#writer.takeNumber(),
      isClosed: async ({ writer, number }) => {
        if (writer === this.#name) return number !== this.#writer.openNumber;
        if (!this.#isSole) return false;
        busy ??= heldLocks(this.folder).then((names) => new Set(names));
        return !(await busy).has(writer);
      },
    });
  }
}

function writerName(writer: UnitStoreOptions["writer"]): string {
  if (writer.kind === "sole") return soleWriter;
  if (writer.kind === "worker") return workerPrefix + writer.name.replace(/[^A-Za-z0-9_-]/g, "-");
  return `shard-${writer.index}-of-${writer.count}`;
}

/** Writers whose units may be the same would do them twice. */
async function refuseRivals(folder: string, name: string): Promise<void> {
  if (name.startsWith(workerPrefix)) return;
  const division = divisionOf(name);
  const rival = (await heldLocks(folder)).find(
    (other) =>
      other !== name &&
      other !== inputsWriter &&
      !other.startsWith(workerPrefix) &&
      divisionOf(other) !== division,
  );
  if (rival === undefined) return;
  throw new InputError(
    `${folder}: ${rival} is at work in this run folder under another division of the work; wait until it ends`,
  );
}

const divisionOf = (name: string) => /^shard-\d+-of-(\d+)$/.exec(name)?.[1] ?? name;

async function checkStopping(folder: string, asked: Omit<RunDescription, "schema">): Promise<void> {
  const { stopping } = await readRunDescription(folder);
  const wanted = asked.stopping as RunDescription["stopping"];
  if (JSON.stringify(stopping) === JSON.stringify(wanted)) return;
  const text = (rule: RunDescription["stopping"]) =>
    rule?.kind === "successes" ? `--stop-at ${rule.successes}, cap ${rule.cap}` : "no --stop-at";
  throw new InputError(
    `${folder}: was begun with ${text(stopping)} and not with ${text(wanted)}; choose another --out`,
  );
}

interface KnownUnits {
  readonly done: UnitKeySet;
  readonly failed: Map<string, UnitFailure>;
  readonly usage: UnitUsage;
}

async function knownUnits(
  units: UnitsSnapshot,
  onPending: ((record: UnitRecord) => void) | undefined,
): Promise<KnownUnits> {
  const failed = new Map<string, UnitFailure>();
  for (const { key, failed: failure } of await units.failures()) {
    if (failure !== undefined) failed.set(key, failure);
  }
  const done = await units.compactedKeys();
  const usage = { ...units.compactedUsage };
  for await (const records of units.pending({ done })) {
    for (const record of records) {
      usage.inputTokens += record.usage?.inputTokens ?? 0;
      usage.outputTokens += record.usage?.outputTokens ?? 0;
      onPending?.(record);
    }
  }
  return { done, failed, usage };
}

async function nextNumber(folder: string, name: string): Promise<number> {
  const { segments, compactions } = await unitFiles(folder);
  const own = [...segments, ...compactions].filter(({ writer }) => writer === name);
  return own.reduce((largest, { number }) => Math.max(largest, number), 0) + 1;
}

async function removeTemporaries(folder: string, name: string): Promise<void> {
  for (const file of await readdir(unitsFolder(folder))) {
    if (file.startsWith(`${name}.`) && file.endsWith(".tmp")) await rm(join(unitsFolder(folder), file));
  }
}
