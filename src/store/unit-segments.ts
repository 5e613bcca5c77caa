/**
 * Finished units of work in a run folder, under `journal/units/`. A writer appends to its own segments,
 * `<writer>.<number>.jsonl`, of which a line that is whole counts. Compaction moves rows of closed segments into Parquet
 * parts; the renaming of `<writer>.<number>.compacted.jsonl` (parts, segments, keys, failures) makes it so, and
 * from then on those segments do not count. What counts is read in one order, and of two records of one unit the first
 * counts: a unit that two writers finished is one.
 */
import { existsSync } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../record/index.ts";
import { UnitKeySet } from "./unit-key-set.ts";
import { type UnitRecord, type UnitUsage, unitOfLine } from "./unit-record.ts";

export const unitsFolder = (folder: string): string => join(folder, "journal", "units");

const segmentPattern = /^([A-Za-z0-9_-]+)\.(\d{6,})\.jsonl$/;
const compactedPattern = /^([A-Za-z0-9_-]+)\.(\d{6,})\.compacted\.jsonl$/;

export const segmentName = (writer: string, number: number): string =>
  `${writer}.${String(number).padStart(6, "0")}.jsonl`;

export interface UnitFile {
  readonly name: string;
  readonly writer: string;
  readonly number: number;
}

function filesLike(names: readonly string[], pattern: RegExp): UnitFile[] {
  const files = names.flatMap((name) => {
    const [, writer = "", number = ""] = pattern.exec(name) ?? [];
    return writer === "" ? [] : [{ name, writer, number: Number(number) }];
  });
  return files.sort((a, b) => (a.writer === b.writer ? a.number - b.number : a.writer < b.writer ? -1 : 1));
}

/** Segments and compactions by name, in the order in which they count. */
export async function unitFiles(folder: string): Promise<{ segments: UnitFile[]; compactions: UnitFile[] }> {
  if (!existsSync(unitsFolder(folder))) return { segments: [], compactions: [] };
  const names = await readdir(unitsFolder(folder));
  return { segments: filesLike(names, segmentPattern), compactions: filesLike(names, compactedPattern) };
}

const compactionHead = z.object({
  schema: z.literal("lmcov/units@1"),
  parts: z.array(z.string().regex(/^(responses|likelihoods|outcomes|counts)\/[A-Za-z0-9._-]+\.parquet$/)),
  segments: z.array(z.string().regex(segmentPattern)),
  units: z.int().nonnegative(),
  failures: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  usage: z.object({ inputTokens: z.number(), outputTokens: z.number() }),
});
/** First line of a compaction; then `units` lines of a key each; then the failures as in a segment. */
export type CompactionHead = z.infer<typeof compactionHead>;

/** What a run folder's units are at one moment; later writers and compactions do not show. */
export class UnitsSnapshot {
  readonly #folder: string;
  readonly #segments: { readonly file: UnitFile; readonly handle: FileHandle }[];
  readonly #compactions: { readonly file: UnitFile; readonly head: CompactionHead }[];

  private constructor(
    folder: string,
    segments: { file: UnitFile; handle: FileHandle }[],
    compactions: { file: UnitFile; head: CompactionHead }[],
  ) {
    this.#folder = folder;
    this.#segments = segments;
    this.#compactions = compactions;
  }

  static async open(folder: string): Promise<UnitsSnapshot> {
    // Segments are opened before compactions are read: one that is compacted meanwhile stays readable, and is known to be.
    const opened: { file: UnitFile; handle: FileHandle }[] = [];
    for (const file of (await unitFiles(folder)).segments) {
      const handle = await open(join(unitsFolder(folder), file.name), "r").catch(absent);
      if (handle !== undefined) opened.push({ file, handle });
    }
    const compactions: { file: UnitFile; head: CompactionHead }[] = [];
    for (const file of (await unitFiles(folder)).compactions) {
      compactions.push({ file, head: await headOf(folder, file) });
    }
    const gone = new Set(compactions.flatMap(({ head }) => head.segments));
    const segments: typeof opened = [];
    for (const segment of opened) {
      if (gone.has(segment.file.name)) await segment.handle.close();
      else segments.push(segment);
    }
    return new UnitsSnapshot(folder, segments, compactions);
  }

  /** Parquet parts that compactions wrote, by name. */
  get parts(): string[] {
    return this.#compactions.flatMap(({ head }) => head.parts);
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0 && this.#compactions.length === 0;
  }

  /** Segments whose units are all in compactions: a crash left them over. */
  get leftOver(): string[] {
    return this.#compactions.flatMap(({ head }) => head.segments);
  }

  /** Segments that count, by name. */
  get segments(): UnitFile[] {
    return this.#segments.map(({ file }) => file);
  }

