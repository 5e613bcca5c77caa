/**
 * Draws of problems in rounds, a problem until its s-th success or its cap. Estimates after stopping are right only if
 * the draws that count are those up to the stop in their order; so a draw is recorded only once all before it are, and
 * one that ran ahead of the stop is thrown away whatever it says.
 */

import { isSuccess, type Unit } from "./unit.ts";
import type { NextUnit, SettledUnit, UnitSource, UnitState } from "./unit-source.ts";

/** The draws of one problem. */
export interface DrawSeries<Work extends Unit> {
  /** Names the problem among all series, as the outcomes of its draws do. */
  readonly name: string;
  unit(draw: number): Work;
}

/** A problem stops at its s-th success, or at the cap. */
export interface StopAt {
  readonly successes: number;
  /** Draws of a problem at most. */
  readonly cap: number;
}

/** What is known of draws from before this job. */
export interface KnownDraws<Work extends Unit> {
  state(unit: Work): UnitState;
  /** Successes recorded for the series. */
  successes(name: string): number;
  /** Called for each draw that is not to be done because it is finished or failed. */
  passOver(unit: Work, state: UnitState): void;
}

interface Problem<Work extends Unit> {
  readonly series: DrawSeries<Work>;
  /** Draws to do that failed before; they come first. */
  readonly again: readonly number[];
  /** The first draw that was never through; all after it are to do too. */
  readonly first: number;
  /** Draws to do in all. */
  readonly length: number;
  /** Draws that were handed out, and that were recorded, in the order in which they count. */
  begun: number;
  recorded: number;
  successes: number;
  readonly early: Map<string, SettledUnit<Work>>;
}

/** Draws of one problem under way at once, at most, unless said otherwise: what runs ahead may be thrown away. */
const usualAhead = 16;

/** Gives out draws of several problems in rounds, and records those up to each problem's stop in their order. */
export class DrawOrder<Work extends Unit> implements UnitSource<Work> {
  readonly #stopAt: StopAt;
  readonly #furthestAhead: number;
  readonly #open: Problem<Work>[] = [];
  readonly #problemOf = new Map<string, Problem<Work>>();
  #pointer = 0;
  #discarded = 0;

  constructor(
    series: Iterable<DrawSeries<Work>>,
    given: { stopAt: StopAt; known: KnownDraws<Work>; furthestAhead?: number },
  ) {
    this.#stopAt = given.stopAt;
    this.#furthestAhead = given.furthestAhead ?? usualAhead;
    const names = new Set<string>();
    for (const one of series) {
      if (names.has(one.name)) continue;
      names.add(one.name);
      const problem = this.#begin(one, given.known);
      if (this.#isOpen(problem)) this.#open.push(problem);
    }
  }

  /** Draws that were thrown away because their problem had stopped before them. */
  get discarded(): number {
    return this.#discarded;
  }

  next(): NextUnit<Work> {
    if (this.#open.length === 0) return "done";
    // Rounds: no problem is a draw ahead of another while slots can be filled otherwise.
    for (let ahead = 1; ahead <= this.#furthestAhead; ahead += 1) {
      for (let tried = 0; tried < this.#open.length; tried += 1) {
        const at = (this.#pointer + tried) % this.#open.length;
        const problem = this.#open[at] as Problem<Work>;
        if (problem.begun - problem.recorded >= ahead || problem.begun >= problem.length) continue;
        this.#pointer = at + 1;
        const unit = unitAt(problem, problem.begun);
        problem.begun += 1;
        this.#problemOf.set(unit.key, problem);
        return { unit };
      }
    }
    return "wait";
  }

  settle(settled: SettledUnit<Work>): readonly SettledUnit<Work>[] {
    const { key } = settled.unit;
    const problem = this.#problemOf.get(key);
    if (problem === undefined) throw new Error("a draw is settled that was not handed out");
    this.#problemOf.delete(key);
    if (!this.#isOpen(problem)) {
      this.#discarded += 1;
      return [];
    }
    problem.early.set(key, settled);
    const inOrder: SettledUnit<Work>[] = [];
    while (this.#isOpen(problem)) {
      const expected = unitAt(problem, problem.recorded).key;
      const one = problem.early.get(expected);
      if (one === undefined) break;
      problem.early.delete(expected);
      problem.recorded += 1;
      if (one.result !== undefined && isSuccess(one.result.rows)) problem.successes += 1;
      inOrder.push(one);
    }
    if (!this.#isOpen(problem)) this.#close(problem);
    return inOrder;
  }

  close(): void {}

  #begin(series: DrawSeries<Work>, known: KnownDraws<Work>): Problem<Work> {
    const again: number[] = [];
    const { cap } = this.#stopAt;
    let first = 0;
    for (; first < cap; first += 1) {
      const unit = series.unit(first);
      const state = known.state(unit);
      if (state === "open") break;
      if (state === "again") again.push(first);
      else known.passOver(unit, state);
    }
    const successes = known.successes(series.name);
    return {
      series,
      again,
      first,
      length: again.length + cap - first,
      begun: 0,
      recorded: 0,
      successes,
      early: new Map(),
    };
  }

  #isOpen(problem: Problem<Work>): boolean {
    return problem.successes < this.#stopAt.successes && problem.recorded < problem.length;
  }

  #close(problem: Problem<Work>): void {
    this.#discarded += problem.early.size;
    problem.early.clear();
    const at = this.#open.indexOf(problem);
    if (at < 0) return;
    this.#open.splice(at, 1);
    if (at < this.#pointer) this.#pointer -= 1;
  }
}

function unitAt<Work extends Unit>({ series, again, first }: Problem<Work>, place: number): Work {
  return series.unit(again[place] ?? first + place - again.length);
}
