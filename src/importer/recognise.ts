/** Which importer reads a file, by its content; and which files of a folder are logs. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { InputError } from "../record/index.ts";
import { messageOf } from "./byte-source.ts";
import { formats, importers } from "./formats.ts";
import type { Importer, ImportOptions } from "./importer.ts";
import { readHead } from "./input-head.ts";
import { resultsFileBeside } from "./lm-eval-results.ts";
import { recogniseTable } from "./table.ts";

/** Options of `recogniseInput` and `discoverInputs`. */
export interface RecogniseOptions {
  /** Name of the format, given by the user: no other is tried. */
  readonly format?: string;
  readonly map?: ImportOptions["map"];
}

/**
 * The importer for a file: the surest by content; a table only where its columns are recognised or mapped.
 * Throws InputError naming the file and what was tried.
 *
 * @example
 * const importer = await recogniseInput("experiments/figure-1/evaluation.jsonl");
 * importer.name; // "table"
 */
export async function recogniseInput(path: string, options: RecogniseOptions = {}): Promise<Importer> {
  if (options.format !== undefined) {
    const named = importers.find((importer) => importer.name === options.format);
    if (named !== undefined) return named;
    throw new InputError(
      `--format ${options.format}: the formats are ${formats()
        .map(({ name }) => name)
        .join(", ")}`,
    );
  }
  const head = await readHead(path);
  if (head.bytes.length === 0) throw new InputError(`${path}: the file is empty`);
  const map = options.map ?? {};
  let best: { importer: Importer; certainty: number } | undefined;
  for (const importer of importers) {
    if (importer.name === "table") continue;
    const certainty = await importer.recognise(head);
    if (certainty > (best?.certainty ?? 0)) best = { importer, certainty };
  }
  if (best !== undefined && Object.keys(map).length === 0) return best.importer;
  const tableImporter = importers.find((importer) => importer.name === "table");
  const recognised = await recogniseTable(head, map);
  if (recognised?.table !== undefined && tableImporter !== undefined) return tableImporter;
  if (best !== undefined) return best.importer;
  const tried = importers.map(({ name }) => name).join(", ");
  if (recognised === undefined) {
    throw new InputError(`${path}: the format is not recognised (tried ${tried})`);
  }
  const columns = [...recognised.columns.keys()].slice(0, 40).join(", ");
  throw new InputError(
    `${path}: the format is not recognised (tried ${tried}); as a table it has no column for problems with counts, verdicts or log-probabilities: name them with --map (columns: ${columns})`,
  );
}

const logName = /\.(?:jsonl|ndjson|json|csv|tsv|parquet|eval|ya?ml)(?:\.(?:gz|zst|zstd))?$/i;
const companionName = /^(?:results(?:_.*)?\.json|license.*|readme.*)$/i;
const deepestFolder = 20;

/**
 * The files to import: the file itself, or the logs in a folder, walked in sorted order. What was skipped in a folder
 * is told to `note`. Throws InputError if the path does not exist or a folder holds no log.
 */
export async function discoverInputs(
  path: string,
  note: (message: string) => void = () => {},
  options: RecogniseOptions = {},
): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new InputError(`${path}: no such file or folder`);
  if (!found.isDirectory()) return [path];
  const files: string[] = [];
  const skipped: string[] = [];
  /** Read with the samples beside them. */
  const companions = new Set<string>();
  for (const file of await filesUnder(path, deepestFolder)) {
    const name = basename(file);
    if (companionName.test(name) || !logName.test(name)) {
      skipped.push(file);
      continue;
    }
    try {
      const importer = await recogniseInput(file, options);
      files.push(file);
      const results = importer.name === "lm-eval" ? await resultsFileBeside(file) : undefined;
      if (results !== undefined) companions.add(results);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      note(`skipped ${messageOf(error)}`);
    }
  }
  const unread = skipped.filter((file) => !companions.has(file)).map((file) => basename(file));
  if (unread.length > 0) {
    const named = unread.slice(0, 8).join(", ");
    const more = unread.length > 8 ? ` and ${unread.length - 8} more` : "";
    note(`${path}: skipped ${named}${more}: not logs`);
  }
  if (files.length === 0)
    throw new InputError(`${path}: the folder holds no log in a format that is recognised`);
  return files;
}

async function filesUnder(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 0) files.push(...(await filesUnder(path, depth - 1)));
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) files.push(path);
  }
  return files;
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ?? false;
}
