/** What reaches standard output: stable JSON, CSV, or text. Everything else goes to standard error. */
import { printable } from "../report/printable.ts";
import { csvLines } from "../report/table-csv.ts";

/** JSON with plus and minus infinity as strings; NaN is a bug and throws. */
export function jsonText(value: unknown, indent = 2): string {
  return JSON.stringify(
    value,
    (key, item: unknown) => {
      if (typeof item !== "number" || Number.isFinite(item)) return item;
      if (Number.isNaN(item)) throw new Error(`not a number in the result, at "${key}"`);
      return item > 0 ? "Infinity" : "-Infinity";
    },
    indent,
  );
}

type Cell = string | number | boolean | undefined;

/** RFC 4180 text of records; the header is the union of keys in order of appearance. */
export function csvText(records: readonly Readonly<Record<string, Cell>>[]): string {
  const header = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const lines = records.map((record) => header.map((name) => record[name]));
  return csvLines([header, ...lines]).trimEnd();
}

export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A remark for people on standard error. */
export function printRemark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One clear sentence and no stack trace. */
export function printFailure(message: string): void {
  process.stderr.write(`lmcov: ${printable(message, 2000)}\n`);
}
