/** Where a lane's units come from, and what becomes of their results. */
import type { UnitFailure } from "../store/index.ts";
import type { Unit, UnitResult } from "./unit.ts";

/** A unit that is through: with a result, or failed for good. */
export interface SettledUnit<Work extends Unit> {
  readonly unit: Work;
  readonly result?: UnitResult;
  readonly failed?: UnitFailure;
}

export interface UnitSource<Work extends Unit> {
  /**
   * The next unit that is to be done; `done` where there is none and will be none, `wait` where a unit in flight
   * decides about the next.
   */
  next(): Promise<NextUnit<Work>> | NextUnit<Work>;
  /** The units that are to be recorded now that this one is through: none, itself, or others that waited for it. */
  settle(settled: SettledUnit<Work>): readonly SettledUnit<Work>[];
  /** No more units will be asked for. */
  close(): void;
}

export type NextUnit<Work extends Unit> = { readonly unit: Work } | "wait" | "done";

/** What is known of a unit from before; `again`: it failed and is to be tried once more. */
export type UnitState = "open" | "done" | "failed" | "again";

export type Units<Work extends Unit> = Iterable<Work> | AsyncIterable<Work>;

/** Units one after another, each recorded as soon as it is through. */
export function sequentialSource<Work extends Unit>(
  units: Units<Work>,
  isOpen: (unit: Work) => boolean,
): UnitSource<Work> {
  const iterator = Symbol.asyncIterator in units ? units[Symbol.asyncIterator]() : units[Symbol.iterator]();
  return {
    async next() {
      for (;;) {
        const step = await iterator.next();
        if (step.done === true) return "done";
        if (isOpen(step.value)) return { unit: step.value };
      }
    },
    settle: (settled) => [settled],
    close() {
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    },
  };
}
