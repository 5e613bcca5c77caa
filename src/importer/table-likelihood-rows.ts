/** Rows of a table of log-probabilities: of given responses, or of draws of a named model that several models scored. */
import { crc32 } from "node:zlib";
import type { Row, RowBase } from "../record/index.ts";
import { shown } from "./draws.ts";
import type { TableFields } from "./table-fields.ts";
import type { TableRecord } from "./table-record.ts";
import { FieldError, logProbabilityIn, nameIn, numberIn, textIn } from "./table-values.ts";

export class TableLikelihoodRows {
  readonly #fields: TableFields;
  /** Digests of responses that several models scored. */
  readonly #responses = new Map<string, number>();

  constructor(fields: TableFields) {
    this.#fields = fields;
  }

  rowsOf(input: TableRecord): Row[] {
    const base = this.#fields.base(input);
    // A row takes its number before it can be rejected, so that those after it keep theirs.
    const drawnBy =
      this.#fields.roles.sampler === undefined ? undefined : this.#fields.required(input, "sampler", nameIn);
    const draw = this.#fields.drawOf(input, base, { draws: 1, drawnBy });
    const logProbability = this.#fields.required(input, "logprob", logProbabilityIn);
    const negative = this.#fields.read(input, "negativeLogprob", numberIn);
    if (negative !== undefined && Math.abs(negative + logProbability) > 1e-9 * Math.abs(negative) + 1e-12) {
      const { roles } = this.#fields;
      throw new FieldError(
        roles.negativeLogprob ?? "",
        `${shown(negative)} is not the negative of ${roles.logprob}`,
      );
    }
    if (drawnBy !== undefined) this.#checkSameResponse(input, { base, drawnBy, draw });
    const role = drawnBy === undefined ? ("data" as const) : ("draw" as const);
    const method = `file, column ${this.#fields.roles.logprob}`;
    const answer = this.#fields.read(input, "answer", textIn);
    const text = this.#fields.read(input, "response", textIn);
    return [
      {
        kind: "likelihood",
        ...base,
        drawSet: this.#fields.drawSet,
        draw,
        role,
        ...(drawnBy !== undefined && { drawnBy }),
        logProbability,
        ...(answer !== undefined && { answer }),
        ...(text !== undefined && { fingerprint: crc32(text) }),
        method,
      },
    ];
  }

  /** Rows of two models with the same number must speak of the same response, where the table holds its text. */
  #checkSameResponse(input: TableRecord, drawn: { base: RowBase; drawnBy: string; draw: number }): void {
    const text = this.#fields.read(input, "response", textIn);
    if (text === undefined) return;
    const { base, drawnBy, draw } = drawn;
    const key = `${drawnBy}\u0000${base.task}\u0000${base.promptHash}\u0000${base.problem}\u0000${base.samplingHash}\u0000${draw}`;
    const digest = crc32(text);
    const known = this.#responses.get(key);
    if (known === undefined) this.#responses.set(key, digest);
    else if (known !== digest) {
      throw new FieldError(
        this.#fields.roles.response ?? "response",
        `response ${draw} of ${shown(drawnBy)} to this problem has another text under another model: number the responses with a draw column`,
      );
    }
  }
}
