/** The embedded database over rows. */
import type { DuckDBType } from "@duckdb/node-api";
import type { Row } from "../record/index.ts";
import { type ColumnType, columnValues, type TableName, tableColumns } from "./row-tables.ts";

/** DuckDB's own limit for a data chunk. */
export const chunkRows = 2048;

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

export type Connection = Awaited<ReturnType<typeof openDatabase>>["connection"];

/** What appends rows of one kind to their table in the database. */
export async function rowAppender(
  connection: Connection,
): Promise<(table: TableName, rows: readonly Row[]) => Promise<void>> {
  const { DuckDBDataChunk, listValue, BIGINT, DOUBLE, VARCHAR, LIST } = await import("@duckdb/node-api");
  const databaseType: Readonly<Record<ColumnType, DuckDBType>> = {
    VARCHAR,
    DOUBLE,
    BIGINT,
    "DOUBLE[]": LIST(DOUBLE),
    "VARCHAR[]": LIST(VARCHAR),
  };
  return async (table, rows) => {
    const appender = await connection.createAppender(table);
    const types = tableColumns[table].map((spec) => databaseType[spec.type]);
    for (let start = 0; start < rows.length; start += chunkRows) {
      const slice = rows.slice(start, start + chunkRows);
      const chunk = DuckDBDataChunk.create(types, slice.length);
      chunk.setColumns(
        columnValues(table, slice).map((values) =>
          values.map((value) => (typeof value === "object" && value !== null ? listValue(value) : value)),
        ),
      );
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
  };
}
