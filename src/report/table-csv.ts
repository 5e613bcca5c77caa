/** A table of the report as CSV, in full precision: an interval becomes three columns. */
import type { Cell, Table } from "./section.ts";

export type CsvValue = string | number | boolean | undefined;

/** Fields that a spreadsheet would take for a formula get an apostrophe before them. */
function csvField(value: CsvValue): string {
  if (value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Rows as CSV with CRLF; a text that a spreadsheet would take for a formula gets an apostrophe before it.
 *
 * @example
 * csvLines([["model", "k"], ["=a", 8]]); // "model,k\r\n'=a,8\r\n"
 */
export function csvLines(rows: readonly (readonly CsvValue[])[]): string {
  return rows.map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

/**
 * The table with a header line.
 *
 * @example
 * tableCsv({
 *   columns: [{ key: "rate", title: "rate", kind: "rate" }],
 *   rows: [{ rate: { estimate: 0.5, lower: 0.25, upper: 0.75 } }],
 * }); // "rate,rate lower,rate upper\r\n0.5,0.25,0.75\r\n"
 */
export function tableCsv(table: Table): string {
  const intervals = new Set(
    table.columns
      .filter(({ key }) => table.rows.some((row) => typeof row[key] === "object"))
      .map(({ key }) => key),
  );
  const header = table.columns.flatMap(({ key, title }) =>
    intervals.has(key) ? [title, `${title} lower`, `${title} upper`] : [title],
  );
  const lines = table.rows.map((row) =>
    table.columns.flatMap(({ key }) =>
      intervals.has(key) ? intervalFields(row[key]) : [plainField(row[key])],
    ),
  );
  return csvLines([header, ...lines]);
}

function intervalFields(cell: Cell): (string | number | undefined)[] {
  if (typeof cell === "object") return [cell.estimate, cell.lower, cell.upper];
  return [cell, undefined, undefined];
}

const plainField = (cell: Cell): string | number | undefined =>
  typeof cell === "object" ? cell.estimate : cell;
