/**
 * Log-probabilities of the same responses under several models, as columns over records. A record is one response:
 * task, problem, prompt, role and draw; a response that the logs hold under several files of one data set is one.
 */
import { cameWithDraw, InputError, type Likelihood, type ResponseRole } from "../record/index.ts";

/** One model's column; NaN marks a record that the model did not score. */
export interface LikelihoodColumn {
  readonly model: string;
  readonly step?: number;
  readonly trainingTokens?: number;
  readonly logProbabilities: Float64Array;
  readonly tokenCounts: Float64Array;
  /** Records that the model scored. */
  readonly scored: number;
}

/** The responses of one task and role under all models that scored some of them. */
export interface LikelihoodGroup {
  readonly task: string;
  readonly role: ResponseRole;
  /** The model that drew the responses, for role `draw`. */
  readonly drawnBy?: string;
  readonly columns: readonly LikelihoodColumn[];
  /** Name of each record's problem. */
  readonly problems: readonly string[];
  /** Number of each record's prompt, from 0: responses of one prompt are a cluster. */
  readonly prompts: Int32Array;
  /** Each record's final answer; undefined where no record has one. */
  readonly answers: readonly (string | undefined)[] | undefined;
  /** What tells equal responses: the text's digest where known, else the record's own number. */
  readonly responses: readonly (number | string)[];
}

interface Column {
  readonly sample: Likelihood;
  values: Float64Array;
  tokens: Float64Array;
  /** 1 for a record whose value came with the draw. */
  withDraw: Uint8Array;
  scored: number;
}

interface Group {
  readonly sample: Likelihood;
  readonly records: Map<string, number>;
  readonly problems: string[];
  readonly promptOfRecord: number[];
  readonly answers: (string | undefined)[];
  readonly fingerprints: (number | undefined)[];
  readonly prompts: Map<string, number>;
  readonly columns: Map<string, Column>;
}

const separator = "\u0000";
const firstCapacity = 1024;

/** Gathers log-probabilities of the same responses under several models into columns over records. */
export class LikelihoodLedger {
  readonly #groups = new Map<string, Group>();
  rows = 0;
  /** Rows that repeat one already read. */
  repeated = 0;

  /**
   * A score of a draw that also brought a log-probability with it counts in its place: all models' scores are then of the
   * text's own tokens. Throws InputError where a model scored the same response twice with different results.
   */
  add(row: Likelihood): void {
    this.rows += 1;
    const group = this.#groupOf(row);
    const record = recordOf(group, row);
    group.answers[record] ??= row.answer;
    group.fingerprints[record] ??= row.fingerprint;
    const column = columnOf(group, row);
    grow(column, record);
    const known = column.values[record] ?? Number.NaN;
    const withDraw = cameWithDraw(row) ? 1 : 0;
    if (!Number.isNaN(known)) {
      this.repeated += 1;
      if (known !== row.logProbability && withDraw === column.withDraw[record]) throw contradiction(row);
      if (withDraw === 1) return;
    } else column.scored += 1;
    column.values[record] = row.logProbability;
    column.tokens[record] = row.tokenCount ?? Number.NaN;
    column.withDraw[record] = withDraw;
  }

  /** The groups in order of appearance. */
  groups(): LikelihoodGroup[] {
    return [...this.#groups.values()].map((group) => {
      const records = group.problems.length;
      return {
        task: group.sample.task,
        role: group.sample.role,
        ...(group.sample.drawnBy !== undefined && { drawnBy: group.sample.drawnBy }),
        problems: group.problems,
        prompts: Int32Array.from(group.promptOfRecord),
        answers: group.answers.some((answer) => answer !== undefined) ? group.answers : undefined,
        responses: group.fingerprints.map((fingerprint, record) => fingerprint ?? `record ${record}`),
        columns: [...group.columns.values()].map((column) => {
          grow(column, records - 1);
          const { model, step, trainingTokens } = column.sample;
          return {
            model,
            ...(step !== undefined && { step }),
            ...(trainingTokens !== undefined && { trainingTokens }),
            logProbabilities: column.values.subarray(0, records),
            tokenCounts: column.tokens.subarray(0, records),
            scored: column.scored,
          };
        }),
      };
    });
  }

  #groupOf(row: Likelihood): Group {
    const key = [row.task, row.role, row.drawnBy ?? "", row.role === "draw" ? row.samplingHash : ""].join(
      separator,
    );
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const created: Group = {
      sample: row,
      records: new Map(),
      problems: [],
      promptOfRecord: [],
      answers: [],
      fingerprints: [],
      prompts: new Map(),
      columns: new Map(),
    };
    this.#groups.set(key, created);
    return created;
  }
}

function contradiction({ source, draw, problem, model }: Likelihood): InputError {
  const line = source.line === undefined ? "" : `:${source.line}`;
  return new InputError(
    `${source.file}${line}: response ${draw} of problem "${problem}" was already scored by "${model}" with another log-probability`,
  );
}

function recordOf(group: Group, row: Likelihood): number {
  const prompt = row.promptHash + separator + row.problem;
  // Data are numbered by their data set; draws belong to the run that drew them.
  const set = row.role === "data" ? "" : row.drawSet;
  const key = `${prompt}${separator}${set}${separator}${row.draw}`;
  const known = group.records.get(key);
  if (known !== undefined) return known;
  const record = group.problems.length;
  group.records.set(key, record);
  group.problems.push(row.problem);
  let promptNumber = group.prompts.get(prompt);
  if (promptNumber === undefined) {
    promptNumber = group.prompts.size;
    group.prompts.set(prompt, promptNumber);
  }
  group.promptOfRecord.push(promptNumber);
  group.answers.push(row.answer);
  group.fingerprints.push(row.fingerprint);
  return record;
}

function columnOf(group: Group, row: Likelihood): Column {
  const key = [row.model, row.step ?? "", row.trainingTokens ?? ""].join(separator);
  const known = group.columns.get(key);
  if (known !== undefined) return known;
  const created: Column = {
    sample: row,
    values: new Float64Array(firstCapacity).fill(Number.NaN),
    tokens: new Float64Array(firstCapacity).fill(Number.NaN),
    withDraw: new Uint8Array(firstCapacity),
    scored: 0,
  };
  group.columns.set(key, created);
  return created;
}

function grow(column: Column, record: number): void {
  const { length } = column.values;
  if (record < length) return;
  const capacity = Math.max(2 * length, record + 1);
  for (const name of ["values", "tokens"] as const) {
    const grown = new Float64Array(capacity).fill(Number.NaN);
    grown.set(column[name]);
    column[name] = grown;
  }
  const grown = new Uint8Array(capacity);
  grown.set(column.withDraw);
  column.withDraw = grown;
}
