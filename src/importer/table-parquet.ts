/**
 * Parquet through DuckDB, with bounded memory and no access to anything but the one file. Counts that a file repeats
 * for every k are grouped there, so that only distinct ones arrive here.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { InputError } from "../record/index.ts";
import { messageOf } from "./byte-source.ts";
import type { ImportContext, InputHead } from "./importer.ts";
import type { ColumnSample, RecognisedTable } from "./table-columns.ts";
import type { TableRecord } from "./table-record.ts";

const memoryLimit = "384MB";
/** Roles whose values are names: read as text, so that integers of any size keep their digits. */
const nameRoles = new Set(["model", "task", "problem", "verifier", "sampler"]);

/** Columns of the first rows with their values. */
export async function parquetPreview(path: string, rows: number): Promise<ColumnSample> {
  return withParquet(path, async ({ connection, source }) => {
    const reader = await connection.runAndReadAll(
      `SELECT * EXCLUDE (file_row_number) FROM ${source} LIMIT ${rows}`,
    );
    const values = reader.getColumnsJS();
    return new Map(reader.columnNames().map((name, column) => [name, values[column] ?? []]));
  });
}

/** A field to read: a column, or a field within a column of structs. */
export interface ParquetField {
  readonly name: string;
  readonly path: readonly [column: string, ...fields: string[]];
  /** Hand on, in place of a list, its length, or of a list of lists their lengths: long ones never arrive here. */
  readonly as?: "length" | "lengths";
}

/** Names of the columns and, after a point, of the fields of struct columns; empty for a file that is no Parquet. */
export async function parquetFields(head: InputHead): Promise<ReadonlySet<string>> {
  if (Buffer.from(head.bytes.subarray(0, 4)).toString("latin1") !== "PAR1") return new Set();
  const known = fieldsOfHead.get(head);
  if (known !== undefined) return known;
  const found = fieldsOf(head.path).catch((error) => {
    if (error instanceof InputError) return new Set<string>();
    throw error;
  });
  fieldsOfHead.set(head, found);
  return found;
}

/** Several importers ask for the same file's columns. */
const fieldsOfHead = new WeakMap<InputHead, Promise<ReadonlySet<string>>>();

function fieldsOf(path: string): Promise<ReadonlySet<string>> {
  return withParquet(path, async ({ connection, source }) => {
    const reader = await connection.runAndReadAll(
      `SELECT * EXCLUDE (file_row_number) FROM ${source} LIMIT 0`,
    );
    const names = reader.columnNames();
    const fields = reader.columnTypes().flatMap((type, column) => {
      const name = names[column] ?? "";
      // Only structs have named entries.
      const entries = "entryNames" in type ? (type.entryNames as readonly string[]) : [];
      return [name, ...entries.map((entry) => `${name}.${entry}`)];
    });
    return new Set(fields);
  });
}

/** The rows with some fields; `line` is the row's number from 1. */
export function parquetFieldRecords(
  path: string,
  fields: readonly ParquetField[],
  context: ImportContext,
): AsyncGenerator<TableRecord[]> {
  const columns = fields.map(({ name }) => name);
  const selected = [...fields.map(fieldSql), "file_row_number + 1", "1", "0"].join(", ");
  return streamed(path, (source) => ({ columns, sql: `SELECT ${selected} FROM ${source}` }), context);
}

function fieldSql({ path: [column, ...names], as }: ParquetField): string {
  const value = names.reduce(
    (sql, name) => `struct_extract(${sql}, ${quoted(name, "'")})`,
    quoted(column, '"'),
  );
  if (as === "length") return `len(${value})`;
  return as === "lengths" ? `list_transform(${value}, lambda item: len(item))` : value;
}

/** The rows with the columns that have a role; `line` is the row's number from 1. */
export function parquetRecords(
  path: string,
  table: RecognisedTable,
  context: ImportContext,
): AsyncGenerator<TableRecord[]> {
  return streamed(path, (source) => rowsSql(source, table), context);
}

