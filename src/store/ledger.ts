/**
 * The ledger turns a stream of rows into counts a problem: by model and checkpoint, task, sampling settings and
 * verifier. Repeats are counted once, contradictions are errors, different sampling settings stay apart.
 */
import { crc32 } from "node:zlib";
import {
  type Count,
  InputError,
  type Outcome,
  type Row,
  type RowBase,
  type SamplingSettings,
  type StoppingRule,
} from "../record/index.ts";
import type { RewardedDraws } from "./rewarded-draws.ts";
import type { CountedOutcomes } from "./run-counts.ts";
import { stoppingOfProblem } from "./stopping.ts";
import { Tally } from "./tally.ts";

/** Options of `Ledger`. */
export interface LedgerOptions {
  /** Pool draws taken under different sampling settings. Off unless asked. */
  readonly poolSampling?: boolean;
  /** Keep reward, gold, answer and verdict of each draw that has a reward, for Best-of-N. */
  readonly keepRewards?: boolean;
}

/** Counts of one problem under one group. `n` counts scored draws. */
export interface ProblemTally {
  readonly problem: string;
  readonly n: number;
  readonly correct: number;
  readonly unscored: number;
  readonly stopping: StoppingRule;
  /** CRC-32 of the text that all draws are, where they are one text. */
  readonly sameText?: number;
  /** Where rewards are kept and a draw has one. */
  readonly rewarded?: RewardedDraws;
}

/** All problems of one model (and checkpoint), task, sampling and verifier. */
export interface CountGroup {
  readonly model: string;
  readonly step?: number;
  readonly trainingTokens?: number;
  readonly task: string;
  readonly sampling: SamplingSettings;
  readonly samplingHash: string;
  readonly verifier: string;
  readonly problems: readonly ProblemTally[];
  /** Draws or aggregates that were given more than once and counted once. */
  readonly repeated: number;
}

interface Group {
  readonly sample: RowBase & { readonly verifier: string };
  /** By problem name; further prompts of a name that was met with another one are under name and hash. */
  readonly tallies: Map<string, Tally>;
  repeated: number;
}

/** Separates the parts of a key; cannot occur in a hash and is vanishingly rare in names. */
const separator = "\u0000";

