/** Draws into a run folder: what is there already is skipped, finished chunks are on disk, a crash loses one chunk. */
import { createHash } from "node:crypto";
import type { Row } from "../record/index.ts";
import { appendJournal, readRun, writeParts } from "../store/index.ts";

/** Draws of the first chunk; each chunk is twice as long as the one before, up to the largest. */
const firstChunk = 256;
const largestChunk = 8192;

export interface ChunkWriter {
  readonly folder: string;
  /** What made the rows, such as `generate`. */
  readonly origin: string;
  /** The file that was read. */
  readonly input: string;
}

/** Keys of the rows of one kind that a run holds. */
export async function finishedKeys(
  folder: string,
  table: "responses" | "likelihoods",
  keyOf: (row: Row) => string,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const batch of readRun(folder, { tables: [table] }))
    for (const row of batch) keys.add(keyOf(row));
  return keys;
}

/**
 * Works through units in chunks; the rows of a chunk appear together, under a name that follows from its units. Gives the
 * number of rows written.
 */
export async function writeInChunks<Unit>(
  units: readonly Unit[],
  writer: ChunkWriter,
  work: {
    readonly keyOf: (unit: Unit) => string;
    readonly rowsOf: (units: readonly Unit[]) => Promise<readonly Row[]>;
  },
): Promise<number> {
  let size = firstChunk;
  let written = 0;
  for (let start = 0; start < units.length; ) {
    const chunk = units.slice(start, start + size);
    const rows = await work.rowsOf(chunk);
    const unit = chunkName(writer.origin, chunk.map(work.keyOf));
    const stored = await writeParts(writer.folder, unit, once(rows));
    await appendJournal(writer.folder, {
      unit,
      input: writer.input,
      importer: writer.origin,
      parts: stored.parts,
      rows: stored.rows,
      rejected: 0,
      notes: [],
      drops: [],
    });
    written += stored.rows;
    start += chunk.length;
    size = Math.min(2 * size, largestChunk);
  }
  return written;
}

function chunkName(origin: string, keys: readonly string[]): string {
  const digest = createHash("sha256").update(keys.join("\u0001")).digest("hex");
  return `${origin}-${digest.slice(0, 24)}`;
}

async function* once(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}
