/** What every importer needs to make rows: names, hashes, draw numbers. */
import { basename } from "node:path";
import {
  type Outcome,
  type Response,
  type RowBase,
  type SamplingSettings,
  samplingHash,
  shortHash,
} from "../record/index.ts";
import type { ImportContext, ImportOptions } from "./importer.ts";

/** Rows are handed on in batches of about this many. */
export const batchLength = 4096;

/** Sampling settings with their hash, made once and shared by all rows that have them. */
export type SharedSampling = Pick<RowBase, "sampling" | "samplingHash">;

/** The settings with their hash. */
export function sharedSampling(sampling: SamplingSettings): SharedSampling {
  return { sampling, samplingHash: samplingHash(sampling) };
}

export const unknownSampling = sharedSampling({});

export const partialScoreNote = "a score between 0 and 1 counts as incorrect (the score is kept)";

/** Numbers draws from 0 for each key, in order of appearance. */
export class DrawNumbers {
  readonly #next = new Map<string, number>();

  /** The number of the next draw; `count` draws are taken at once. */
  take(key: string, count = 1): number {
    const draw = this.#next.get(key) ?? 0;
    this.#next.set(key, draw + count);
    return draw;
  }
}

/** The hash of the prompt, or where the source holds none, of the task and the problem's name. */
export function promptHashOf(input: { prompt?: string | undefined; task: string; problem: string }): string {
  return shortHash(input.prompt ?? `${input.task}\u0000${input.problem}`);
}

/**
 * The file's name without folders, compression suffix and extension.
 *
 * @example
 * stemOf("step-100/samples.jsonl.gz"); // "samples"
 */
export function stemOf(path: string): string {
  const name = basename(path).replace(/\.(?:gz|zst|zstd)$/i, "");
  return name.replace(/(?<=.)\.[A-Za-z]\w{0,8}$/, "") || name;
}

/** The user's model name, or the file's. */
export function modelNameOf(options: ImportOptions, path: string): string {
  return options.model || options.fileModel || stemOf(path);
}

/**
 * The user's task name, else the prefix of a problem's name such as `HumanEval/12`, else the file's stem: two
 * benchmarks that number their problems alike must not be pooled by accident.
 */
export function taskNameOf(input: { options: ImportOptions; path: string; problem: string }): string {
  if (input.options.task !== undefined) return input.options.task;
  return /^([A-Za-z][\w.+-]*)\/\d+$/.exec(input.problem)?.[1] ?? stemOf(input.path);
}

/** Says that a name given by the user is not used because the log holds its own. */
export function noteUnusedName(
  context: ImportContext,
  input: { path: string; what: "model" | "task"; given: string | undefined; held: string | undefined },
): void {
  const { path, what, given, held } = input;
  if (given === undefined || held === undefined || given === held) return;
  context.note(`${path} names its own ${what} (${held}): "${given}" is not used`);
}

/** A name from a field: a non-empty text or a number; undefined otherwise. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (typeof value === "bigint") return String(value);
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

/** A verdict from a field: true, false, 1, 0, or their usual words; undefined otherwise. */
export function verdictOf(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (value === 1 || value === 1n) return true;
  if (value === 0 || value === 0n) return false;
  if (typeof value !== "string") return undefined;
  const word = value.trim().toLowerCase();
  if (/^(?:true|1|1\.0+|yes|correct|pass|passed)$/.test(word)) return true;
  if (/^(?:false|0|0\.0+|no|incorrect|wrong|fail|failed)$/.test(word)) return false;
  return undefined;
}

/** A value shortened for a message. */
export function shown(value: unknown): string {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : typeof value === "bigint"
        ? String(value)
        : value === undefined
          ? "missing"
          : (JSON.stringify(value) ?? String(value));
  const plain = typeof value === "number" ? String(value) : text;
  return plain.length > 60 ? `${plain.slice(0, 57)}…` : plain;
}

/** What an outcome adds to its base. */
export type OutcomeParts = Omit<Outcome, "kind" | keyof RowBase>;

/** An outcome, written out field by field: in long logs this is where the time goes, and spreading is slow. */
export function outcomeRow(base: RowBase, parts: OutcomeParts): Outcome {
  const row: { -readonly [Name in keyof Outcome]: Outcome[Name] } = {
    kind: "outcome",
    model: base.model,
    task: base.task,
    problem: base.problem,
    promptHash: base.promptHash,
    sampling: base.sampling,
    samplingHash: base.samplingHash,
    source: base.source,
    drawSet: parts.drawSet,
    draw: parts.draw,
    verdict: parts.verdict,
    verifier: parts.verifier,
  };
  if (base.step !== undefined) row.step = base.step;
  if (base.trainingTokens !== undefined) row.trainingTokens = base.trainingTokens;
  if (parts.reason !== undefined) row.reason = parts.reason;
  if (parts.score !== undefined) row.score = parts.score;
  if (parts.reward !== undefined) row.reward = parts.reward;
  if (parts.gold !== undefined) row.gold = parts.gold;
  if (parts.answer !== undefined) row.answer = parts.answer;
  if (parts.fingerprint !== undefined) row.fingerprint = parts.fingerprint;
  return row;
}

/** What a drawn text adds to its base. */
export interface DrawnText extends Pick<Response, "drawSet" | "draw" | "text"> {
  readonly prompt?: string | undefined;
  readonly target?: string | undefined;
  readonly seed?: number | undefined;
  readonly tokenCount?: number | undefined;
  readonly finishReason?: string | undefined;
}

/** The text of a draw, as a row; what the log does not tell is absent from it. */
export function drawnText(base: RowBase, drawn: DrawnText): Response {
  const { drawSet, draw, prompt, text, target, seed, tokenCount, finishReason } = drawn;
  return {
    kind: "response",
    ...base,
    drawSet,
    draw,
    role: "draw",
    ...(prompt !== undefined && { prompt }),
    text,
    ...(target !== undefined && { target }),
    ...(seed !== undefined && { seed }),
    ...(tokenCount !== undefined && { tokenCount }),
    ...(finishReason !== undefined && { finishReason }),
  };
}
