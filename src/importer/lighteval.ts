/**
 * lighteval's `details_<task>_<date>.parquet`: structs `doc`, `model_response` and `metric`. The metrics speak of a
 * document: they judge its draw where there is one, and no single draw where there are several.
 */
import { basename, dirname, resolve } from "node:path";
import type { Row, RowBase } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import {
  batchLength,
  modelNameOf,
  nameOf,
  noteUnusedName,
  outcomeRow,
  partialScoreNote,
  promptHashOf,
  shown,
  stemOf,
  unknownSampling,
} from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { readHead } from "./input-head.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { judgement, unscored } from "./judgement.ts";
import { numberOf } from "./rollout-rows.ts";
import { type ParquetField, parquetFieldRecords, parquetFields } from "./table-parquet.ts";
import { FieldError, logProbabilityIn } from "./table-values.ts";

const aggregate = "lighteval keeps only the document's metric: re-score with --verify";

export const lighteval: Importer = {
  name: "lighteval",
  summary: "lighteval details_<task>_<date>.parquet: doc, model_response, metric",
  async recognise(head) {
    const fields = await parquetFields(head);
    return fields.has("doc.query") && fields.has("model_response.text") ? 0.95 : 0;
  },
  read: readLighteval,
};

async function* readLighteval(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const fields = await parquetFields(await readHead(path));
  const maker = new DetailRows({ path, context, drawSet: await fileFingerprint(path) });
  let rows: Row[] = [];
  for await (const records of parquetFieldRecords(path, wanted(fields, context.options.texts), context)) {
    for (const { record, line } of records) maker.append(rows, record, line);
    if (rows.length < batchLength) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

function wanted(fields: ReadonlySet<string>, texts: boolean): ParquetField[] {
  const all: ParquetField[] = [
    ...["query", "choices", "gold_index", "id", "task_name"].map(
      (name): ParquetField => ({ name, path: ["doc", name] }),
    ),
    { name: "logprobs", path: ["model_response", "logprobs"] },
    { name: "draws", path: ["model_response", "text"], as: "length" },
    { name: "token_counts", path: ["model_response", "output_tokens"], as: "lengths" },
    ...(texts ? [{ name: "text", path: ["model_response", "text"] } as const] : []),
    { name: "metric", path: ["metric"] },
    { name: "metrics", path: ["metrics"] },
  ];
  return all.filter(({ path }) => fields.has(path.join(".")));
}

/** Makes the rows of one details file. */
class DetailRows {
  readonly #path: string;
  readonly #context: ImportContext;
  readonly #drawSet: string;
  readonly #model: string;
  readonly #noted = new Set<string>();
  /** Ids met before: a document's row number then names it. */
  readonly #ids = new Set<string>();

  constructor(input: { path: string; context: ImportContext; drawSet: string }) {
    this.#path = input.path;
    this.#context = input.context;
    this.#drawSet = input.drawSet;
    const held = modelFolders(input.path);
    const given = input.context.options.model;
    noteUnusedName(input.context, { path: input.path, what: "model", given, held });
    this.#model = held ?? modelNameOf(input.context.options, input.path);
  }

  append(rows: Row[], record: JsonRecord, line: number): void {
    const query = fieldOf(record, "query");
    if (typeof query !== "string") {
      this.#reject(line, "doc.query", `not a text: ${shown(query)}`);
      return;
    }
    const task = this.#context.options.task ?? nameOf(fieldOf(record, "task_name")) ?? taskInName(this.#path);
    const problem = this.#problem(record, line);
    const base: RowBase = {
      model: this.#model,
      task,
      problem,
      promptHash: promptHashOf({ prompt: query, task, problem }),
      ...unknownSampling,
      source: { file: this.#path, line },
    };
    const draws = numberOf(fieldOf(record, "draws")) ?? 0;
    const scored = draws === 0 ? this.#appendLikelihoods(rows, { base, record, query, line }) : 0;
    if (scored === undefined) return;
    if (draws === 0 && scored === 0) {
      this.#reject(line, "model_response", "neither texts nor log-probabilities of the choices");
      return;
    }
    this.#appendOutcomes(rows, { base, record, draws: Math.max(draws, 1) });
    if (draws > 0) this.#appendTexts(rows, { base, record, query });
  }

  #problem(record: JsonRecord, line: number): string {
    const id = nameOf(fieldOf(record, "id"));
    const isNew = id !== undefined && id !== "None" && !this.#ids.has(id);
    if (!isNew) return `row ${line}`;
    this.#ids.add(id);
    return id;
  }

  /** Continuations of a log-likelihood task: their number, or undefined after rejecting the row. */
  #appendLikelihoods(
    rows: Row[],
    input: { base: RowBase; record: JsonRecord; query: string; line: number },
  ): number | undefined {
    const { base, record, query, line } = input;
    const logprobs = fieldOf(record, "logprobs");
    if (!Array.isArray(logprobs) || logprobs.length === 0) return 0;
    const choices = fieldOf(record, "choices");
    const texts = Array.isArray(choices) ? choices : [];
    if (texts.length !== logprobs.length) {
      const reason = `${logprobs.length} log-probabilities beside ${texts.length} choices`;
      this.#reject(line, "model_response.logprobs", reason);
      return undefined;
    }
    let values: number[];
    try {
      values = logprobs.map((value, index) =>
        logProbabilityIn({ column: `model_response.logprobs[${index}]`, value }),
      );
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      this.#reject(line, error.field, error.message);
      return undefined;
    }
    const gold = goldOf(record, texts.length);
    if (gold.length === 0) {
      this.#note("no gold choice is named for some documents: all of theirs are choices, none is data");
    }
    const counts = fieldOf(record, "token_counts");
    for (const [index, logProbability] of values.entries()) {
      const place = gold.indexOf(index);
      const scored = {
        ...base,
        drawSet: "",
        draw: place >= 0 ? place : index,
        role: place >= 0 ? ("data" as const) : ("choice" as const),
      };
      const count =
        Array.isArray(counts) && counts.length === values.length ? numberOf(counts[index]) : undefined;
      rows.push({
        kind: "likelihood",
        ...scored,
        logProbability,
        ...(count !== undefined && count > 0 && { tokenCount: count }),
        method: "lighteval, raw, sum over the continuation's tokens",
      });
      const text: unknown = texts[index];
      if (!this.#context.options.texts || typeof text !== "string") continue;
      rows.push({ kind: "response", ...scored, prompt: query, text });
    }
    return values.length;
  }

  #appendOutcomes(rows: Row[], input: { base: RowBase; record: JsonRecord; draws: number }): void {
    const { base, record, draws } = input;
    const metrics = asRecord(fieldOf(record, "metric")) ?? asRecord(fieldOf(record, "metrics")) ?? {};
    let judged = false;
    for (const [metric, raw] of Object.entries(metrics)) {
      const value = Number.isNaN(raw) ? Number.NaN : numberOf(raw);
      if (value === undefined) continue;
      judged = true;
      const found = draws === 1 ? judgement(value, metric) : unscored(aggregate);
      if (draws === 1 && value > 0 && value < 1) this.#note(`${metric}: ${partialScoreNote}`);
      for (let draw = 0; draw < draws; draw += 1) {
        rows.push(outcomeRow(base, { drawSet: this.#drawSet, draw, ...found, verifier: metric }));
      }
    }
    if (draws > 1 && judged) this.#note(aggregate);
    for (let draw = 0; !judged && draw < draws; draw += 1) {
      const found = { ...unscored("no verdict in the log"), verifier: "none" };
      rows.push(outcomeRow(base, { drawSet: this.#drawSet, draw, ...found }));
    }
  }

  #appendTexts(rows: Row[], input: { base: RowBase; record: JsonRecord; query: string }): void {
    const { base, record, query } = input;
    const texts = fieldOf(record, "text");
    if (!Array.isArray(texts)) return;
    const choices = fieldOf(record, "choices");
    const gold = Array.isArray(choices) ? goldOf(record, choices.length)[0] : undefined;
    const target = gold === undefined || !Array.isArray(choices) ? undefined : nameOf(choices[gold]);
    const counts = fieldOf(record, "token_counts");
    for (const [draw, text] of texts.entries()) {
      if (typeof text !== "string") continue;
      const count =
        Array.isArray(counts) && counts.length === texts.length ? numberOf(counts[draw]) : undefined;
      rows.push({
        kind: "response",
        ...base,
        drawSet: this.#drawSet,
        draw,
        role: "draw",
        prompt: query,
        text,
        ...(target !== undefined && { target }),
        ...(count !== undefined && { tokenCount: count }),
      });
    }
  }

  #reject(line: number, field: string, reason: string): void {
    this.#context.reject({ file: this.#path, line, field, reason });
  }

  #note(message: string): void {
    if (this.#noted.has(message)) return;
    this.#noted.add(message);
    this.#context.note(`${this.#path}: ${message}`);
  }
}

/** Places of the gold choices: lighteval writes one number or a list. */
function goldOf(record: JsonRecord, choices: number): number[] {
  const value = fieldOf(record, "gold_index");
  const places = (Array.isArray(value) ? value : [value]).map(numberOf);
  const valid = places.filter(
    (place): place is number =>
      place !== undefined && Number.isInteger(place) && place >= 0 && place < choices,
  );
  return [...new Set(valid)];
}

/** The folders between `details` and the date: lighteval puts a model's details there. */
function modelFolders(path: string): string | undefined {
  const parts = dirname(resolve(path)).split(/[\\/]/);
  const details = parts.lastIndexOf("details");
  const date = parts.findIndex((part, index) => index > details && /^\d{4}-\d{2}-\d{2}T/.test(part));
  return details < 0 || date <= details + 1 ? undefined : parts.slice(details + 1, date).join("/");
}

function taskInName(path: string): string {
  return /^details_(.+)_\d{4}-\d{2}-\d{2}T/.exec(basename(path))?.[1] ?? stemOf(path);
}
