/** Rows to Parquet parts and back, through DuckDB. */
import { open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBType } from "@duckdb/node-api";
import { InputError, parseRow, type Row } from "../record/index.ts";
import {
  type ColumnType,
  columnValues,
  createTableSql,
  rowFromDatabase,
  type TableName,
  tableColumns,
  tableNames,
  tableOfKind,
} from "./row-tables.ts";
import { finishedParts } from "./run-folder.ts";

/** DuckDB's own limit for a data chunk. */
const chunkRows = 2048;
const partRows = 500_000;

export const sqlText = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A DuckDB connection that reaches no network, loads no extension and stays under the memory limit. */
export async function openDatabase() {
  // DuckDB takes long to load, and most commands on most logs do not need it.
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: "512MB",
    threads: "2",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    preserve_insertion_order: "true",
  });
  const connection = await instance.connect();
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/**
 * Writes rows as Parquet parts of a run folder, named after the unit of work; returns the parts' names.
 * Bounded memory; a part appears under its name only when it is complete.
 */
export async function writeParts(
  folder: string,
  unit: string,
  batches: AsyncIterable<readonly Row[]>,
): Promise<{ parts: string[]; rows: number }> {
  const { DuckDBDataChunk, listValue, BIGINT, DOUBLE, VARCHAR, LIST } = await import("@duckdb/node-api");
  const databaseType: Readonly<Record<ColumnType, DuckDBType>> = {
    VARCHAR,
    DOUBLE,
    BIGINT,
    "DOUBLE[]": LIST(DOUBLE),
  };
  const { connection, close } = await openDatabase();
  const pending = new Map<TableName, Row[]>(tableNames.map((table) => [table, []]));
  const stored = new Map<TableName, number>(tableNames.map((table) => [table, 0]));
  const parts: string[] = [];
  let rows = 0;

  const flushPending = async (table: TableName) => {
    const waiting = pending.get(table) ?? [];
    if (waiting.length === 0) return;
    const appender = await connection.createAppender(table);
    const types = tableColumns[table].map((spec) => databaseType[spec.type]);
    for (let start = 0; start < waiting.length; start += chunkRows) {
      const slice = waiting.slice(start, start + chunkRows);
      const chunk = DuckDBDataChunk.create(types, slice.length);
      chunk.setColumns(
        columnValues(table, slice).map((values) =>
          values.map((value) => (typeof value === "object" && value !== null ? listValue(value) : value)),
        ),
      );
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
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
  try {
    for (const table of options.tables ?? tableNames) {
      const columns = tableColumns[table].map((spec) => `"${spec.name}"`).join(", ");
      for (const path of await finishedParts(folder, table)) {
        const result = await connection
          .stream(`SELECT ${columns} FROM read_parquet(${sqlText(path)})`)
          .catch((error: unknown) => {
            throw new InputError(`${path}: is not a part that this version reads (${firstLine(error)})`);
          });
        for await (const chunk of result.yieldRowsJs()) {
          yield chunk.map((values) => checkedRow(path, rowFromDatabase(table, values.map(plainNumber))));
        }
      }
    }
  } finally {
    close();
  }
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

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
