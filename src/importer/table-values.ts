/** Values of cells: each reader gives the value, or says what is wrong with it. */
import { nameOf, shown, verdictOf } from "./draws.ts";

/** What is wrong with a field. Thrown by the readers below and turned into a rejection of the row. */
export class FieldError extends Error {
  readonly field: string;

  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

/** A column's cell: the column is named in errors. */
export interface Cell {
  readonly column: string;
  readonly value: unknown;
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** An integer of at least 0 that a double holds exactly; `43.0` and `"43"` are integers. */
export function countIn({ column, value }: Cell): number {
  const number = numberIn({ column, value });
  if (!Number.isInteger(number)) throw new FieldError(column, `not an integer: ${shown(value)}`);
  if (number < 0) throw new FieldError(column, `negative: ${shown(value)}`);
  if (!Number.isSafeInteger(number)) throw new FieldError(column, `larger than 2^53 − 1: ${shown(value)}`);
  return number === 0 ? 0 : number;
}

/** A finite number. */
export function numberIn({ column, value }: Cell): number {
  if (isAbsent(value)) throw new FieldError(column, "missing");
  const number =
    typeof value === "string" && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value)
      ? Number(value)
      : typeof value === "bigint"
        ? Number(value)
        : value;
  if (typeof number !== "number" || !Number.isFinite(number)) {
    throw new FieldError(column, `not a finite number: ${shown(value)}`);
  }
  if (typeof value === "bigint" && BigInt(number) !== value) {
    throw new FieldError(column, `larger than a double can hold: ${shown(value)}`);
  }
  return number;
}

/** A log-probability: at most 0 up to rounding; minus infinity is legal. */
export function logProbabilityIn({ column, value }: Cell): number {
  const text = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (text === Number.NEGATIVE_INFINITY || text === "-inf" || text === "-infinity") {
    return Number.NEGATIVE_INFINITY;
  }
  const number = numberIn({ column, value });
  if (number > 1e-6) throw new FieldError(column, `a log-probability is at most 0, not ${shown(value)}`);
  return Math.min(number, 0);
}

/** A verdict; undefined where the cell is empty. */
export function verdictIn({ column, value }: Cell): boolean | undefined {
  if (isAbsent(value)) return undefined;
  const verdict = verdictOf(value);
  if (verdict === undefined) throw new FieldError(column, `neither correct nor incorrect: ${shown(value)}`);
  return verdict;
}

/** A name: a text or a number, not empty. */
export function nameIn({ column, value }: Cell): string {
  if (isAbsent(value)) throw new FieldError(column, "missing");
  const name = nameOf(value);
  if (name === undefined) throw new FieldError(column, `not a name: ${shown(value)}`);
  return name;
}

/** A text or a number as text; undefined where the cell is empty; lists and objects are errors. */
export function textIn({ column, value }: Cell): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  const name = nameOf(value);
  if (name === undefined) throw new FieldError(column, `not a text: ${shown(value)}`);
  return name;
}

/** A reward; a list of one number, as reward models write it, is that number; undefined where empty. */
export function rewardIn({ column, value }: Cell): number | undefined {
  const single = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return isAbsent(single) ? undefined : numberIn({ column, value: single });
}
