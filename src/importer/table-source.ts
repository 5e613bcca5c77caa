/** The rows of a table as records with numbers, whatever the file: JSON lines, a JSON array, CSV/TSV or Parquet. */
import { byteChunks } from "./byte-source.ts";
import type { ImportContext, InputHead } from "./importer.ts";
import { jsonPieces } from "./json-pieces.ts";
import { asRecord, fieldOf, type JsonRecord, parseJsonBytes } from "./json-text.ts";
import { recordBatches } from "./record-lines.ts";
import type { ColumnSample, RecognisedTable } from "./table-columns.ts";
import { csvRecords } from "./table-csv.ts";
import { parquetPreview, parquetRecords } from "./table-parquet.ts";
import type { TableRecord } from "./table-record.ts";

export type TableKind = "json-lines" | "json-array" | "csv" | "parquet";

/** Rows from the head of a file that decide which columns play which role. */
const previewRows = 200;

/** The kind of table that a file's beginning shows; CSV is anything that is text with several columns. */
export function tableKindOf(head: InputHead): TableKind | undefined {
  const { bytes } = head;
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") === "PAR1") return "parquet";
  if (head.jsonLines.some((value) => asRecord(value) !== undefined)) return "json-lines";
  const start = Buffer.from(bytes.subarray(0, 64 << 10));
  if (start.includes(0)) return undefined;
  const first = /[^\s\ufeff]/.exec(start.toString("utf8"))?.[0];
  if (first === "[") return "json-array";
  if (first === undefined || first === "{") return undefined;
  return "csv";
}

/** Columns of the first rows with their values. Throws InputError if the file is no readable table. */
export async function previewTable(path: string, kind: TableKind, head: InputHead): Promise<ColumnSample> {
  if (kind === "parquet") return parquetPreview(path, previewRows);
  const quiet: ImportContext = {
    options: { map: {}, texts: false },
    reject: () => {},
    note: () => {},
    drop: () => {},
    progress: () => {},
  };
  const records: JsonRecord[] = [];
  if (kind === "json-lines") {
    for (const value of head.jsonLines) {
      const record = asRecord(value);
      if (record !== undefined && records.length < previewRows) records.push(record);
    }
    return sampleOf(records);
  }
  for await (const batch of recordsOf(path, kind, quiet)) {
    for (const { record } of batch) {
      if (records.length < previewRows) records.push(record);
    }
    if (records.length >= previewRows) break;
  }
  return sampleOf(records);
}

/** All rows, batch by batch; unreadable ones are rejected on the way. */
export function tableRecords(
  path: string,
  kind: TableKind,
  input: { readonly table: RecognisedTable; readonly context: ImportContext },
): AsyncIterable<TableRecord[]> {
  if (kind === "parquet") return parquetRecords(path, input.table, input.context);
  return recordsOf(path, kind, input.context);
}

function recordsOf(
  path: string,
  kind: Exclude<TableKind, "parquet">,
  context: ImportContext,
): AsyncIterable<TableRecord[]> {
  if (kind === "json-lines") return recordBatches(path, context, { exactIntegers: true });
  if (kind === "json-array") return arrayRecords(path, context);
  return csvRecords(path, context);
}

async function* arrayRecords(path: string, context: ImportContext): AsyncGenerator<TableRecord[]> {
  const chunks = byteChunks(path, (bytes) => context.progress(bytes));
  for await (const pieces of jsonPieces(chunks, { name: path, wish: () => "elements" })) {
    const records: TableRecord[] = [];
    for (const { index, bytes } of pieces) {
      const line = (index ?? 0) + 1;
      let record: JsonRecord | undefined;
      try {
        record = asRecord(parseJsonBytes(bytes, { exactIntegers: true }));
      } catch {
        context.reject({ file: path, line, reason: "the element is not JSON" });
        continue;
      }
      if (record === undefined)
        context.reject({ file: path, line, reason: "the element is not a JSON object" });
      else records.push({ record, line });
    }
    yield records;
  }
}

function sampleOf(records: readonly JsonRecord[]): ColumnSample {
  const columns = new Set(records.flatMap((record) => Object.keys(record)));
  return new Map([...columns].map((column) => [column, records.map((record) => fieldOf(record, column))]));
}
