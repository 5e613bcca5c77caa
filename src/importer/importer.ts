/**
 * What an importer is: it recognises a file by content and streams its rows, rejecting bad ones by line and field.
 */
import type { Row, StoppingRule } from "../record/index.ts";

/** A row of the source that cannot be used, and why. Counted and reported, never dropped in silence. */
export interface Rejection {
  readonly file: string;
  readonly line?: number;
  readonly member?: string;
  readonly field?: string;
  readonly reason: string;
}

/** The beginning of a file, decompressed, from which importers recognise it. */
export interface InputHead {
  readonly path: string;
  /** Base name without a compression suffix. */
  readonly name: string;
  /** 1 MiB of decompressed content, more if the first line is longer (raw bytes for zip or Parquet). */
  readonly bytes: Uint8Array;
  /** True if `bytes` is the whole file. */
  readonly whole: boolean;
  /** The first complete lines parsed as JSON (Python's NaN and Infinity allowed); empty if these are no JSON lines. */
  readonly jsonLines: readonly unknown[];
}

/** What the user said of the input. */
export interface ImportOptions {
  /** Column mapping given by the user: role → column name. */
  readonly map: Readonly<Partial<Record<MappableField, string>>>;
  /** Model name for sources that do not hold one. */
  readonly model?: string;
  /** The model's name where neither the source nor `model` gives one; the file's name where absent. */
  readonly fileModel?: string;
  readonly task?: string;
  /** Stopping rule of the sampling, if the user knows it and the source does not say. */
  readonly stopping?: StoppingRule;
  /** Yield Response rows with texts, not only verdicts; off for reports that need only counts. */
  readonly texts: boolean;
}

/** What a column of a table can be mapped to. */
export type MappableField =
  | "model"
  | "task"
  | "problem"
  | "draw"
  | "n"
  | "c"
  | "correct"
  | "reward"
  | "gold"
  | "answer"
  | "target"
  | "step"
  | "tokens"
  | "temperature"
  | "unscored"
  | "logprob"
  /** The model that drew a response, for log-probabilities that `model` gives it. */
  | "sampler"
  | "prompt"
  | "response"
  | "verifier";

/** What an importer is given beside the file: options, and where to say what it left out. */
export interface ImportContext {
  readonly options: ImportOptions;
  reject(rejection: Rejection): void;
  /** Something a reader of the result should know, once: recognised columns, the denominator, what was chosen. */
  note(message: string): void;
  /** Rows that carry no information and were left out on purpose, by reason. */
  drop(reason: string, rows: number): void;
  /** Bytes of input consumed so far, for progress. */
  progress(bytes: number): void;
}

/** Reads the logs of one format. */
export interface Importer {
  /** Short name for `--format`, such as `lm-eval`. */
  readonly name: string;
  /** One line for `lmcov formats`. */
  readonly summary: string;
  /** How sure the importer is that it can read this file: 0 no, 1 certain. */
  recognise(head: InputHead): number | Promise<number>;
  /**
   * Rows in batches, in bounded memory. An unusable container throws InputError with one clear sentence.
   */
  read(path: string, context: ImportContext): AsyncIterable<readonly Row[]>;
}
