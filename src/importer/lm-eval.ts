/**
 * lm-evaluation-harness samples (`samples_<task>_<date>.jsonl`): one line a document and filter. All repeats are kept;
 * the log's metric judges the first one only, so the others are unscored unless the metric speaks of every repeat. Of
 * log-likelihood tasks the gold continuation is data and the distractors are choices.
 */
import { crc32 } from "node:zlib";
import type { Row, RowBase } from "../record/index.ts";
import { fileFingerprint } from "./byte-source.ts";
import {
  DrawNumbers,
  modelNameOf,
  nameOf,
  noteUnusedName,
  outcomeRow,
  partialScoreNote,
  promptHashOf,
  type SharedSampling,
  sharedSampling,
  shown,
  stemOf,
  unknownSampling,
} from "./draws.ts";
import type { ImportContext, Importer } from "./importer.ts";
import { leadingKeys } from "./json-pieces.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { type Judgement, judgement, unscored } from "./judgement.ts";
import {
  generatedTexts,
  isVote,
  type LmEvalRequest,
  metricSawAllRepeats,
  metricsOf,
  requestOf,
  sameSettings,
  samplingFrom,
} from "./lm-eval-document.ts";
import { type ScoredDocument, scoredDocument } from "./lm-eval-likelihood.ts";
import { type LmEvalRun, lmEvalRunOf, samplesNameParts } from "./lm-eval-results.ts";
import { recordBatches } from "./record-lines.ts";
import { FieldError } from "./table-values.ts";

const unscoredRepeat = "lm-eval scores only the first repeat: re-score with --verify";

export const lmEval: Importer = {
  name: "lm-eval",
  summary: "lm-evaluation-harness samples_<task>_<date>.jsonl, with its results_<date>.json beside it",
  recognise(head) {
    const first = asRecord(head.jsonLines[0]);
    const keys = first === undefined ? leadingKeys(head.bytes) : Object.keys(first);
    return keys.includes("doc_id") && keys.includes("resps") ? 0.95 : 0;
  },
  read: readLmEval,
};

async function* readLmEval(path: string, context: ImportContext): AsyncGenerator<Row[]> {
  const { options } = context;
  const name = samplesNameParts(path);
  const run = await lmEvalRunOf(path, name.task);
  noteUnusedName(context, { path, what: "model", given: options.model, held: run.model });
  noteUnusedName(context, { path, what: "task", given: options.task, held: name.task });
  const maker = new DocumentRows({
    path,
    context,
    drawSet: await fileFingerprint(path),
    model: run.model || modelNameOf(options, path),
    task: name.task ?? options.task ?? stemOf(path),
    run,
  });
  for await (const records of recordBatches(path, context)) {
    const rows: Row[] = [];
    for (const { record, line } of records) maker.append(rows, record, line);
    if (rows.length > 0) yield rows;
  }
}

interface DocumentRowsInput {
  readonly path: string;
  readonly context: ImportContext;
  readonly drawSet: string;
  readonly model: string;
  readonly task: string;
  readonly run: LmEvalRun;
}

/** Makes the rows of one samples file. */
class DocumentRows {
  readonly #input: DocumentRowsInput;
  /** By filter and sampling. */
  readonly #draws = new Map<string, DrawNumbers>();
  readonly #samplings = new Map<string, SharedSampling>();
  #lastSettings: JsonRecord | undefined;
  #lastSampling: SharedSampling = unknownSampling;
  /** Responses are the same under every filter: they are handed on under the first one. */
  #firstFilter: string | undefined;
  readonly #noted = new Set<string>();

  constructor(input: DocumentRowsInput) {
    this.#input = input;
  }

