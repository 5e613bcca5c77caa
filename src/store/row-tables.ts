/** How the four row types lie in Parquet: one table a type, one column a field, names in snake case. */
import type { Row } from "../record/index.ts";

/** The folders of a run that hold rows, one a row type. */
export type TableName = "responses" | "likelihoods" | "outcomes" | "counts";

export const tableNames: readonly TableName[] = ["responses", "likelihoods", "outcomes", "counts"];

export const tableOfKind: Readonly<Record<Row["kind"], TableName>> = {
  response: "responses",
  likelihood: "likelihoods",
  outcome: "outcomes",
  count: "counts",
};

/** A column's type in SQL. */
export type ColumnType = "VARCHAR" | "DOUBLE" | "BIGINT" | "DOUBLE[]" | "VARCHAR[]";

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Path of the field in the row. */
  readonly path: readonly string[];
  readonly json?: boolean;
  /** True for a column that parts of earlier versions lack. */
  readonly added?: boolean;
}

function column(path: string, type: ColumnType, options: Pick<Column, "json" | "added"> = {}): Column {
  const parts = path.split(".");
  const name = (parts.at(-1) ?? path).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { name, type, path: parts, ...options };
}

const baseColumns: readonly Column[] = [
  column("model", "VARCHAR"),
  column("step", "DOUBLE"),
  column("trainingTokens", "DOUBLE"),
  column("task", "VARCHAR"),
  column("problem", "VARCHAR"),
  column("promptHash", "VARCHAR"),
  column("sampling", "VARCHAR", { json: true }),
  column("samplingHash", "VARCHAR"),
  column("source.file", "VARCHAR"),
  column("source.line", "BIGINT"),
  column("source.member", "VARCHAR"),
  column("drawSet", "VARCHAR"),
];
const draw = column("draw", "BIGINT");

export const tableColumns: Readonly<Record<TableName, readonly Column[]>> = {
  responses: [
    ...baseColumns,
    draw,
    column("role", "VARCHAR"),
    column("prompt", "VARCHAR"),
    column("text", "VARCHAR"),
    column("target", "VARCHAR"),
    column("seed", "DOUBLE"),
    column("tokenCount", "BIGINT"),
    column("finishReason", "VARCHAR"),
  ],
  likelihoods: [
    ...baseColumns,
    draw,
    column("role", "VARCHAR"),
    column("drawnBy", "VARCHAR"),
    column("logProbability", "DOUBLE"),
    column("tokenLogProbabilities", "DOUBLE[]"),
    column("tokens", "VARCHAR[]", { added: true }),
    column("tokenCount", "BIGINT"),
    column("answer", "VARCHAR"),
    column("fingerprint", "BIGINT"),
    column("method", "VARCHAR"),
  ],
  outcomes: [
    ...baseColumns,
    draw,
    column("verdict", "VARCHAR"),
    column("reason", "VARCHAR"),
    column("score", "DOUBLE"),
    column("reward", "DOUBLE"),
    column("gold", "DOUBLE"),
    column("answer", "VARCHAR"),
    column("fingerprint", "BIGINT"),
    column("verifier", "VARCHAR"),
  ],
  counts: [
    ...baseColumns,
    column("n", "BIGINT"),
    column("correct", "BIGINT"),
    column("unscored", "BIGINT"),
    column("fingerprint", "BIGINT", { added: true }),
    column("stopping", "VARCHAR", { json: true }),
    column("verifier", "VARCHAR"),
  ],
};

const kindOfTable: Readonly<Record<TableName, Row["kind"]>> = {
  responses: "response",
  likelihoods: "likelihood",
  outcomes: "outcome",
  counts: "count",
};

/** The `CREATE TABLE` statement of a row table. */
export function createTableSql(table: TableName): string {
  const columns = tableColumns[table].map(({ name, type }) => `"${name}" ${type}`);
  return `CREATE TABLE ${table} (${columns.join(", ")})`;
}

/** A value as DuckDB takes it. */
export type ColumnValue = string | number | bigint | readonly number[] | readonly string[] | null;

/** Column-wise values of rows of one kind, for a data chunk. */
export function columnValues(table: TableName, rows: readonly Row[]): ColumnValue[][] {
  return tableColumns[table].map((spec) => rows.map((row) => toDatabase(spec, row)));
}

function toDatabase(spec: Column, row: Row): ColumnValue {
  let value: unknown = row;
  for (const part of spec.path) value = (value as Record<string, unknown> | undefined)?.[part];
  if (value === undefined || value === null) return null;
  if (spec.json) return JSON.stringify(value);
  if (spec.type === "BIGINT") return BigInt(value as number);
  return value as string | number | readonly number[] | readonly string[];
}

/** The row in a result of `SELECT *` over a row table; not validated. */
export function rowFromDatabase(table: TableName, values: readonly unknown[]): unknown {
  const row: Record<string, unknown> = { kind: kindOfTable[table] };
  const columns = tableColumns[table];
  for (let index = 0; index < columns.length; index += 1) {
    const spec = columns[index];
    const value = values[index];
    if (spec === undefined || value === null || value === undefined) continue;
    const converted = spec.json ? JSON.parse(value as string) : value;
    const [first, second] = spec.path;
    if (first === undefined) continue;
    if (second === undefined) row[first] = converted;
    else {
      row[first] ??= {};
      (row[first] as Record<string, unknown>)[second] = converted;
    }
  }
  return row;
}
