/** How far a run's units of work are, as they are journaled: each look reads what was added since the last one. */
import { join } from "node:path";
import { GrowingFile } from "./growing-file.ts";
import { UnitKeySet } from "./unit-key-set.ts";
import { type UnitFailure, unitOfLine } from "./unit-record.ts";
import { type UnitFile, UnitsSnapshot, unitFiles, unitsFolder } from "./unit-segments.ts";

/** How far a run's units are. */
export interface UnitProgress {
  /** Units whose rows are on disk. */
  readonly finished: number;
  /** Units that failed for good and did not succeed since. */
  readonly failures: readonly UnitFailure[];
}

const mostRepetitions = 10;

const namesOf = (files: readonly UnitFile[]) => files.map(({ name }) => name).join();

/** Follows a run's units while another process writes them; each look reads what was added. */
export class UnitFollower {
  readonly #folder: string;
  #done = new UnitKeySet();
  #failed = new Map<string, UnitFailure>();
  #segments = new Map<string, GrowingFile>();
  #compactions: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws where the folder is damaged, or goes away meanwhile. */
  async read(): Promise<UnitProgress> {
    // A compaction meanwhile moves units out of segments that were not read yet.
    for (let times = 0; times < mostRepetitions; times += 1) {
      if (!(await this.#readOnce())) break;
    }
    return { finished: this.#done.size, failures: [...this.#failed.values()] };
  }

  /** True if the files changed meanwhile. */
  async #readOnce(): Promise<boolean> {
    const { segments, compactions } = await unitFiles(this.#folder);
    const compacted = namesOf(compactions);
    if (compacted !== this.#compactions) await this.#begin(compacted);
    for (const { name } of segments) {
      const file = this.#segments.get(name) ?? new GrowingFile(join(unitsFolder(this.#folder), name));
      this.#segments.set(name, file);
      for (const line of (await file.read())?.lines ?? []) this.#add(line);
    }
    return namesOf((await unitFiles(this.#folder)).compactions) !== compacted;
  }

  async #begin(compactions: string): Promise<void> {
    const units = await UnitsSnapshot.open(this.#folder);
    try {
      this.#done = await units.compactedKeys();
      this.#failed = new Map();
      for (const { key, failed } of await units.failures()) {
        if (failed !== undefined) this.#failed.set(key, failed);
      }
    } finally {
      await units.close();
    }
    this.#segments = new Map();
    this.#compactions = compactions;
  }

  #add(line: Buffer): void {
    const record = unitOfLine(line);
    if (record === undefined || this.#done.has(record.key)) return;
    if (record.failed !== undefined) {
      this.#failed.set(record.key, record.failed);
      return;
    }
    this.#done.add(record.key);
    this.#failed.delete(record.key);
  }
}
