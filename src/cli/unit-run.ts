/** Units of work of `sample` and `score` on disk: a line a finished unit, synced; then Parquet parts that every command reads. */
import { createReadStream, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseRow, type Row } from "../record/index.ts";
import { appendJournal, openRunFolder, readJournal, writeParts } from "../store/index.ts";

export interface Unit {
  readonly key: string;
}

export interface UnitRun<Work extends Unit> {
  readonly folder: string;
  readonly command: readonly string[];
  readonly software: Readonly<Record<string, string>>;
  readonly units: AsyncIterable<Work>;
  run(unit: Work, signal: AbortSignal): Promise<readonly Row[]>;
  /** Called once a unit is on disk, or was there already. */
  finished(unit: Work, rows: readonly Row[], before: boolean): void;
  failed(unit: Work, error: Error): void;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

const attempts = 6;

export async function runUnits<Work extends Unit>(request: UnitRun<Work>): Promise<void> {
  const { folder, signal } = request;
  await openRunFolder(folder, { software: { ...request.software }, command: [...request.command] });
  const path = join(folder, "journal", "units.jsonl");
  const done = new Map<string, readonly Row[]>();
  for await (const entry of entriesOf(path)) done.set(entry.unit, entry.rows);
  const file = await open(path, "a");
  try {
    const units = request.units[Symbol.asyncIterator]();
    const worker = async () => {
      while (!signal.aborted) {
        const next = await units.next();
        if (next.done === true) return;
        const unit = next.value;
        const known = done.get(unit.key);
        if (known !== undefined) {
          request.finished(unit, known, true);
          continue;
        }
        try {
          const rows = await withRetries(() => request.run(unit, signal), signal);
          await file.appendFile(`${JSON.stringify({ unit: unit.key, rows })}\n`);
          await file.datasync();
          request.finished(unit, rows, false);
        } catch (error) {
          if (signal.aborted) return;
          request.failed(unit, error as Error);
        }
      }
    };
    await Promise.all(Array.from({ length: request.concurrency }, worker));
  } finally {
    await file.close();
  }
  await writeNewParts(folder, path);
}

async function withRetries<Value>(attempt: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const { retryable, retryAfter } = error as { retryable?: boolean; retryAfter?: number };
      if (retryable !== true || tried >= attempts || signal.aborted) throw error;
      await sleep(1000 * (retryAfter ?? 0.25 * 2 ** tried), undefined, { signal });
    }
  }
}

async function* entriesOf(path: string): AsyncGenerator<{ unit: string; rows: Row[] }> {
  if (!existsSync(path)) return;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    let value: { unit: string; rows: unknown[] };
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      continue;
    }
    yield { unit: value.unit, rows: value.rows.map(parseRow) };
  }
}

/** Rows whose units finished since the last part was written. */
async function writeNewParts(folder: string, path: string): Promise<void> {
  const journal = await readJournal(folder);
  const written = journal.reduce((sum, { unit }) => sum + Number(/^units-(\d+)$/.exec(unit)?.[1] ?? 0), 0);
  let count = 0;
  const batches = (async function* () {
    for await (const { rows } of entriesOf(path)) {
      count += 1;
      if (count > written) yield rows;
    }
  })();
  const name = `units-after-${written}`;
  const { parts, rows } = await writeParts(folder, name, batches);
  if (rows === 0) return;
  await appendJournal(folder, {
    unit: `units-${count - written}`,
    input: "units.jsonl",
    importer: "units",
    parts,
    rows,
    rejected: 0,
    notes: [],
    drops: [],
  });
}
