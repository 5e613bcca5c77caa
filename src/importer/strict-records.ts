/** Named columns of a table where no row may be bad: a training or evaluation set. JSON lines, JSON, CSV or Parquet. */
import { InputError } from "../record/index.ts";
import type { ImportContext } from "./importer.ts";
import { readHead } from "./input-head.ts";
import type { JsonRecord } from "./json-text.ts";
import { parquetFieldRecords, parquetFields } from "./table-parquet.ts";
import { tableKindOf, tableRecords } from "./table-source.ts";

/** A row with its line, or where a file has no lines its number, from 1. */
export interface StrictRecord {
  readonly record: JsonRecord;
  readonly line: number;
}

/**
 * The rows of a table, with at least the columns named.
 *
 * @throws InputError naming file and line of the first bad row, or a column that the file lacks and those that it has.
 */
export async function* strictRecords(
  path: string,
  columns: readonly string[],
): AsyncGenerator<readonly StrictRecord[]> {
  const head = await readHead(path);
  const kind = tableKindOf(head);
  if (head.bytes.length === 0) throw new InputError(`${path}: the file is empty`);
  if (kind === undefined) throw new InputError(`${path}: is neither JSON lines, JSON, CSV nor Parquet`);
  if (kind === "parquet") {
    const fields = await parquetFields(head);
    for (const column of columns) if (!fields.has(column)) throw withoutColumn(path, column, [...fields]);
    const wanted = columns.map((name) => ({ name, path: [name] as const }));
    yield* parquetFieldRecords(path, wanted, strict);
    return;
  }
  const table = { roles: {}, shape: "draws" } as const;
  for await (const batch of tableRecords(path, kind, { table, context: strict })) {
    for (const { record, line } of batch) {
      const missing = columns.find((column) => !Object.hasOwn(record, column));
      if (missing !== undefined) throw withoutColumn(`${path}:${line}`, missing, Object.keys(record));
    }
    yield batch;
  }
}

/** The top-level columns of a CSV or Parquet file; undefined for any other. */
export async function tableColumns(path: string): Promise<readonly string[] | undefined> {
  const head = await readHead(path);
  const kind = tableKindOf(head);
  if (kind === "parquet") return [...(await parquetFields(head))];
  if (kind !== "csv") return undefined;
  for await (const [first] of strictRecords(path, [])) return Object.keys(first?.record ?? {});
  return [];
}

function withoutColumn(place: string, column: string, known: readonly string[]): InputError {
  return new InputError(`${place}: has no ${column}; it has ${known.slice(0, 20).join(", ")}`);
}

const strict: ImportContext = {
  options: { map: {}, texts: true },
  reject: ({ file, line, reason }) => {
    throw new InputError(`${file}${line === undefined ? "" : `:${line}`}: ${reason}`);
  },
  note: () => {},
  drop: () => {},
  progress: () => {},
};
