/**
 * The draws of one problem, counted on the way in: verdict totals, and for each draw a 32-bit digest that tells a
 * repetition (ignored) from a contradiction (an error). Two to five bytes a draw, so logs of any length fit.
 */
import type { Outcome, StoppingRule } from "../record/index.ts";
import { SameText } from "./copied-draws.ts";
import { RewardedDrawColumns } from "./rewarded-draws.ts";

/** What a tally says when a draw or an aggregate is offered. */
export type Admission = "new" | "repeated" | "contradictory";

interface DrawSet {
  readonly name: string;
  /** Digests by draw number, 0 where unseen: a plain array while it is short, four bytes a draw afterwards. */
  dense: number[] | Uint32Array;
  /** Draw numbers too far apart for an array. */
  sparse?: Map<number, number>;
  aggregate?: { n: number; correct: number; unscored: number };
}

const longestPlain = 64;

export class Tally {
  readonly problem: string;
  readonly promptHash: string;
  n = 0;
  correct = 0;
  unscored = 0;
  stopping: StoppingRule | undefined;
  /** The rule of the runs that the draws came from; `unknown` if some came from elsewhere. */
  declared: StoppingRule | undefined;
  /** Present only if the ledger keeps rewards. */
  readonly rewarded: RewardedDrawColumns | undefined;
  readonly #text = new SameText();
  /** Nearly always one; a map would cost more than the problem's counts. */
  #sets: DrawSet[] = [];

  constructor(options: { problem: string; promptHash: string; keepRewards: boolean }) {
    this.problem = options.problem;
    this.promptHash = options.promptHash;
    this.rewarded = options.keepRewards ? new RewardedDrawColumns() : undefined;
  }

  addDraw(input: { drawSet: string; draw: number; digest: number; outcome: Outcome }): Admission {
    const set = this.#setOf(input.drawSet);
    const seen = digestAt(set, input.draw);
    if (seen !== 0) return seen === input.digest ? "repeated" : "contradictory";
    storeDigest(set, input.draw, input.digest);
    const { verdict } = input.outcome;
    if (verdict === "unscored") this.unscored += 1;
    else {
      this.n += 1;
      if (verdict === "correct") this.correct += 1;
    }
    this.rewarded?.add(input.outcome);
    this.#text.add(input.outcome.fingerprint);
    return "new";
  }

  addAggregate(input: {
    drawSet: string;
    n: number;
    correct: number;
    unscored: number;
    fingerprint: number | undefined;
  }): Admission {
    const set = this.#setOf(input.drawSet);
    const { n, correct, unscored } = input;
    if (set.aggregate !== undefined) {
      const same =
        set.aggregate.n === n && set.aggregate.correct === correct && set.aggregate.unscored === unscored;
      return same ? "repeated" : "contradictory";
    }
    set.aggregate = { n, correct, unscored };
    this.n += n;
    this.correct += correct;
    this.unscored += unscored;
    this.#text.add(input.fingerprint);
    return "new";
  }

  /** Draw sets that are pooled here: more than one means that several runs were appended. */
  get drawSets(): number {
    return this.#sets.length;
  }

  /** Fingerprint of the text that all draws are, where they are one. */
  get sameText(): number | undefined {
    return this.#text.fingerprint;
  }

  #setOf(name: string): DrawSet {
    for (const set of this.#sets) if (set.name === name) return set;
    const created: DrawSet = { name, dense: [] };
    this.#sets.push(created);
    return created;
  }
}

function digestAt(set: DrawSet, draw: number): number {
  return (draw < set.dense.length ? set.dense[draw] : set.sparse?.get(draw)) ?? 0;
}

function storeDigest(set: DrawSet, draw: number, digest: number): void {
  const { dense } = set;
  if (draw < dense.length) {
    dense[draw] = digest;
    return;
  }
  if (Array.isArray(dense) && draw === dense.length && draw < longestPlain) {
    dense.push(digest);
    return;
  }
  if (draw > 4 * dense.length + 1024) {
    set.sparse ??= new Map();
    set.sparse.set(draw, digest);
    return;
  }
  const grown = new Uint32Array(Math.max(2 * dense.length, draw + 1));
  grown.set(dense);
  for (const [far, value] of set.sparse ?? []) {
    if (far >= grown.length) continue;
    grown[far] = value;
    set.sparse?.delete(far);
  }
  grown[draw] = digest;
  set.dense = grown;
}
