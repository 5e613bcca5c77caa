/** Draws of a policy in training with their rewards, group by group and step by step: rows from any trainer's log. */
import { basename, dirname, resolve } from "node:path";
import { crc32 } from "node:zlib";
import type { Row, RowBase } from "../record/index.ts";
import {
  DrawNumbers,
  type OutcomeParts,
  outcomeRow,
  partialScoreNote,
  promptHashOf,
  shown,
  unknownSampling,
} from "./draws.ts";
import type { ImportContext } from "./importer.ts";
import { fieldOf, type JsonRecord } from "./json-text.ts";
import { normalisedName } from "./table-column-names.ts";
import { isAbsent } from "./table-values.ts";

/** One draw as a trainer logs it. */
export interface Rollout {
  readonly prompt: string;
  readonly response: string;
  readonly step: number | undefined;
  readonly task: string | undefined;
  readonly target: string | undefined;
  /** Its scores, by column. */
  readonly values: JsonRecord;
  readonly line: number;
}

/** Which columns judge and reward a draw. */
export interface RolloutColumns {
  readonly verdict: string | undefined;
  /** Summed. */
  readonly rewards: readonly string[];
}

const verdictName = /(?:^|_)(?:acc|accuracy|correct|correctness|is_correct|exact_match|solved|passed)(?:_|$)/;
const formName = /format|length|language|tag/;
/** Less than this share of values other than 0 and 1 still makes a verdict. */
const partialShare = 0.1;

/**
 * The columns of a log that judge and reward its draws: a verdict is named like one, or is the only score there is, and
 * is 0 or 1 in the first rows. `scores` are the columns that may be rewards.
 */
export function rolloutColumns(
  sample: readonly JsonRecord[],
  input: { readonly scores: readonly string[]; readonly columns: readonly string[] },
): RolloutColumns {
  const { scores, columns } = input;
  const isVerdict = (column: string) => looksBinary(sample.map((record) => fieldOf(record, column)));
  const named = columns.filter((column) => {
    const name = normalisedName(column);
    return verdictName.test(name) && !formName.test(name) && isVerdict(column);
  });
  const only = scores.length === 1 ? scores.filter(isVerdict)[0] : undefined;
  const verdict = named[0] ?? only;
  // A reward that is the verdict itself says nothing more.
  const rewards = scores.length === 1 && scores[0] === verdict ? [] : scores;
  return { verdict, rewards };
}

function looksBinary(values: readonly unknown[]): boolean {
  const present = values.filter((value) => !isAbsent(value) && !Number.isNaN(value));
  const numbers = present.map((value) => (typeof value === "boolean" ? Number(value) : numberOf(value)));
  if (numbers.length === 0 || numbers.some((value) => !(value !== undefined && value >= 0 && value <= 1))) {
    return false;
  }
  return numbers.filter((value) => value !== 0 && value !== 1).length <= partialShare * numbers.length;
}

/** A finite number, of whatever type; undefined otherwise. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** One line for people. */
function describeRollouts({ verdict, rewards }: RolloutColumns): string {
  const judged =
    verdict === undefined ? "no column of verdicts: draws are unscored" : `verdict = "${verdict}"`;
  if (rewards.length === 0) return judged;
  const equal = rewards.length > 1 ? ", summed with equal weights" : "";
  return `${judged}, reward = ${rewards.map((name) => `"${name}"`).join(" + ")}${equal}`;
}

/** Folders that trainers make inside the run's own. */
const innerFolder =
  /^(?:completions|generations?|rollouts?|rollout_?data|(?:train|val|eval|test)\w*|dumps?|logs?|data|\d+)$/i;
const validationFolder = /^(?:val|eval|test)/i;

/** The run's name and what its draws are for, from the folders around a log. */
function runOf(path: string): { model: string; task: string } {
  let folder = dirname(resolve(path));
  let task = "training";
  while (innerFolder.test(basename(folder)) && dirname(folder) !== folder) {
    if (validationFolder.test(basename(folder))) task = "validation";
    folder = dirname(folder);
  }
  return { model: basename(folder) || "policy", task };
}

/** Makes the rows of one log. */
export class RolloutRows {
  readonly #path: string;
  readonly #context: ImportContext;
  readonly #drawSet: string;
  readonly #columns: RolloutColumns;
  readonly #run: { model: string; task: string };
  readonly #draws = new DrawNumbers();
  readonly #noted = new Set<string>();

  constructor(input: { path: string; context: ImportContext; drawSet: string; columns: RolloutColumns }) {
    this.#path = input.path;
    this.#context = input.context;
    this.#drawSet = input.drawSet;
    this.#columns = input.columns;
    this.#run = runOf(input.path);
    this.#note(describeRollouts(input.columns));
  }

  append(rows: Row[], rollout: Rollout): void {
    const { options } = this.#context;
    const { prompt, response, step, target, line } = rollout;
    const task = options.task ?? rollout.task ?? this.#run.task;
    const promptHash = promptHashOf({ prompt, task, problem: "" });
    const base: RowBase = {
      model: options.model ?? this.#run.model,
      ...(step !== undefined && { step }),
      task,
      problem: promptHash,
      promptHash,
      ...unknownSampling,
      source: { file: this.#path, line },
    };
    const draw = this.#draws.take(`${task}\u0000${step ?? ""}\u0000${promptHash}`);
    const reward = this.#reward(rollout.values);
    const parts: { -readonly [Name in keyof OutcomeParts]: OutcomeParts[Name] } = {
      drawSet: this.#drawSet,
      draw,
      ...this.#judgement(rollout.values),
      fingerprint: crc32(response),
    };
    if (reward !== undefined) parts.reward = reward;
    rows.push(outcomeRow(base, parts));
    if (!options.texts) return;
    rows.push({
      kind: "response",
      ...base,
      drawSet: this.#drawSet,
      draw,
      role: "draw",
      prompt,
      text: response,
      ...(target !== undefined && { target }),
    });
  }

  #judgement(values: JsonRecord): Pick<OutcomeParts, "verdict" | "reason" | "score" | "verifier"> {
    const { verdict: column } = this.#columns;
    if (column === undefined)
      return { verdict: "unscored", reason: "no verdict in the log", verifier: "none" };
    const raw = fieldOf(values, column);
    const value = numberOf(raw);
    if (value === undefined) {
      return { verdict: "unscored", reason: `${column} is ${shown(raw)}`, verifier: column };
    }
    if (value === 1) return { verdict: "correct", verifier: column };
    if (value === 0) return { verdict: "incorrect", verifier: column };
    if (value > 0 && value < 1) {
      this.#note(`${column}: ${partialScoreNote}`);
      return { verdict: "incorrect", score: value, verifier: column };
    }
    return { verdict: "unscored", reason: `${column} is not within [0, 1]`, score: value, verifier: column };
  }

  /** The sum of the reward functions that speak of this draw. */
  #reward(values: JsonRecord): number | undefined {
    const given = this.#columns.rewards.map((column) => numberOf(fieldOf(values, column)));
    const known = given.filter((value) => value !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
  }

  /** Says a thing once, of the run and not of its file: there is a file for every step. */
  #note(message: string): void {
    if (this.#noted.has(message)) return;
    this.#noted.add(message);
    this.#context.note(`${this.#run.model}: ${message}`);
  }
}
