/** Rows to Parquet parts and back, through DuckDB. */
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError, parseRow, type Row } from "../record/index.ts";
import { type Connection, chunkRows, openDatabase, rowAppender, sqlText } from "./database.ts";
import {
  createTableSql,
  rowFromDatabase,
  type TableName,
  tableColumns,
  tableNames,
  tableOfKind,
} from "./row-tables.ts";
import { finishedParts } from "./run-folder.ts";
import { syncFile } from "./sync-file.ts";
import type { UnitRecord } from "./unit-record.ts";
import { UnitsSnapshot, unitsFolder } from "./unit-segments.ts";

const partRows = 500_000;

/**
 * Writes rows as Parquet parts of a run folder, named after the unit of work; returns the parts' names.
 * Bounded memory; a part appears under its name only when it is complete.
 */
export async function writeParts(
  folder: string,
  unit: string,
  batches: AsyncIterable<readonly Row[]>,
): Promise<{ parts: string[]; rows: number }> {
  const { connection, close } = await openDatabase();
  const appendRows = await rowAppender(connection);
  const pending = new Map<TableName, Row[]>(tableNames.map((table) => [table, []]));
  const stored = new Map<TableName, number>(tableNames.map((table) => [table, 0]));
  const parts: string[] = [];
  let rows = 0;

  const flushPending = async (table: TableName) => {
    const waiting = pending.get(table) ?? [];
    if (waiting.length === 0) return;
    await appendRows(table, waiting);
    stored.set(table, (stored.get(table) ?? 0) + waiting.length);
    pending.set(table, []);
  };
  const writePart = async (table: TableName) => {
    await flushPending(table);
    if ((stored.get(table) ?? 0) === 0) return;
    const name = `${table}/${unit}-${parts.length}.parquet`;
    const path = join(folder, name);
    await connection.run(
      `COPY ${table} TO ${sqlText(`${path}.tmp`)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)`,
    );
    await syncFile(`${path}.tmp`);
    await rename(`${path}.tmp`, path);
    await syncFile(dirname(path));
    await connection.run(`DROP TABLE ${table}`);
    await connection.run(createTableSql(table));
    stored.set(table, 0);
    parts.push(name);
  };

  try {
    for (const table of tableNames) await connection.run(createTableSql(table));
    let textLength = 0;
    for await (const batch of batches) {
      for (const row of batch) {
        pending.get(tableOfKind[row.kind])?.push(row);
        if (row.kind === "response") textLength += row.text.length + (row.prompt?.length ?? 0);
      }
      rows += batch.length;
      for (const table of tableNames) {
        if ((pending.get(table)?.length ?? 0) >= chunkRows || textLength > 16_000_000)
          await flushPending(table);
        const full =
          (stored.get(table) ?? 0) >= partRows || (table === "responses" && textLength > 100_000_000);
        if (full) await writePart(table);
      }
      if (textLength > 100_000_000) textLength = 0;
    }
    for (const table of tableNames) await writePart(table);
  } finally {
    close();
  }
  return { parts, rows };
}

/**
 * Rows of a run folder, in batches and in the order in which they were written.
 * Each row is checked; throws InputError naming the part if one is not what this version writes.
 */
export async function* readRun(
  folder: string,
  options: { tables?: readonly TableName[] } = {},
): AsyncGenerator<readonly Row[]> {
  const { connection, close } = await openDatabase();
  const units = await UnitsSnapshot.open(folder).catch((error: unknown) => {
    close();
    throw error;
  });
  try {
    for (const table of options.tables ?? tableNames) {
      for (const path of await finishedParts(folder, table, units)) {
        yield* partRowsOf(connection, { table, path });
      }
      yield* unitRowsOf(folder, { table, units });
    }
  } finally {
    close();
    await units.close();
  }
}

/** The files that hold the rows of one table, as full paths: parts, and segments of units that are in no part yet. */
export async function rowFiles(folder: string, table: TableName): Promise<string[]> {
  const units = await UnitsSnapshot.open(folder);
  try {
    const segments = units.segments.map(({ name }) => join(unitsFolder(folder), name));
    return [...(await finishedParts(folder, table, units)), ...segments];
  } finally {
    await units.close();
  }
}

async function* partRowsOf(
  connection: Connection,
  { table, path }: { table: TableName; path: string },
): AsyncGenerator<readonly Row[]> {
  const result = await selectedRows(connection, { table, path }).catch((error: unknown) => {
    throw new InputError(`${path}: is not a part that this version reads (${firstLine(error)})`);
  });
  for await (const chunk of result.yieldRowsJs()) {
    yield chunk.map((values) => checkedRow(path, rowFromDatabase(table, values.map(plainNumber))));
  }
}

async function selectedRows(connection: Connection, { table, path }: { table: TableName; path: string }) {
  const source = `read_parquet(${sqlText(path)})`;
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
  const there = new Set(described.getRowsJS().map(([name]) => name));
  const columns = tableColumns[table].map(({ name, added }) =>
    added && !there.has(name) ? `NULL AS "${name}"` : `"${name}"`,
  );
  return connection.stream(`SELECT ${columns.join(", ")} FROM ${source}`);
}

/** Rows of one table whose units finished and are not in Parquet parts yet, and of those that failed. */
export async function* unitRowsOf(
  folder: string,
  { table, units }: { table: TableName; units: UnitsSnapshot },
): AsyncGenerator<readonly Row[]> {
  const checked = (records: readonly UnitRecord[]) =>
    records
      .flatMap(({ rows }) => rows)
      .filter((row) => tableOfKind[row.kind] === table)
      .map((row) => checkedRow(unitsFolder(folder), row));
  for await (const records of units.pending()) {
    const rows = checked(records.filter(({ failed }) => failed === undefined));
    if (rows.length > 0) yield rows;
  }
  const failed = checked(await units.failures());
  if (failed.length > 0) yield failed;
}

function checkedRow(path: string, value: unknown): Row {
  try {
    return parseRow(value);
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`);
  }
}

export const plainNumber = (value: unknown) => (typeof value === "bigint" ? Number(value) : value);

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
