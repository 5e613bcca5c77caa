/** Counts of draws and correct draws per problem: what every estimator of this folder takes. */

/** When sampling of a problem ended: after a fixed number, at its s-th success with a cap, or nobody knows. */
export type StoppingRule =
  | { readonly kind: "fixed" }
  | { readonly kind: "unknown" }
  | { readonly kind: "successes"; readonly successes: number; readonly cap: number };

/** Verdicts on one problem's draws: what pass@k and its forecast are computed from. */
export interface ProblemCount {
  readonly draws: number;
  readonly correct: number;
  /** Taken as fixed where absent. */
  readonly stopping?: StoppingRule;
}

/** Equal counts of several problems, held once. */
export interface DistinctCount extends ProblemCount {
  readonly problems: number;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/**
 * Throws RangeError unless draws and correct are integers with 0 ≤ correct ≤ draws that the stopping rule allows:
 * at most `successes` correct, at most `cap` draws, and fewer than `successes` correct only at the cap.
 *
 * @example
 * checkCount({ draws: 3, correct: 4 }); // throws RangeError: count.correct is 4: must be an integer between 0 and draws, 3
 */
export function checkCount(count: ProblemCount, name = "count"): void {
  const { draws, correct, stopping } = count;
  if (!isCount(draws)) throw new RangeError(`${name}.draws is ${draws}: must be an integer of at least 0`);
  if (!isCount(correct) || correct > draws) {
    throw new RangeError(`${name}.correct is ${correct}: must be an integer between 0 and draws, ${draws}`);
  }
  if (stopping?.kind !== "successes") return;
  const { successes, cap } = stopping;
  if (!isCount(successes) || successes < 1) {
    throw new RangeError(`${name}.stopping.successes is ${successes}: must be an integer of at least 1`);
  }
  if (!isCount(cap) || cap < successes) {
    throw new RangeError(`${name}.stopping.cap is ${cap}: must be an integer of at least ${successes}`);
  }
  if (draws > cap) throw new RangeError(`${name}.draws is ${draws}: its stopping rule allows at most ${cap}`);
  if (correct > successes) {
    throw new RangeError(`${name}.correct is ${correct}: its stopping rule allows at most ${successes}`);
  }
  if (correct < successes && draws < cap) {
    throw new RangeError(
      `${name}.draws is ${draws} with ${correct} correct: its stopping rule ends at ${successes} correct or ${cap} draws`,
    );
  }
}

/**
 * Throws RangeError for no counts at all, or naming the first count that is wrong.
 *
 * @example
 * checkCounts([]); // throws RangeError: counts is empty
 */
export function checkCounts(counts: readonly ProblemCount[]): void {
  if (counts.length === 0) throw new RangeError("counts is empty: must hold at least one problem");
  for (let index = 0; index < counts.length; index++) checkCount(counts[index]!, `counts[${index}]`);
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const created = create();
  map.set(key, created);
  return created;
}

/** The same counts collapsed to distinct (draws, correct, stopping rule), in order of first appearance. */
export function distinctCounts(counts: readonly ProblemCount[]): DistinctCount[] {
  const { distinct, positions } = distinctPositions(counts);
  const problems = new Uint32Array(distinct.length);
  for (const position of positions) problems[position]!++;
  return distinct.map((count, position) => ({ ...count, problems: problems[position]! }));
}

/** The distinct counts, in order of first appearance, and which of them each count equals. */
export function distinctPositions(counts: readonly ProblemCount[]): {
  readonly distinct: readonly ProblemCount[];
  readonly positions: Uint32Array;
} {
  const distinct: ProblemCount[] = [];
  const byRule = new Map<string, Map<number, Map<number, number>>>();
  const positions = new Uint32Array(counts.length);
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index]!;
    const rule = count.stopping;
    const name = rule?.kind === "successes" ? `${rule.successes} ${rule.cap}` : "";
    const byDraws = entryOf(byRule, name, () => new Map());
    const byCorrect = entryOf(byDraws, count.draws, () => new Map());
    positions[index] = entryOf(byCorrect, count.correct, () => distinct.push(count) - 1);
  }
  return { distinct, positions };
}

/** Draws of all problems together. */
export function totalDraws(counts: readonly ProblemCount[]): number {
  let sum = 0;
  for (const count of counts) sum += count.draws;
  return sum;
}

/**
 * True if problems have unequal numbers of draws and some problem's stopping rule is unknown: then even pass@k for
 * k ≤ min n may be biased, and a report has to say so.
 *
 * @example
 * const stopped = { draws: 3, correct: 1, stopping: { kind: "unknown" as const } };
 * drawsDifferForUnknownReason([stopped, { draws: 9, correct: 0 }]); // true
 */
export function drawsDifferForUnknownReason(counts: readonly ProblemCount[]): boolean {
  const first = counts[0];
  if (first === undefined) return false;
  return (
    counts.some((count) => count.draws !== first.draws) &&
    counts.some((count) => count.stopping?.kind === "unknown")
  );
}
