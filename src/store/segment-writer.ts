/**
 * Appends finished units to a segment with group commit: lines that arrive while the disk is busy are written and
 * synced together, so a disk that syncs slowly costs time once for many units. A unit counts once its sync returned.
 */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { syncFile } from "./sync-file.ts";
import { type UnitRecord, unitLine } from "./unit-record.ts";
import { segmentName, unitsFolder } from "./unit-segments.ts";

/** The disk refused a write or a sync: what was not yet acknowledged does not count, and the writer is of no more use. */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: string | undefined;

  constructor(path: string, cause: unknown) {
    super(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.code = (cause as NodeJS.ErrnoException).code;
  }
}

/** The part of a file that a writer needs; a test gives one that fails. */
export type SegmentFile = Pick<FileHandle, "writeFile" | "datasync" | "close">;

/** Options of `SegmentWriter`. */
export interface SegmentWriterOptions {
  readonly folder: string;
  readonly writer: string;
  /** Number of the first segment. */
  readonly number: number;
  /** Milliseconds from the start of one sync to that of the next; 50. */
  readonly interval?: number;
  /** Bytes after which a new segment begins; 64 MiB. */
  readonly segmentBytes?: number;
  readonly openFile?: (path: string) => Promise<SegmentFile>;
  /** Called when a segment is full and was closed. */
  readonly onFull?: () => void;
}

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Appends finished units to a segment; those that arrive while the disk is busy share a sync. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #number: number;
  #file: SegmentFile | undefined;
  #path = "";
  #openNumber: number | undefined;
  #bytes = 0;
  #waiting: Waiting[] = [];
  #committing: Promise<void> | undefined;
  #broken: DiskError | undefined;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#number = options.number;
  }

  /** Number of the segment that is being written; undefined if none is. */
  get openNumber(): number | undefined {
    return this.#openNumber;
  }

  /** A number that no segment of this writer has or will have. */
  takeNumber(): number {
    this.#number += 1;
    return this.#number - 1;
  }

  /** Resolves once the unit is on disk; rejects with DiskError if it is not and will not be. */
  append(record: UnitRecord): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const line = unitLine(record);
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
    });
    this.#committing ??= this.#commitAll();
    return done;
  }

  /** Ends the segment once all that was appended is on disk; a later append begins a new one. */
  async close(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    await this.#endSegment();
  }

  async #commitAll(): Promise<void> {
    // Lines that are appended in one turn go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const pause = sleep(this.#options.interval ?? 50);
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(batch.map(({ line }) => line).join(""));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // After a failed sync nobody knows what of the file is on disk: it is never synced again.
        this.#broken = new DiskError(this.#path, error);
        for (const { reject } of [...batch, ...this.#waiting]) reject(this.#broken);
        this.#waiting = [];
        break;
      }
      if (this.#waiting.length > 0) await pause;
    }
    this.#committing = undefined;
  }

  async #commit(text: string): Promise<void> {
    if (this.#file === undefined) {
      const folder = unitsFolder(this.#options.folder);
      this.#path = join(folder, segmentName(this.#options.writer, this.#number));
      this.#openNumber = this.#number;
      this.#number += 1;
      this.#file = await (this.#options.openFile ?? openNew)(this.#path);
      this.#bytes = 0;
      await syncFile(folder);
    }
    const bytes = Buffer.from(text);
    await this.#file.writeFile(bytes);
    await this.#file.datasync();
    this.#bytes += bytes.length;
    if (this.#bytes < (this.#options.segmentBytes ?? 64 << 20)) return;
    await this.#endSegment();
    this.#options.onFull?.();
  }

  async #endSegment(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#openNumber = undefined;
    if (file === undefined) return;
    await file.close();
  }
}

const openNew = (path: string): Promise<SegmentFile> => open(path, "ax");
