/** Rows of a table of draws: a verdict, a response, a reward or a log-probability in a record, or lists of them. */
import { crc32 } from "node:zlib";
import { checkpointName, type Row, type RowBase } from "../record/index.ts";
import { drawnText, type OutcomeParts, outcomeRow, shown } from "./draws.ts";
import type { TableFields } from "./table-fields.ts";
import type { TableRecord } from "./table-record.ts";
import {
  type Cell,
  countIn,
  FieldError,
  isAbsent,
  logProbabilityIn,
  nameIn,
  rewardIn,
  textIn,
  verdictIn,
} from "./table-values.ts";

/** The cells that speak of one draw. */
type DrawCells = Readonly<
  Record<"correct" | "response" | "reward" | "gold" | "answer" | "logprob", Cell | undefined>
>;

export class TableDrawRows {
  readonly #fields: TableFields;

  constructor(fields: TableFields) {
    this.#fields = fields;
  }

  rowsOf(input: TableRecord): Row[] {
    const base = this.#fields.base(input);
    const cells: DrawCells = {
      correct: this.#fields.cell(input, "correct"),
      response: this.#fields.cell(input, "response"),
      reward: this.#fields.cell(input, "reward"),
      gold: this.#fields.cell(input, "gold"),
      answer: this.#fields.cell(input, "answer"),
      logprob: this.#fields.cell(input, "logprob"),
    };
    const rows: Row[] = [];
    const draws = listLength(cells);
    if (draws === undefined) {
      this.#appendDraw(rows, input, { base, cells, draw: this.#fields.drawOf(input, base, { draws: 1 }) });
      return rows;
    }
    const first = this.#fields.drawOf(input, base, { draws });
    for (let index = 0; index < draws; index += 1) {
      const items: DrawCells = {
        correct: itemOf(cells.correct, index),
        response: itemOf(cells.response, index),
        reward: itemOf(cells.reward, index),
        gold: itemOf(cells.gold, index),
        answer: itemOf(cells.answer, index),
        logprob: itemOf(cells.logprob, index),
      };
      this.#appendDraw(rows, input, { base, cells: items, draw: first + index });
    }
    this.#checkListAgainstCounts(input, rows);
    return rows;
  }

  #appendDraw(rows: Row[], input: TableRecord, one: { base: RowBase; cells: DrawCells; draw: number }): void {
    const { base, cells, draw } = one;
    const { roles } = this.#fields;
    if (cells.correct !== undefined && cells.correct.value === undefined) {
      throw new FieldError(cells.correct.column, "missing");
    }
    const drawSet = this.#fields.drawSet;
    const verdict = cells.correct && verdictIn(cells.correct);
    const response = cells.response && textIn(cells.response);
    const parts: { -readonly [Name in keyof OutcomeParts]: OutcomeParts[Name] | undefined } = {
      drawSet,
      draw,
      verdict: verdict === undefined ? "unscored" : verdict ? "correct" : "incorrect",
      verifier: this.#fields.read(input, "verifier", nameIn) ?? roles.correct ?? "none",
      reward: cells.reward && rewardIn(cells.reward),
      gold: cells.gold && rewardIn(cells.gold),
      answer: cells.answer && textIn(cells.answer),
      fingerprint: response === undefined ? undefined : crc32(response),
    };
    if (verdict === undefined) {
      parts.reason = roles.correct === undefined ? "no verdict in the log" : "no verdict in the row";
    }
    rows.push(outcomeRow(base, parts as OutcomeParts));
    if (cells.logprob !== undefined && !isAbsent(cells.logprob.value)) {
      const logProbability = logProbabilityIn(cells.logprob);
      const method = `file, column ${roles.logprob}`;
      const drawnBy = checkpointName(base);
      rows.push({
        kind: "likelihood",
        ...base,
        drawSet,
        draw,
        role: "draw",
        drawnBy,
        logProbability,
        ...(parts.answer !== undefined && { answer: parts.answer }),
        ...(parts.fingerprint !== undefined && { fingerprint: parts.fingerprint }),
        method,
      });
    }
    if (!this.#fields.context.options.texts || response === undefined) return;
    const prompt = this.#fields.read(input, "prompt", textIn);
    const target = this.#fields.read(input, "target", textIn);
    rows.push(drawnText(base, { drawSet, draw, prompt, text: response, target }));
  }

  /** A row that gives both a list of verdicts and n or c must agree with itself. */
  #checkListAgainstCounts(input: TableRecord, rows: readonly Row[]): void {
    const outcomes = rows.filter((row) => row.kind === "outcome");
    const n = this.#fields.read(input, "n", countIn);
    const correct = this.#fields.read(input, "c", countIn);
    const scored = outcomes.filter((row) => row.verdict !== "unscored").length;
    const hits = outcomes.filter((row) => row.verdict === "correct").length;
    const { roles } = this.#fields;
    if (n !== undefined && n !== scored && n !== outcomes.length) {
      throw new FieldError(roles.n ?? "n", `says ${n} and the list has ${outcomes.length}`);
    }
    if (correct !== undefined && correct !== hits) {
      throw new FieldError(roles.c ?? "c", `says ${correct} and the list has ${hits} correct`);
    }
  }
}

/** The common length of the cells that are lists; undefined if no leading one is a list. */
function listLength(cells: DrawCells): number | undefined {
  const leading = [cells.correct, cells.response, cells.reward];
  const lead = leading.find((cell) => cell !== undefined && Array.isArray(cell.value));
  if (lead === undefined) return undefined;
  const { length } = lead.value as readonly unknown[];
  if (length === 0) throw new FieldError(lead.column, "an empty list");
  for (const cell of leading) {
    if (cell === undefined || Array.isArray(cell.value) || isAbsent(cell.value)) continue;
    throw new FieldError(cell.column, `one value beside the list ${lead.column}: ${shown(cell.value)}`);
  }
  for (const cell of Object.values(cells) as (Cell | undefined)[]) {
    if (cell === undefined || !Array.isArray(cell.value) || cell.value.length === length) continue;
    throw new FieldError(cell.column, `a list of ${cell.value.length} beside ${lead.column} of ${length}`);
  }
  return length;
}

/** One draw's item of a list cell; a cell that is no list speaks of the problem, not of its draws. */
function itemOf(cell: Cell | undefined, index: number): Cell | undefined {
  if (cell === undefined || !Array.isArray(cell.value)) return undefined;
  return { column: cell.column, value: (cell.value as readonly unknown[])[index] };
}
