/** The cells of a table's records by their roles, and what every row made of a record has: model, task, problem, sampling. */
import type { RowBase } from "../record/index.ts";
import {
  DrawNumbers,
  modelNameOf,
  promptHashOf,
  type SharedSampling,
  sharedSampling,
  shown,
  taskNameOf,
} from "./draws.ts";
import type { ImportContext } from "./importer.ts";
import { fieldOf } from "./json-text.ts";
import type { ColumnRole } from "./table-column-names.ts";
import { isNumberLike, stepNumber } from "./table-column-values.ts";
import type { ColumnRoles, RecognisedTable } from "./table-columns.ts";
import type { TableRecord } from "./table-record.ts";
import { type Cell, countIn, FieldError, isAbsent, nameIn, numberIn, textIn } from "./table-values.ts";

/** Hashes kept for the rows of a problem that follow. */
const keptHashes = 10_000;

/** Reads one table; a cell that is missing or wrong throws FieldError. */
export class TableFields {
  readonly path: string;
  readonly context: ImportContext;
  readonly roles: ColumnRoles;
  /** Empty where a column numbers the draws: then the file does not tell draw sets apart. */
  readonly drawSet: string;
  readonly #draws = new DrawNumbers();
  readonly #samplings = new Map<number | undefined, SharedSampling>();
  readonly #promptHashes = new Map<string, string>();

  /** `drawSet` names the file. */
  constructor(input: { path: string; table: RecognisedTable; drawSet: string; context: ImportContext }) {
    this.path = input.path;
    this.roles = input.table.roles;
    this.context = input.context;
    this.drawSet = input.table.roles.draw === undefined ? input.drawSet : "";
  }

  cell(input: TableRecord, role: ColumnRole): Cell | undefined {
    const column = this.roles[role];
    return column === undefined ? undefined : { column, value: fieldOf(input.record, column) };
  }

  read<Value>(input: TableRecord, role: ColumnRole, reader: (cell: Cell) => Value): Value | undefined {
    const cell = this.cell(input, role);
    return cell === undefined || isAbsent(cell.value) ? undefined : reader(cell);
  }

  required<Value>(input: TableRecord, role: ColumnRole, reader: (cell: Cell) => Value): Value {
    const cell = this.cell(input, role);
    if (cell === undefined || isAbsent(cell.value)) throw new FieldError(cell?.column ?? role, "missing");
    return reader(cell);
  }

  /** What all rows of the record share. */
  base(input: TableRecord): RowBase {
    const { roles } = this;
    const { options } = this.context;
    const model =
      roles.model === undefined ? modelNameOf(options, this.path) : this.required(input, "model", nameIn);
    const prompt = this.read(input, "prompt", textIn);
    const promptKey = prompt === undefined ? undefined : this.#hash({ prompt, task: "", problem: "" });
    const problem = roles.problem === undefined ? promptKey : this.required(input, "problem", nameIn);
    if (problem === undefined) throw new FieldError(roles.prompt ?? "prompt", "missing");
    const task =
      roles.task === undefined
        ? taskNameOf({ options, path: this.path, problem })
        : this.required(input, "task", nameIn);
    const step = this.read(input, "step", stepIn);
    const trainingTokens = this.read(input, "tokens", notNegativeIn);
    const { sampling, samplingHash } = this.#sampling(this.read(input, "temperature", notNegativeIn));
    const promptHash = promptKey ?? this.#hash({ task, problem });
    const source = { file: this.path, line: input.line };
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

  /** The number of the first of the record's draws. */
  drawOf(
    input: TableRecord,
    base: RowBase,
    { draws, drawnBy = "" }: { draws: number; drawnBy?: string | undefined },
  ): number {
    if (this.roles.draw !== undefined) return this.required(input, "draw", countIn);
    return this.#draws.take(`${keyOf(base)}\u0000${drawnBy}`, draws);
  }
}

function stepIn({ column, value }: Cell): number {
  const step = stepNumber(value);
  if (typeof step === "string" && !isNumberLike(step)) {
    const reason = `no number of a step: ${shown(value)}; --map model=${column} makes each of its names a model`;
    throw new FieldError(column, reason);
  }
  return notNegativeIn({ column, value: step });
}

function notNegativeIn(cell: Cell): number {
  const number = numberIn(cell);
  if (number < 0) throw new FieldError(cell.column, `negative: ${shown(number)}`);
  return number;
}

/** What tells the draws of one distribution from those of another. */
export function keyOf(base: RowBase): string {
  return `${base.model}\u0000${base.task}\u0000${base.problem}\u0000${base.samplingHash}\u0000${base.step ?? ""}\u0000${base.trainingTokens ?? ""}`;
}
