/**
 * A run folder: `run.json` (what was asked, by which software), `journal/import.jsonl` (one line a finished input,
 * fsynced: the truth after a crash), `journal/commands.jsonl` (one line a command that drew or scored) and the rows as Parquet parts, each written to a temporary name and renamed.
 * A part that no journal line names is left over from a crash; it is ignored and removed by the next writer.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, link, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InputError, stoppingRuleSchema } from "../record/index.ts";
import { type TableName, tableNames } from "./row-tables.ts";
import { syncFile } from "./sync-file.ts";
import type { UnitsSnapshot } from "./unit-segments.ts";
import { heldLocks, lockWriter } from "./writer-lock.ts";

const runSchema = "lmcov/run@1";

const runFile = z.looseObject({
  schema: z.literal(runSchema),
  software: z.record(z.string(), z.string()),
  command: z.array(z.string()),
  /** When sampling of a problem stops, where the run decides it. */
  stopping: stoppingRuleSchema.optional(),
});
/** What `run.json` says: schema version, software, the command, and the stopping rule where the run decides it. */
export type RunDescription = z.infer<typeof runFile>;

const journalEntry = z.object({
  /** The finished unit of work: a fingerprint of the input and of the options that shaped its rows. */
  unit: z.string(),
  input: z.string(),
  importer: z.string(),
  parts: z.array(
    z.string().regex(/^(responses|likelihoods|outcomes|counts|distributions)\/[A-Za-z0-9._-]+\.parquet$/),
  ),
  rows: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  notes: z.array(z.string()),
  drops: z.array(z.object({ reason: z.string(), rows: z.int().nonnegative() })),
});
/** One finished input, as the journal has it. */
export type JournalEntry = z.infer<typeof journalEntry>;

/** Where next-token distributions lie in a run that has some. */
export const distributionsFolder = "distributions";

const runPath = (folder: string) => join(folder, "run.json");
const journalPath = (folder: string) => join(folder, "journal", "import.jsonl");

/** True if the folder holds a run that lmcov wrote. */
export function isRunFolder(folder: string): boolean {
  return existsSync(runPath(folder)) && existsSync(join(folder, "journal"));
}

/** The lock of those who write whole inputs: imports, trainings, draws and scores of checkpoints. */
export const inputsWriter = "inputs";

/**
 * Works as the only writer of whole inputs in a run folder, which is created if need be and freed of what a crash left over.
 * Units of other writers may be added meanwhile. Throws InputError if the folder exists, is not empty and is not a run, or
 * if another process is at such work there.
 */
export async function asOnlyWriter<Result>(
  folder: string,
  description: Omit<RunDescription, "schema">,
  work: () => Promise<Result>,
): Promise<Result> {
  await requireRunFolder(folder);
  const lock = await lockWriter(folder, inputsWriter);
  try {
    await createRunFolder(folder, description);
    await removeLeftovers(folder);
    return await work();
  } finally {
    await lock.release();
  }
}

/**
 * Opens a run folder for writing, creating it if need be, and removes what a crash left over.
 * Throws InputError if the folder exists, is not empty and is not a run.
 */
export async function openRunFolder(
  folder: string,
  description: Omit<RunDescription, "schema">,
): Promise<void> {
  await requireRunFolder(folder);
  await createRunFolder(folder, description);
  // What no journal line names yet is not left over while its writer is at work.
  if (!(await heldLocks(folder)).includes(inputsWriter)) await removeLeftovers(folder);
}

async function requireRunFolder(folder: string): Promise<void> {
  const existing = existsSync(folder) ? await readdir(folder) : [];
  if (existing.length > 0 && !isRunFolder(folder) && !isBegun(existing)) {
    throw new InputError(`${folder}: is not empty and not a run folder; choose another --out`);
  }
  if (isRunFolder(folder)) await readRunDescription(folder);
}

/** Adds what was asked as a line to `journal/commands.jsonl`: a run grows by several commands, and `run.json` is the first's. */
export async function recordCommand(
  folder: string,
  description: Omit<RunDescription, "schema">,
): Promise<void> {
  const path = join(folder, "journal", "commands.jsonl");
  await appendFile(path, `${JSON.stringify(description)}\n`, { flush: true });
}

async function createRunFolder(folder: string, description: Omit<RunDescription, "schema">): Promise<void> {
  if (isRunFolder(folder)) return;
  for (const name of begunNames) await mkdir(join(folder, name), { recursive: true });
  const text = `${JSON.stringify({ schema: runSchema, ...description }, undefined, 2)}\n`;
  // Shards of one run may begin it at once: each writes a file of its own, and the first that has it in place is right.
  const own = `${runPath(folder)}.${randomUUID()}.tmp`;
  await writeFile(own, text, { flush: true });
  try {
    await link(own, runPath(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(own, { force: true });
  }
  // After a power loss a run is either not begun or readable.
  for (const path of [join(folder, "journal"), folder]) await syncFile(path);
}

const begunNames = ["journal", ...tableNames];
const begunFile = /^run\.json\.[0-9a-f-]+\.tmp$/;
/** A run folder whose creation is under way, or was cut short by a crash. */
const isBegun = (existing: readonly string[]) =>
  existing.every((name) => begunNames.includes(name) || begunFile.test(name));

/** The description of a run; throws InputError if it was written by another version or is damaged. */
export async function readRunDescription(folder: string): Promise<RunDescription> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(runPath(folder), "utf8"));
  } catch {
    throw new InputError(`${runPath(folder)}: is not readable JSON`);
  }
  const parsed = runFile.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`${runPath(folder)}: is not a run of schema ${runSchema}`);
}