async function* streamed(
  path: string,
  query: (source: string) => { columns: readonly string[]; sql: string },
  context: ImportContext,
): AsyncGenerator<TableRecord[]> {
  const opened = await openParquet(path);
  try {
    const { columns, sql } = query(opened.source);
    const result = await opened.connection.stream(sql);
    for await (const rows of result.yieldRowsJs()) {
      yield rows.map((values) => recordOf(columns, values));
    }
    context.progress((await stat(path)).size);
  } catch (error) {
    throw error instanceof InputError ? error : damaged(path, error);
  } finally {
    await opened.close();
  }
}

/**
 * The query for the used columns, then row number, number of equal rows, and of these for how many k > n.
 * Rows of counts are grouped without their k.
 */
function rowsSql(source: string, { roles, shape }: RecognisedTable): { columns: string[]; sql: string } {
  const byColumn = new Map<string, boolean>();
  for (const [role, column] of Object.entries(roles)) {
    if (role === "k" && shape === "counts") continue;
    byColumn.set(column, nameRoles.has(role) || byColumn.get(column) === true);
  }
  const columns = [...byColumn.keys()];
  const inner = columns.map((column, index) => {
    const identifier = quoted(column, '"');
    return `${byColumn.get(column) ? `CAST(${identifier} AS VARCHAR)` : identifier} AS c${index}`;
  });
  const asDouble = (column: string) => `TRY_CAST(${quoted(column, '"')} AS DOUBLE)`;
  const beyond =
    roles.k === undefined || roles.n === undefined
      ? "false"
      : `coalesce(${asDouble(roles.k)} > ${asDouble(roles.n)}, false)`;
  const rows = `SELECT ${inner.join(", ")}, file_row_number + 1 AS line, ${beyond} AS beyond FROM ${source}`;
  const outer = columns.map((_, index) => `c${index}`).join(", ");
  const sql =
    shape === "counts"
      ? `SELECT ${outer}, min(line) AS line, count(*), count(*) FILTER (WHERE beyond) FROM (${rows}) GROUP BY ${outer} ORDER BY line`
      : `SELECT ${outer}, line, 1, 0 FROM (${rows})`;
  return { columns, sql };
}

function recordOf(columns: readonly string[], values: readonly unknown[]): TableRecord {
  const record: Record<string, unknown> = Object.create(null);
  for (const [index, column] of columns.entries()) {
    record[column] = values[index];
  }
  const [line, rows, rowsBeyond] = values.slice(columns.length).map(Number) as [number, number, number];
  return { record, line, rows, rowsBeyond };
}

interface OpenedParquet {
  readonly connection: DuckDBConnection;
  /** The table expression to select from. */
  readonly source: string;
  close(): Promise<void>;
}

async function withParquet<Result>(
  path: string,
  use: (opened: OpenedParquet) => Promise<Result>,
): Promise<Result> {
  const opened = await openParquet(path);
  try {
    return await use(opened);
  } catch (error) {
    throw error instanceof InputError ? error : damaged(path, error);
  } finally {
    await opened.close();
  }
}

async function openParquet(path: string): Promise<OpenedParquet> {
  let file = resolve(path);
  let folder: string | undefined;
  if (/[*?[\]{}]/.test(file)) {
    // DuckDB would read such a name as a pattern.
    folder = await mkdtemp(join(tmpdir(), "lmcov-table-"));
    const link = join(folder, "table.parquet");
    await symlink(file, link);
    file = link;
  }
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: memoryLimit,
    temp_directory: join(tmpdir(), `lmcov-spill-${randomUUID()}`),
    threads: "2",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
  });
  const connection = await instance.connect();
  const close = async () => {
    connection.closeSync();
    instance.closeSync();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    await connection.run(`SET allowed_paths = [${quoted(file, "'")}]`);
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
  } catch (error) {
    await close();
    throw damaged(path, error);
  }
  return {
    connection,
    source: `read_parquet(${quoted(file, "'")}, file_row_number = true)`,
    close,
  };
}

/** A SQL identifier or literal: the quotation mark is doubled inside. */
function quoted(text: string, mark: '"' | "'"): string {
  return mark + text.replaceAll(mark, mark + mark) + mark;
}

function damaged(path: string, error: unknown): InputError {
  const message = messageOf(error).split("\n")[0] ?? "";
  return new InputError(`${path}: the Parquet file cannot be read (${message})`);
}