  /** Tokens of the units in compactions. */
  get compactedUsage(): UnitUsage {
    return this.#compactions.reduce(
      (sum, { head: { usage } }) => ({
        inputTokens: sum.inputTokens + usage.inputTokens,
        outputTokens: sum.outputTokens + usage.outputTokens,
      }),
      { inputTokens: 0, outputTokens: 0 },
    );
  }

  /** Keys of the units whose rows are in Parquet parts. */
  async compactedKeys(): Promise<UnitKeySet> {
    const keys = new UnitKeySet();
    for (const { file, head } of this.#compactions) {
      if (head.units === 0) continue;
      let line = -1;
      for await (const lines of this.#compactionLines(file)) {
        for (const text of lines) {
          line += 1;
          if (line > 0 && line <= head.units) keys.add(text.toString("latin1"));
        }
      }
    }
    return keys;
  }

  /** Records of segments in the order in which they count, a damaged line left out; of a unit only the first success. */
  async *pending(
    given: { readonly done?: UnitKeySet; readonly segments?: readonly string[] } = {},
  ): AsyncGenerator<UnitRecord[]> {
    if (this.#segments.length === 0) return;
    const done = given.done ?? (await this.compactedKeys());
    for (const { file, handle } of this.#segments) {
      if (given.segments?.includes(file.name) === false) continue;
      for await (const lines of linesOf(handle)) {
        const records: UnitRecord[] = [];
        for (const line of lines) {
          const record = unitOfLine(line);
          if (record === undefined || done.has(record.key)) continue;
          if (record.failed === undefined) done.add(record.key);
          records.push(record);
        }
        if (records.length > 0) yield records;
      }
    }
  }

  /**
   * Units that failed for good and did not succeed since, the last failure of each. Bounded by the number of
   * failures; reads every record only if there are some.
   */
  async failures(): Promise<UnitRecord[]> {
    const failures = new Map<string, UnitRecord>();
    for (const { file, head } of this.#compactions) {
      if (head.failures === 0) continue;
      let line = -1;
      for await (const lines of this.#compactionLines(file)) {
        for (const text of lines) {
          line += 1;
          const record = line > head.units ? unitOfLine(text) : undefined;
          if (record?.failed !== undefined) failures.set(record.key, record);
        }
      }
    }
    const later: string[] = [];
    for (const { handle } of this.#segments) {
      for await (const lines of linesOf(handle)) {
        for (const line of lines) {
          const record = unitOfLine(line);
          if (record === undefined) continue;
          if (record.failed !== undefined) failures.set(record.key, record);
          else if (failures.has(record.key)) later.push(record.key);
        }
      }
    }
    for (const key of later) failures.delete(key);
    if (failures.size === 0) return [];
    const compacted = await this.compactedKeys();
    return [...failures.values()].filter(({ key }) => !compacted.has(key));
  }

  async close(): Promise<void> {
    for (const { handle } of this.#segments) await handle.close();
  }

  async *#compactionLines(file: UnitFile): AsyncGenerator<Buffer[]> {
    const handle = await open(join(unitsFolder(this.#folder), file.name), "r");
    try {
      yield* linesOf(handle);
    } finally {
      await handle.close();
    }
  }
}

/** How many units of a run failed for good and did not succeed since, by kind. */
export async function failedUnits(folder: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const units = await UnitsSnapshot.open(folder);
  try {
    for (const { failed } of await units.failures()) {
      if (failed !== undefined) counts.set(failed.kind, (counts.get(failed.kind) ?? 0) + 1);
    }
  } finally {
    await units.close();
  }
  return counts;
}

async function headOf(folder: string, file: UnitFile): Promise<CompactionHead> {
  const path = join(unitsFolder(folder), file.name);
  const handle = await open(path, "r");
  try {
    for await (const [line] of linesOf(handle)) {
      if (line === undefined) continue;
      return compactionHead.parse(JSON.parse(line.toString("utf8")));
    }
  } catch {
    // Falls through: whatever is wrong with it, its rows cannot be told.
  } finally {
    await handle.close();
  }
  throw new InputError(`${path}: is not a compaction that this version reads`);
}

const blockBytes = 1 << 20;
const lineFeed = 0x0a;

/** The whole lines of a file from its start, in batches, without their line feeds; a last line without one is torn. */
async function* linesOf(handle: FileHandle): AsyncGenerator<Buffer[]> {
  let position = 0;
  let rest: Buffer[] = [];
  for (;;) {
    const block = Buffer.allocUnsafe(blockBytes);
    const { bytesRead } = await handle.read(block, 0, blockBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const bytes = block.subarray(0, bytesRead);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      const piece = bytes.subarray(start, end);
      lines.push(rest.length === 0 ? piece : Buffer.concat([...rest, piece]));
      rest = [];
      start = end + 1;
    }
    if (start < bytesRead) rest.push(bytes.subarray(start));
    if (lines.length > 0) yield lines;
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