/** Finished inputs in the order in which they finished. A last line cut by a crash is not one. */
export async function readJournal(folder: string): Promise<JournalEntry[]> {
  if (!existsSync(journalPath(folder))) return [];
  const text = await readFile(journalPath(folder), "utf8");
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  const entries = lines
    .filter((line) => line !== "")
    .map((line, index) => parseEntry(folder, line, index + 1));
  if (last !== "" && isCompleteJson(last)) entries.push(parseEntry(folder, last, lines.length + 1));
  return entries;
}

/** Appends a finished input and waits until it is on disk. */
export async function appendJournal(folder: string, entry: JournalEntry): Promise<void> {
  const handle = await open(journalPath(folder), "a+");
  try {
    const { size } = await handle.stat();
    const tail = Buffer.alloc(1);
    if (size > 0) await handle.read(tail, 0, 1, size - 1);
    const separator = size > 0 && tail[0] !== 0x0a ? "\n" : "";
    await handle.appendFile(`${separator}${JSON.stringify(entry)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Takes finished units back: their journal entries are gone on return, and the next writer removes their parts.
 * For work that will be done again, such as probes after the state from which a training goes on.
 */
export async function forgetUnits(folder: string, isForgotten: (unit: string) => boolean): Promise<void> {
  const entries = await readJournal(folder);
  const kept = entries.filter(({ unit }) => !isForgotten(unit));
  if (kept.length === entries.length) return;
  const path = journalPath(folder);
  const handle = await open(`${path}.tmp`, "w");
  try {
    await handle.writeFile(kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.tmp`, path);
}

/** Full paths of the finished parts of one table: of finished inputs, then of finished units. */
export async function finishedParts(
  folder: string,
  table: TableName,
  units: Pick<UnitsSnapshot, "parts">,
): Promise<string[]> {
  const entries = await readJournal(folder);
  return [...entries.flatMap((entry) => entry.parts), ...units.parts]
    .filter((part) => part.startsWith(`${table}/`))
    .map((part) => {
      const path = join(folder, part);
      if (!existsSync(path)) throw new InputError(`${path}: is named in the run's journal and missing`);
      return path;
    });
}

async function removeLeftovers(folder: string): Promise<void> {
  const finished = new Set((await readJournal(folder)).flatMap((entry) => entry.parts));
  for (const table of tableNames) {
    await mkdir(join(folder, table), { recursive: true });
    for (const name of await readdir(join(folder, table))) {
      // Parts of units belong to their writers, of which some may be at work.
      if (isUnitPart(name) || finished.has(`${table}/${name}`)) continue;
      await rm(join(folder, table, name), { recursive: true });
    }
  }
  for (const name of await readdir(join(folder, distributionsFolder)).catch(() => [])) {
    if (!finished.has(`${distributionsFolder}/${name}`)) await rm(join(folder, distributionsFolder, name));
  }
}

const unitPartPrefix = "units.";
const isUnitPart = (name: string) => name.startsWith(unitPartPrefix);

/** What the names of Parquet parts of a compaction begin with. */
export const unitPartsName = (writer: string, number: number): string =>
  `${unitPartPrefix}${writer}.${String(number).padStart(6, "0")}`;

/** Removes the parts that a crash of this writer left over; what `finished` names stays. */
export async function removeUnitLeftovers(
  folder: string,
  writer: string,
  finished: readonly string[],
): Promise<void> {
  const kept = new Set(finished);
  for (const table of tableNames) {
    await mkdir(join(folder, table), { recursive: true });
    for (const name of await readdir(join(folder, table))) {
      if (!name.startsWith(`${unitPartPrefix}${writer}.`) || kept.has(`${table}/${name}`)) continue;
      await rm(join(folder, table, name), { recursive: true });
    }
  }
}

function isCompleteJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseEntry(folder: string, line: string, number: number): JournalEntry {
  const parsed = journalEntry.safeParse(isCompleteJson(line) ? JSON.parse(line) : undefined);
  if (parsed.success) return parsed.data;
  // A line cut by a crash, after which another writer appended: its unit did not finish.
  if (!isCompleteJson(line)) {
    return { unit: "", input: "", importer: "", parts: [], rows: 0, rejected: 0, notes: [], drops: [] };
  }
  throw new InputError(`${journalPath(folder)}:${number}: is not a journal entry of ${runSchema}`);
}