/**
 * Counts outcomes by model, checkpoint, task, sampling settings and verifier: a repeated draw once, a contradiction
 * an error.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #groups = new Map<string, Group>();
  #lastKeys: RowBase | undefined;
  #lastVerifier = "";
  #lastGroup: Group | undefined;

  constructor(options: LedgerOptions = {}) {
    this.#options = options;
  }

  /**
   * Counts outcomes and counts, and passes over the other rows; `stopping` is the rule of the run that the outcomes come from.
   * Throws InputError on a draw or an aggregate that contradicts one already counted.
   */
  add(rows: Iterable<Row | CountedOutcomes>, stopping?: StoppingRule): void {
    for (const row of rows) {
      if (row.kind === "outcome") this.#addOutcome(row, stopping);
      else if (row.kind === "count") this.#addCount(row);
    }
  }

  /** The groups in the order in which they first appeared. */
  groups(): CountGroup[] {
    return [...this.#groups.values()].map((group) => {
      const { sample } = group;
      return {
        model: sample.model,
        ...(sample.step !== undefined && { step: sample.step }),
        ...(sample.trainingTokens !== undefined && { trainingTokens: sample.trainingTokens }),
        task: sample.task,
        sampling: this.#options.poolSampling ? {} : sample.sampling,
        samplingHash: this.#options.poolSampling ? "" : sample.samplingHash,
        verifier: sample.verifier,
        problems: namedTallies([...group.tallies.values()]),
        repeated: group.repeated,
      };
    });
  }

  #addOutcome(row: Outcome, stopping: StoppingRule | undefined): void {
    const group = this.#groupOf(row);
    const tally = this.#tallyOf(group, row);
    const admission = tally.addDraw({
      drawSet: this.#drawSetOf(row),
      draw: row.draw,
      digest: outcomeDigest(row),
      outcome: row,
    });
    if (admission === "new") {
      const drawn = tally.n + tally.unscored;
      if (drawn === 1) tally.declared = stopping;
      else if (tally.declared !== stopping) tally.declared = { kind: "unknown" };
    }
    if (admission === "repeated") group.repeated += 1;
    if (admission === "contradictory") {
      throw new InputError(
        `${place(row)}: draw ${row.draw} of problem "${row.problem}" (model "${row.model}") was already read with different content`,
      );
    }
  }

  #addCount(row: Count | CountedOutcomes): void {
    const group = this.#groupOf(row);
    const tally = this.#tallyOf(group, row);
    const admission = tally.addAggregate({
      drawSet: this.#drawSetOf(row),
      n: row.n,
      correct: row.correct,
      unscored: row.unscored,
      fingerprint: row.fingerprint,
    });
    tally.stopping = combinedStopping(tally.stopping, row.stopping, tally.drawSets);
    if (admission === "new" && "rewarded" in row) tally.rewarded?.addAll(row.rewarded);
    if (admission === "repeated") group.repeated += 1;
    if (admission === "contradictory") {
      throw new InputError(
        `${place(row)}: problem "${row.problem}" (model "${row.model}") was already read with other counts`,
      );
    }
  }

  #drawSetOf(row: Outcome | Count): string {
    return this.#options.poolSampling ? row.samplingHash + separator + row.drawSet : row.drawSet;
  }

  #groupOf(row: Outcome | Count): Group {
    const last = this.#lastKeys;
    if (
      last !== undefined &&
      this.#lastGroup !== undefined &&
      last.model === row.model &&
      last.task === row.task &&
      last.samplingHash === row.samplingHash &&
      last.step === row.step &&
      last.trainingTokens === row.trainingTokens &&
      this.#lastVerifier === row.verifier
    ) {
      return this.#lastGroup;
    }
    const key = [
      row.model,
      row.step ?? "",
      row.trainingTokens ?? "",
      row.task,
      this.#options.poolSampling ? "" : row.samplingHash,
      row.verifier,
    ].join(separator);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { sample: row, tallies: new Map(), repeated: 0 };
      this.#groups.set(key, group);
    }
    this.#lastKeys = row;
    this.#lastVerifier = row.verifier;
    this.#lastGroup = group;
    return group;
  }

  #tallyOf(group: Group, row: Outcome | Count): Tally {
    const known = group.tallies.get(row.problem);
    if (known?.promptHash === row.promptHash) return known;
    const key = known === undefined ? row.problem : row.promptHash + separator + row.problem;
    const further = known === undefined ? undefined : group.tallies.get(key);
    if (further !== undefined) return further;
    const created = new Tally({
      problem: row.problem,
      promptHash: row.promptHash,
      keepRewards: this.#options.keepRewards ?? false,
    });
    group.tallies.set(key, created);
    return created;
  }
}

/** Problems by name; where one name stands for several prompts, the prompt's hash tells them apart. */
function namedTallies(tallies: readonly Tally[]): ProblemTally[] {
  const uses = new Map<string, number>();
  for (const tally of tallies) uses.set(tally.problem, (uses.get(tally.problem) ?? 0) + 1);
  return tallies.map((tally) => ({
    problem: uses.get(tally.problem) === 1 ? tally.problem : `${tally.problem} (prompt ${tally.promptHash})`,
    n: tally.n,
    correct: tally.correct,
    unscored: tally.unscored,
    stopping: stoppingOf(tally),
    ...(tally.sameText !== undefined && { sameText: tally.sameText }),
    ...(tally.rewarded?.rewards.length && { rewarded: tally.rewarded }),
  }));
}

function stoppingOf(tally: Tally): StoppingRule {
  const { stopping, declared } = tally;
  if (declared === undefined) return stopping ?? { kind: "unknown" };
  return stopping === undefined ? stoppingOfProblem(tally, declared) : { kind: "unknown" };
}

function outcomeDigest(row: Outcome): number {
  const digest = crc32(
    `${row.verdict}|${row.fingerprint ?? ""}|${row.reward ?? ""}|${row.gold ?? ""}|${row.answer ?? ""}`,
  );
  return digest === 0 ? 1 : digest;
}

/** Two appended runs have a known common rule only if both are fixed in advance. */
function combinedStopping(
  known: StoppingRule | undefined,
  added: StoppingRule,
  drawSets: number,
): StoppingRule {
  if (known === undefined || drawSets === 1) return added;
  return known.kind === "fixed" && added.kind === "fixed" ? known : { kind: "unknown" };
}

function place(row: RowBase): string {
  const { file, line, member } = row.source;
  return `${file}${member === undefined ? "" : ` (${member})`}${line === undefined ? "" : `:${line}`}`;
}
