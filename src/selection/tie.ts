/** Which of several candidates with equal tournament scores is taken. */
import { crossEntropy } from "./cross-entropy.ts";
import { prunedHits, type TournamentField } from "./tournament-hits.ts";

const smallestN = 2;

/** Which of the candidates of the least score was taken, and by what. */
export interface TieDecision {
  /** Index of the candidate taken. */
  readonly winner: number;
  readonly by: "score" | "score at smaller N" | "cross-entropy" | "name";
  /** The N at which the score decided; undefined if it did at none. */
  readonly n: number | undefined;
}

/**
 * N/√2, N/2, … as long as at least 2, then 2 itself; none for N ≤ 2.
 *
 * @example
 * smallerN(8); // [8 / Math.SQRT2, 4, 4 / Math.SQRT2, 2]
 */
export function smallerN(n: number): number[] {
  const steps: number[] = [];
  for (let step = 1; n / 2 ** (step / 2) > smallestN * (1 + 1e-12); step++) steps.push(n / 2 ** (step / 2));
  if (n > smallestN) steps.push(smallestN);
  return steps;
}

/**
 * Candidates tied at N are told apart by their scores (against all opponents) at N/√2, N/2, … down to 2, then by
 * cross-entropy, then by name. Many ties are no accident: on checkpoints that all cover well, no opponent is ahead by
 * a large N anywhere, and cross-entropy alone would hand the choice back to the least loss.
 */
export function tieDecision(input: {
  readonly field: TournamentField;
  readonly n: number;
  readonly tied: readonly number[];
}): TieDecision {
  const { field, n, tied } = input;
  if (tied.length === 1) return { winner: tied[0]!, by: "score", n };
  let left = tied;
  for (const smaller of smallerN(n)) {
    left = prunedHits(field, smaller, left).tied;
    if (left.length === 1) return { winner: left[0]!, by: "score at smaller N", n: smaller };
  }
  const { models, columns } = field.table;
  const losses = new Map(left.map((candidate) => [candidate, crossEntropy(columns[candidate]!)]));
  return decisionByLoss({ models, left, lossOf: (candidate) => losses.get(candidate)! });
}

/** Among candidates that no score tells apart: the least cross-entropy, then the first name. */
export function decisionByLoss(input: {
  readonly models: readonly string[];
  readonly left: readonly number[];
  readonly lossOf: (candidate: number) => number;
}): TieDecision {
  const { models, left, lossOf } = input;
  const least = Math.min(...left.map(lossOf));
  const likeliest = left.filter((candidate) => lossOf(candidate) === least);
  const by = likeliest.length === 1 ? "cross-entropy" : "name";
  const winner = likeliest.reduce((best, candidate) =>
    models[candidate]! < models[best]! ? candidate : best,
  );
  return { winner, by, n: undefined };
}
