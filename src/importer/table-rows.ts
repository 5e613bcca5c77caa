/** From the records of a table to rows, by what a record stands for. */
import type { Row } from "../record/index.ts";
import type { ImportContext } from "./importer.ts";
import type { RecognisedTable } from "./table-columns.ts";
import { TableCountRows } from "./table-count-rows.ts";
import { TableDrawRows } from "./table-draw-rows.ts";
import { TableFields } from "./table-fields.ts";
import { TableLikelihoodRows } from "./table-likelihood-rows.ts";
import type { TableRecord } from "./table-record.ts";
import { FieldError } from "./table-values.ts";

/** Makes the rows of one table, one record at a time. */
export class TableRows {
  readonly #fields: TableFields;
  readonly #maker: TableCountRows | TableDrawRows | TableLikelihoodRows;

  /** `drawSet` names the file; it is not used where a column numbers the draws. */
  constructor(input: { path: string; table: RecognisedTable; drawSet: string; context: ImportContext }) {
    this.#fields = new TableFields(input);
    const makers = { counts: TableCountRows, draws: TableDrawRows, likelihoods: TableLikelihoodRows };
    this.#maker = new makers[input.table.shape](this.#fields);
  }

  /** Rows of counts for a k beyond n. */
  get rowsBeyond(): number {
    return this.#maker instanceof TableCountRows ? this.#maker.rowsBeyond : 0;
  }

  /** Rows of counts that repeat those of a problem. */
  get repeated(): number {
    return this.#maker instanceof TableCountRows ? this.#maker.repeated : 0;
  }

  /** The record's rows; a bad record is rejected and gives none. Throws InputError on contradictory counts. */
  rowsOf(input: TableRecord): Row[] {
    try {
      return this.#maker.rowsOf(input);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      const alike = (input.rows ?? 1) > 1 ? ` (${input.rows} rows alike)` : "";
      const { context, path } = this.#fields;
      context.reject({ file: path, line: input.line, field: error.field, reason: error.message + alike });
      return [];
    }
  }
}
