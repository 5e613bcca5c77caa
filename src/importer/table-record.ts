/** What the readers of tables hand on. */
import type { JsonRecord } from "./json-text.ts";

/** One row of a table. `line` is its line number, or where a file has no lines its row number, from 1. */
export interface TableRecord {
  readonly record: JsonRecord;
  readonly line: number;
  /** Rows of the source that are equal to this one in every column that matters. */
  readonly rows?: number;
  /** Of these, rows for a k beyond n. */
  readonly rowsBeyond?: number;
}
