/** Any table of counts, draws or log-probabilities: CSV, TSV, JSON lines, a JSON array or Parquet. */
import { InputError, type Row } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import { batchLength, noteUnusedName } from "./draws.ts";
import type { ImportContext, Importer, InputHead } from "./importer.ts";
import { readHead } from "./input-head.ts";
import {
  type ColumnSample,
  describeColumns,
  type RecognisedTable,
  recogniseColumns,
} from "./table-columns.ts";
import { TableRows } from "./table-rows.ts";
import { previewTable, tableKindOf, tableRecords } from "./table-source.ts";

export const table: Importer = {
  name: "table",
  summary:
    "any table (.csv, .tsv, .jsonl, .json, .parquet) with a column for problems and n and c, verdicts or log-probabilities; --map names the columns",
  recognise: (head) => (tableKindOf(head) === undefined ? 0 : 0.1),
  read: readTable,
};

/** The columns of the table and their roles; undefined where the file is no table or nothing is recognised. */
export async function recogniseTable(
  head: InputHead,
  map: ImportContext["options"]["map"],
): Promise<{ columns: ColumnSample; table: RecognisedTable | undefined } | undefined> {
  const kind = tableKindOf(head);
  if (kind === undefined) return undefined;
  const columns = await previewTable(head.path, kind, head);
  return { columns, table: recogniseColumns(columns, map) };
}

async function* readTable(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const head = await readHead(path);
  const kind = tableKindOf(head);
  if (kind === undefined)
    throw new InputError(`${path}: not a table (CSV, TSV, JSON lines, JSON array or Parquet)`);
  const recognised = await recogniseTable(head, context.options.map);
  if (recognised?.table === undefined) {
    const names = [...(recognised?.columns.keys() ?? [])].slice(0, 40).join(", ");
    throw new InputError(
      `${path}: no column is recognised for problems with counts, verdicts or log-probabilities; name them with --map (columns: ${names})`,
    );
  }
  context.note(`${path}: ${describeColumns(recognised.table)}`);
  const { model, task } = recognised.table.roles;
  const held = (column: string | undefined) => column && `the column "${column}"`;
  noteUnusedName(context, { path, what: "model", given: context.options.model, held: held(model) });
  noteUnusedName(context, { path, what: "task", given: context.options.task, held: held(task) });
  const drawSet = await fileFingerprint(path);
  const maker = new TableRows({ path, table: recognised.table, drawSet, context });
  let rows: Row[] = [];
  for await (const records of tableRecords(path, kind, { table: recognised.table, context })) {
    for (const record of records) {
      for (const row of maker.rowsOf(record)) rows.push(row);
      if (rows.length < batchLength) continue;
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
  if (maker.rowsBeyond > 0) {
    context.drop("k > n: such rows store 1 or an extrapolation and carry no information", maker.rowsBeyond);
  }
  if (maker.repeated > 0) {
    context.note(`${path}: ${maker.repeated} rows repeat the counts of their problem and are counted once`);
  }
}
