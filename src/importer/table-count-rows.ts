/** Rows of a table of counts: n and c of a problem, once. */
import { InputError, type Row } from "../record/index.ts";
import { CountIndex } from "./count-index.ts";
import { keyOf, type TableFields } from "./table-fields.ts";
import type { TableRecord } from "./table-record.ts";
import { countIn, FieldError, nameIn, numberIn } from "./table-values.ts";

/** Keeps what tells a repeated count from a contradictory one. */
export class TableCountRows {
  readonly #fields: TableFields;
  readonly #counts = new CountIndex();
  /** Rows for a k beyond n. */
  rowsBeyond = 0;
  /** Rows that say again what a row before them said, in a table that has none for several k. */
  repeated = 0;

  constructor(fields: TableFields) {
    this.#fields = fields;
  }

  /** No row for a count that was there already; throws InputError for another one of the same problem. */
  rowsOf(input: TableRecord): Row[] {
    const base = this.#fields.base(input);
    const n = this.#fields.required(input, "n", countIn);
    const correct = this.#fields.required(input, "c", countIn);
    if (correct > n)
      throw new FieldError(this.#fields.roles.c ?? "c", `more correct than drawn: ${correct} of ${n}`);
    const unscored = this.#fields.read(input, "unscored", countIn) ?? 0;
    const rows = input.rows ?? 1;
    const k = this.#fields.read(input, "k", numberIn);
    this.rowsBeyond += input.rowsBeyond ?? (k !== undefined && k > n ? rows : 0);
    const verifier = this.#fields.read(input, "verifier", nameIn) ?? "counts";
    const key = `${keyOf(base)}\u0000${verifier}`;
    const known = this.#counts.add(key, { n, correct, unscored });
    if (this.#fields.roles.k === undefined) this.repeated += known === undefined ? rows - 1 : rows;
    if (known !== undefined) {
      if (known.n !== n || known.correct !== correct || known.unscored !== unscored) {
        throw new InputError(
          `${this.#fields.path}:${input.line}: problem "${base.problem}" of model "${base.model}" has ${correct} of ${n} correct here and ${known.correct} of ${known.n} before`,
        );
      }
      return [];
    }
    const stopping = this.#fields.context.options.stopping ?? { kind: "unknown" };
    return [
      { kind: "count", ...base, drawSet: this.#fields.drawSet, n, correct, unscored, stopping, verifier },
    ];
  }
}
