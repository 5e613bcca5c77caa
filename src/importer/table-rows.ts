/** From the records of a table to rows: counts, draws (one a record, or lists of them), log-probabilities. */
import { crc32 } from "node:zlib";
import { InputError, type Row, type RowBase } from "../record/index.ts";
import { CountIndex } from "./count-index.ts";
import {
  DrawNumbers,
  modelNameOf,
  type OutcomeParts,
  outcomeRow,
  promptHashOf,
  type SharedSampling,
  sharedSampling,
  shown,
  taskNameOf,
} from "./draws.ts";
import type { ImportContext } from "./importer.ts";
import { fieldOf } from "./json-text.ts";
import type { ColumnRole, RecognisedTable } from "./table-columns.ts";
import type { TableRecord } from "./table-record.ts";
import {
  type Cell,
  countIn,
  FieldError,
  isAbsent,
  logProbabilityIn,
  nameIn,
  numberIn,
  rewardIn,
  textIn,
  verdictIn,
} from "./table-values.ts";

/** The cells that speak of one draw. */
type DrawCells = Readonly<
  Record<"correct" | "response" | "reward" | "gold" | "answer" | "logprob", Cell | undefined>
>;

/** Hashes kept for the rows of a problem that follow. */
const keptHashes = 10_000;

/** Makes the rows of one table, one record at a time; keeps what tells a repeated count from a contradictory one. */
export class TableRows {
  readonly #path: string;
  readonly #context: ImportContext;
  readonly #table: RecognisedTable;
  readonly #drawSet: string;
  readonly #draws = new DrawNumbers();
  readonly #samplings = new Map<number | undefined, SharedSampling>();
  readonly #promptHashes = new Map<string, string>();
  readonly #counts = new CountIndex();
  /** Digests of responses that several models scored. */
  readonly #responses = new Map<string, number>();
  rowsBeyond = 0;

  /** `drawSet` names the file; it is not used where a column numbers the draws. */
  constructor(input: { path: string; table: RecognisedTable; drawSet: string; context: ImportContext }) {
    this.#path = input.path;
    this.#table = input.table;
    this.#context = input.context;
    this.#drawSet = input.table.roles.draw === undefined ? input.drawSet : "";
  }

  /** The record's rows; a bad record is rejected and gives none. Throws InputError on contradictory counts. */
  rowsOf(input: TableRecord): Row[] {
    try {
      if (this.#table.shape === "counts") return this.#countRows(input);
      return this.#table.shape === "draws" ? this.#drawRows(input) : this.#likelihoodRows(input);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      const alike = (input.rows ?? 1) > 1 ? ` (${input.rows} rows alike)` : "";
      const { field, message } = error;
      this.#context.reject({ file: this.#path, line: input.line, field, reason: message + alike });
      return [];
    }
  }

  #cell(input: TableRecord, role: ColumnRole): Cell | undefined {
    const column = this.#table.roles[role];
    return column === undefined ? undefined : { column, value: fieldOf(input.record, column) };
  }

