/** Reading an input in a test: all rows and everything said about them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  type ImportContext,
  type ImportOptions,
  type Rejection,
  readRows,
  recogniseInput,
} from "../../src/importer/index.ts";
import {
  type Count,
  type Likelihood,
  type Outcome,
  type Response,
  type Row,
  rowSchema,
  samplingHash,
} from "../../src/record/index.ts";

export interface Reading {
  readonly importer: string;
  readonly rows: readonly Row[];
  readonly outcomes: readonly Outcome[];
  readonly counts: readonly Count[];
  readonly responses: readonly Response[];
  readonly likelihoods: readonly Likelihood[];
  readonly rejections: readonly Rejection[];
  readonly notes: readonly string[];
  readonly drops: readonly { readonly reason: string; readonly rows: number }[];
}

export type ReadingOptions = Partial<ImportOptions> & { readonly format?: string };

/** Reads a file as a command would: recognised by content unless a format is given. */
export async function reading(path: string, options: ReadingOptions = {}): Promise<Reading> {
  const { format, ...given } = options;
  const rejections: Rejection[] = [];
  const notes: string[] = [];
  const drops: { reason: string; rows: number }[] = [];
  const context: ImportContext = {
    options: { map: {}, texts: false, ...given },
    reject: (rejection) => rejections.push(rejection),
    note: (message) => notes.push(message),
    drop: (reason, rows) => drops.push({ reason, rows }),
    progress: () => {},
  };
  const importer = await recogniseInput(path, {
    map: context.options.map,
    ...(format !== undefined && { format }),
  });
  const rows: Row[] = [];
  for await (const batch of readRows(path, { importer, context })) rows.push(...batch);
  return {
    importer: importer.name,
    rows,
    outcomes: rows.filter((row) => row.kind === "outcome"),
    counts: rows.filter((row) => row.kind === "count"),
    responses: rows.filter((row) => row.kind === "response"),
    likelihoods: rows.filter((row) => row.kind === "likelihood"),
    rejections,
    notes,
    drops,
  };
}

/** What is wrong with a row, or undefined: its schema, its sampling hash, and that it has a provenance. */
export function faultOf(row: Row): string | undefined {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${row.kind}: ${issue?.path.join(".")}: ${issue?.message}`;
  }
  if (samplingHash(row.sampling) !== row.samplingHash) return "the sampling hash is not that of the settings";
  return row.source.file === "" ? "no file" : undefined;
}

/** A folder for a test file, removed by `remove`. */
export function testFolder(): {
  path: string;
  write: (name: string, content: string | Uint8Array) => string;
  remove: () => void;
} {
  const path = mkdtempSync(join(tmpdir(), "lmcov-importer-"));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      if (basename(name) !== name) mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Verdicts by problem as `correct/scored`, summed over draws and aggregates, sorted by problem. */
export function tallies(rows: readonly Row[]): Record<string, string> {
  const sums = new Map<string, [correct: number, n: number]>();
  for (const row of rows) {
    if (row.kind !== "outcome" && row.kind !== "count") continue;
    const key = `${row.model}|${row.task}|${row.problem}|${row.verifier}`;
    const sum = sums.get(key) ?? [0, 0];
    if (row.kind === "count") {
      sum[0] += row.correct;
      sum[1] += row.n;
    } else if (row.verdict !== "unscored") {
      sum[0] += row.verdict === "correct" ? 1 : 0;
      sum[1] += 1;
    }
    sums.set(key, sum);
  }
  return Object.fromEntries([...sums].sort().map(([key, [correct, n]]) => [key, `${correct}/${n}`]));
}