  /** Appends the rows of one line, or rejects it. */
  append(rows: Row[], record: JsonRecord, line: number): void {
    const { path: file, context } = this.#input;
    const problem = nameOf(fieldOf(record, "doc_id"));
    if (problem === undefined) {
      context.reject({ file, line, field: "doc_id", reason: "the document's number is missing" });
      return;
    }
    const request = requestOf(record);
    const texts = generatedTexts(record, request);
    if (texts === undefined && !Array.isArray(fieldOf(record, "resps"))) {
      context.reject({ file, line, field: "resps", reason: "the list of responses is missing" });
      return;
    }
    const filter = nameOf(fieldOf(record, "filter")) ?? "none";
    this.#firstFilter ??= filter;
    const repeats = texts?.length ?? 1;
    const base: RowBase = {
      model: this.#input.model,
      ...(this.#input.run.step !== undefined && { step: this.#input.run.step }),
      task: this.#input.task,
      problem,
      promptHash: this.#promptHash(record, request, problem),
      ...this.#sampling(request),
      source: { file, line },
    };
    const first = this.#drawsOf(filter, base.samplingHash).take(problem, repeats);
    this.#appendOutcomes(rows, record, { base, first, texts, filter });
    if (filter !== this.#firstFilter) return;
    if (texts === undefined) this.#appendLikelihoods(rows, record, base);
    if (!context.options.texts || texts === undefined) return;
    const target = fieldOf(record, "target");
    for (const [index, text] of texts.entries()) {
      rows.push({
        kind: "response",
        ...base,
        drawSet: this.#input.drawSet,
        draw: first + index,
        role: "draw",
        ...(request.prompt !== undefined && { prompt: request.prompt }),
        text,
        ...(target !== undefined &&
          target !== null && { target: typeof target === "string" ? target : JSON.stringify(target) }),
      });
    }
  }

  #appendOutcomes(
    rows: Row[],
    record: JsonRecord,
    input: { base: RowBase; first: number; texts: readonly string[] | undefined; filter: string },
  ): void {
    const { base, texts, filter } = input;
    const { context, drawSet, path: file } = this.#input;
    const repeats = texts?.length ?? 1;
    if (repeats > 1 && isVote(filter)) {
      this.#note(`the filter ${filter} judges a vote over the repeats, not a draw: left out`);
      return;
    }
    const allSeen = metricSawAllRepeats(record, repeats);
    let judged = false;
    for (const [metric, value] of metricsOf(record)) {
      if (this.#input.run.lowerIsBetter.has(metric)) continue;
      const verifier = `${metric},${filter}`;
      const perRepeat = Array.isArray(value) && texts !== undefined && value.length === repeats;
      const scores: unknown[] = perRepeat ? value : [value];
      if (!scores.every((score) => typeof score === "number" || typeof score === "boolean")) {
        if (value !== undefined && value !== null) continue;
        const place = { file, ...(base.source.line !== undefined && { line: base.source.line }) };
        context.reject({ ...place, field: metric, reason: `the metric's value is ${shown(value)}` });
        continue;
      }
      if (allSeen && !perRepeat) {
        const correct = /^pass(?:@|_at_)1$/.test(metric) ? Math.round(Number(value) * repeats) : undefined;
        if (correct === undefined || !(Math.abs(correct - Number(value) * repeats) < 1e-6)) {
          this.#note(`${metric} speaks of all repeats at once: left out`);
          continue;
        }
        judged = true;
        const stopping = context.options.stopping ?? { kind: "fixed" };
        const [text = "", ...others] = texts ?? [];
        rows.push({
          kind: "count",
          ...base,
          drawSet,
          n: repeats,
          correct,
          unscored: 0,
          ...(others.every((other) => other === text) && { fingerprint: crc32(text) }),
          stopping,
          verifier,
        });
        continue;
      }
      judged = true;
      if (scores.some((score) => Number(score) > 0 && Number(score) < 1)) {
        this.#note(`${metric}: ${partialScoreNote}`);
      }
      const later = { ...unscored(unscoredRepeat), verifier };
      this.#appendDraws(rows, input, (index) =>
        index < scores.length ? { ...judgement(Number(scores[index]), metric), verifier } : later,
      );
    }
    if (judged || texts === undefined) return;
    this.#appendDraws(rows, input, () => ({
      ...unscored("no verdict in the log"),
      verifier: `none,${filter}`,
    }));
  }

  /** The continuations of a log-likelihood task; where they cannot be read the document's verdict still stands. */
  #appendLikelihoods(rows: Row[], record: JsonRecord, base: RowBase): void {
    let document: ScoredDocument | undefined;
    try {
      document = scoredDocument(record);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      const { file, line } = base.source;
      const place = { file, ...(line !== undefined && { line }) };
      this.#input.context.reject({ ...place, field: error.field, reason: error.message });
      return;
    }
    if (document === undefined) return;
    const { continuations, gold, rolling } = document;
    if (gold === undefined) {
      this.#note(
        "no gold continuation can be told of some documents: all of theirs are choices, none is data",
      );
    }
    const method = rolling
      ? "lm-eval, raw, the whole document without a context"
      : "lm-eval, raw, sum over the continuation's tokens";
    for (const [index, { context, text, logProbability }] of continuations.entries()) {
      const isGold = index === gold;
      // Options are numbered by the task, not by the run: models are compared on the same ones.
      const scored = {
        ...base,
        drawSet: "",
        draw: isGold ? 0 : index,
        role: isGold ? ("data" as const) : ("choice" as const),
      };
      rows.push({ kind: "likelihood", ...scored, logProbability, method });
      if (this.#input.context.options.texts) {
        rows.push({ kind: "response", ...scored, prompt: context, text });
      }
    }
  }

  /** One row a repeat. */
  #appendDraws(
    rows: Row[],
    input: { base: RowBase; first: number; texts: readonly string[] | undefined },
    judged: (index: number) => Judgement & { readonly verifier: string },
  ): void {
    const { base, first, texts } = input;
    const { drawSet } = this.#input;
    const repeats = texts?.length ?? 1;
    for (let index = 0; index < repeats; index += 1) {
      const text = texts?.[index];
      const found = judged(index);
      const fingerprint = text === undefined ? {} : { fingerprint: crc32(text) };
      rows.push(outcomeRow(base, { drawSet, draw: first + index, ...found, ...fingerprint }));
    }
  }

  /** Says a thing of this file once. */
  #note(message: string): void {
    if (this.#noted.has(message)) return;
    this.#noted.add(message);
    this.#input.context.note(`${this.#input.path}: ${message}`);
  }

  #promptHash(record: JsonRecord, request: LmEvalRequest, problem: string): string {
    const hash = fieldOf(record, "prompt_hash");
    if (typeof hash === "string" && /^[0-9a-f]{16,}$/.test(hash)) return hash.slice(0, 16);
    return promptHashOf({ prompt: request.prompt, task: this.#input.task, problem });
  }

  #drawsOf(filter: string, samplingHash: string): DrawNumbers {
    const key = samplingHash + filter;
    let draws = this.#draws.get(key);
    if (draws === undefined) {
      draws = new DrawNumbers();
      this.#draws.set(key, draws);
    }
    return draws;
  }

  #sampling({ settings }: LmEvalRequest): SharedSampling {
    if (settings === undefined) return unknownSampling;
    if (this.#lastSettings !== undefined && sameSettings(settings, this.#lastSettings)) {
      return this.#lastSampling;
    }
    const key = JSON.stringify(settings);
    let sampling = this.#samplings.get(key);
    if (sampling === undefined) {
      sampling = sharedSampling(samplingFrom(settings));
      this.#samplings.set(key, sampling);
    }
    this.#lastSettings = settings;
    this.#lastSampling = sampling;
    return sampling;
  }
}