  #read<Value>(input: TableRecord, role: ColumnRole, reader: (cell: Cell) => Value): Value | undefined {
    const cell = this.#cell(input, role);
    return cell === undefined || isAbsent(cell.value) ? undefined : reader(cell);
  }

  #required<Value>(input: TableRecord, role: ColumnRole, reader: (cell: Cell) => Value): Value {
    const cell = this.#cell(input, role);
    if (cell === undefined || isAbsent(cell.value)) throw new FieldError(cell?.column ?? role, "missing");
    return reader(cell);
  }

  #base(input: TableRecord): RowBase {
    const { roles } = this.#table;
    const { options } = this.#context;
    const model =
      roles.model === undefined ? modelNameOf(options, this.#path) : this.#required(input, "model", nameIn);
    const prompt = this.#read(input, "prompt", textIn);
    const promptKey = prompt === undefined ? undefined : this.#hash({ prompt, task: "", problem: "" });
    const problem = roles.problem === undefined ? promptKey : this.#required(input, "problem", nameIn);
    if (problem === undefined) throw new FieldError(roles.prompt ?? "prompt", "missing");
    const task =
      roles.task === undefined
        ? taskNameOf({ options, path: this.#path, problem })
        : this.#required(input, "task", nameIn);
    const step = this.#read(input, "step", notNegativeIn);
    const trainingTokens = this.#read(input, "tokens", notNegativeIn);
    const { sampling, samplingHash } = this.#sampling(this.#read(input, "temperature", notNegativeIn));
    const promptHash = promptKey ?? this.#hash({ task, problem });
    const source = { file: this.#path, line: input.line };
    const base = { model, task, problem, promptHash, sampling, samplingHash, source };
    if (step === undefined && trainingTokens === undefined) return base;
    return {
      ...base,
      ...(step !== undefined && { step }),
      ...(trainingTokens !== undefined && { trainingTokens }),
    };
  }

  #hash(input: { prompt?: string; task: string; problem: string }): string {
    const key = input.prompt ?? `\u0000${input.task}\u0000${input.problem}`;
    let hash = this.#promptHashes.get(key);
    if (hash === undefined) {
      hash = promptHashOf(input);
      if (this.#promptHashes.size >= keptHashes) this.#promptHashes.clear();
      // Long prompts are cheap to hash again and dear to keep.
      if (key.length < 200) this.#promptHashes.set(key, hash);
    }
    return hash;
  }

  #sampling(temperature: number | undefined): SharedSampling {
    let sampling = this.#samplings.get(temperature);
    if (sampling === undefined) {
      sampling = sharedSampling(temperature === undefined ? {} : { temperature });
      this.#samplings.set(temperature, sampling);
    }
    return sampling;
  }

  #countRows(input: TableRecord): Row[] {
    const base = this.#base(input);
    const n = this.#required(input, "n", countIn);
    const correct = this.#required(input, "c", countIn);
    if (correct > n)
      throw new FieldError(this.#table.roles.c ?? "c", `more correct than drawn: ${correct} of ${n}`);
    const unscored = this.#read(input, "unscored", countIn) ?? 0;
    const rows = input.rows ?? 1;
    const k = this.#read(input, "k", numberIn);
    this.rowsBeyond += input.rowsBeyond ?? (k !== undefined && k > n ? rows : 0);
    const verifier = this.#read(input, "verifier", nameIn) ?? "counts";
    const key = `${keyOf(base)}\u0000${verifier}\u0000${base.step ?? ""}\u0000${base.trainingTokens ?? ""}`;
    const known = this.#counts.add(key, { n, correct, unscored });
    if (known !== undefined) {
      if (known.n !== n || known.correct !== correct || known.unscored !== unscored) {
        throw new InputError(
          `${this.#path}:${input.line}: problem "${base.problem}" of model "${base.model}" has ${correct} of ${n} correct here and ${known.correct} of ${known.n} before`,
        );
      }
      return [];
    }
    const stopping = this.#context.options.stopping ?? { kind: "unknown" };
    return [{ kind: "count", ...base, drawSet: this.#drawSet, n, correct, unscored, stopping, verifier }];
  }

  #drawRows(input: TableRecord): Row[] {
    const base = this.#base(input);
    const cells: DrawCells = {
      correct: this.#cell(input, "correct"),
      response: this.#cell(input, "response"),
      reward: this.#cell(input, "reward"),
      gold: this.#cell(input, "gold"),
      answer: this.#cell(input, "answer"),
      logprob: this.#cell(input, "logprob"),
    };
    const rows: Row[] = [];
    const draws = listLength(cells);
    if (draws === undefined) {
      this.#appendDraw(rows, input, { base, cells, draw: this.#drawOf(input, base, { draws: 1 }) });
      return rows;
    }
    const first = this.#drawOf(input, base, { draws });
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

  #drawOf(
    input: TableRecord,
    base: RowBase,
    { draws, drawnBy = "" }: { draws: number; drawnBy?: string | undefined },
  ): number {
    if (this.#table.roles.draw !== undefined) return this.#required(input, "draw", countIn);
    return this.#draws.take(`${keyOf(base)}\u0000${drawnBy}`, draws);
  }

  #appendDraw(rows: Row[], input: TableRecord, one: { base: RowBase; cells: DrawCells; draw: number }): void {
    const { base, cells, draw } = one;
    const { roles } = this.#table;
    if (cells.correct !== undefined && cells.correct.value === undefined) {
      throw new FieldError(cells.correct.column, "missing");
    }
    const drawSet = this.#drawSet;
    const verdict = cells.correct && verdictIn(cells.correct);
    const response = cells.response && textIn(cells.response);
    const parts: { -readonly [Name in keyof OutcomeParts]: OutcomeParts[Name] | undefined } = {
      drawSet,
      draw,
      verdict: verdict === undefined ? "unscored" : verdict ? "correct" : "incorrect",
      verifier: this.#read(input, "verifier", nameIn) ?? roles.correct ?? "none",
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
      const drawnBy = base.model;
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
    if (!this.#context.options.texts || response === undefined) return;
    const prompt = this.#read(input, "prompt", textIn);
    const target = this.#read(input, "target", textIn);
    rows.push({
      kind: "response",
      ...base,
      drawSet,
      draw,
      role: "draw",
      ...(prompt !== undefined && { prompt }),
      text: response,
      ...(target !== undefined && { target }),
    });
  }

  /** A row that gives both a list of verdicts and n or c must agree with itself. */
  #checkListAgainstCounts(input: TableRecord, rows: readonly Row[]): void {
    const outcomes = rows.filter((row) => row.kind === "outcome");
    const n = this.#read(input, "n", countIn);
    const correct = this.#read(input, "c", countIn);
    const scored = outcomes.filter((row) => row.verdict !== "unscored").length;
    const hits = outcomes.filter((row) => row.verdict === "correct").length;
    const { roles } = this.#table;
    if (n !== undefined && n !== scored && n !== outcomes.length) {
      throw new FieldError(roles.n ?? "n", `says ${n} and the list has ${outcomes.length}`);
    }
    if (correct !== undefined && correct !== hits) {
      throw new FieldError(roles.c ?? "c", `says ${correct} and the list has ${hits} correct`);
    }
  }

  #likelihoodRows(input: TableRecord): Row[] {
    const base = this.#base(input);
    // A row takes its number before it can be rejected, so that those after it keep theirs.
    const drawnBy =
      this.#table.roles.sampler === undefined ? undefined : this.#required(input, "sampler", nameIn);
    const draw = this.#drawOf(input, base, { draws: 1, drawnBy });
    const logProbability = this.#required(input, "logprob", logProbabilityIn);
    const negative = this.#read(input, "negativeLogprob", numberIn);
    if (negative !== undefined && Math.abs(negative + logProbability) > 1e-9 * Math.abs(negative) + 1e-12) {
      const { roles } = this.#table;
      throw new FieldError(
        roles.negativeLogprob ?? "",
        `${shown(negative)} is not the negative of ${roles.logprob}`,
      );
    }
    if (drawnBy !== undefined) this.#checkSameResponse(input, { base, drawnBy, draw });
    const role = drawnBy === undefined ? ("data" as const) : ("draw" as const);
    const method = `file, column ${this.#table.roles.logprob}`;
    const answer = this.#read(input, "answer", textIn);
    const text = this.#read(input, "response", textIn);
    return [
      {
        kind: "likelihood",
        ...base,
        drawSet: this.#drawSet,
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
    const text = this.#read(input, "response", textIn);
    if (text === undefined) return;
    const { base, drawnBy, draw } = drawn;
    const key = `${drawnBy}\u0000${base.task}\u0000${base.promptHash}\u0000${base.problem}\u0000${base.samplingHash}\u0000${draw}`;
    const digest = crc32(text);
    const known = this.#responses.get(key);
    if (known === undefined) this.#responses.set(key, digest);
    else if (known !== digest) {
      throw new FieldError(
        this.#table.roles.response ?? "response",
        `response ${draw} of ${shown(drawnBy)} to this problem has another text under another model: number the responses with a draw column`,
      );
    }
  }
}

function notNegativeIn(cell: Cell): number {
  const number = numberIn(cell);
  if (number < 0) throw new FieldError(cell.column, `negative: ${shown(number)}`);
  return number;
}

function keyOf(base: RowBase): string {
  return `${base.model}\u0000${base.task}\u0000${base.problem}\u0000${base.samplingHash}\u0000${base.step ?? ""}\u0000${base.trainingTokens ?? ""}`;
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
