/** The offset tournament (32): the simple one, less what the candidate's own draws explain. */
import { checkN, type LikelihoodTable } from "./likelihood-table.ts";
import { type DrawTable, type RatioMethod, ratioEstimate } from "./ratio-estimator.ts";
import { tieDecision } from "./tie.ts";
import { exactCandidates } from "./tournament.ts";
import {
  opponentHits,
  type PairHits,
  prunedHits,
  type TournamentField,
  tournamentField,
} from "./tournament-hits.ts";

/** One candidate's score in an offset tournament. */
export interface OffsetScore {
  readonly model: string;
  /** max_π' {Ĉov_N(π'‖π) − 2γ·Ĉov^π_N(π'‖π)}, at least 0 (π' = π); or a lower bound of it. */
  readonly score: number;
  readonly exact: boolean;
  /** The opponent that reaches the score, with its two terms; undefined if the score is 0. */
  readonly opponent: string | undefined;
  /** Ĉov_N(π'‖π) and Ĉov^π_N(π'‖π) for that opponent. */
  readonly coverage: number | undefined;
  readonly onPolicy: number | undefined;
}

/** The winner of the offset tournament (32) and all scores, made by `offsetTournament`. */
export interface OffsetTournament {
  readonly n: number;
  readonly gamma: number;
  readonly method: RatioMethod;
  readonly winner: string;
  readonly score: number;
  readonly tied: readonly string[];
  readonly scores: readonly OffsetScore[];
  /** How many pairs' Ĉov^π had to be estimated. */
  readonly estimatedPairs: number;
  readonly records: number;
}

/**
 * argmin_π max_π' {Ĉov_N(π'‖π) − 2γ·Ĉov^π_N(π'‖π)}, γ = N^a (32), which needs N ≥ 8γ². Ĉov is counted on the data,
 * Ĉov^π estimated from the draws (`ratioEstimate`) with prompts weighed by their number of data records where the
 * table's prompts are given. A pair without usable draws has offset 0, as in the simple tournament.
 *
 * An opponent matters only while its Ĉov exceeds the largest difference so far, so few pairs are estimated. Up to 64
 * candidates every score is exact; above, the winner's and those tied with it. Ties go by the simple tournament at N
 * and then by its rules (our choice). Theorem 6.4's constants slip in its proof: no number is certified by it.
 *
 * @throws RangeError for N below 1, a outside [0, 1], N < 8γ², or draws of other models than the table's.
 * @example
 * const candidates = [
 *   { model: "a", logProbabilities: Float64Array.of(-1, -1) },
 *   { model: "b", logProbabilities: Float64Array.of(-4, -1) },
 * ];
 * const draws = drawTable({ candidates, drawnBy: ["a", "b"], prompts: ["x", "x"] });
 * offsetTournament(likelihoodTable({ candidates }), { draws, n: 8, exponent: 0 }).winner; // "a"
 */
export function offsetTournament(
  table: LikelihoodTable,
  options: {
    readonly draws: DrawTable;
    readonly n: number;
    /** a of γ = N^a. */
    readonly exponent: number;
    /** "balance" where absent. */
    readonly method?: RatioMethod;
    /** Data records of each prompt, where prompts should not count equally. */
    readonly promptWeights?: ReadonlyMap<string | number, number>;
  },
): OffsetTournament {
  const { draws, n, exponent, method = "balance", promptWeights } = options;
  const gamma = checkedGamma(n, exponent);
  const { models, records } = table;
  if (models.length !== draws.models.length || models.some((model) => !draws.models.includes(model))) {
    throw new RangeError("draws hold other models than the table: must be scored by the same candidates");
  }
  const field = tournamentField(table);
  const estimates = new Map<string, number>();
  const onPolicy = (pair: PairHits): number => {
    const key = `${pair.candidate} ${pair.opponent}`;
    let value = estimates.get(key);
    if (value === undefined) {
      const result = ratioEstimate(draws, {
        of: models[pair.opponent]!,
        under: models[pair.candidate]!,
        n,
        method,
        ...(promptWeights === undefined ? {} : { weights: promptWeights }),
      });
      value = result?.estimate ?? 0;
      estimates.set(key, value);
    }
    return value;
  };
  const differenceOf = (pair: PairHits): number => pair.hits / records - 2 * gamma * onPolicy(pair);
  const scored = models.length <= exactCandidates ? allExact : pruned;
  const scores = scored({ field, n, differenceOf }).map(({ value, pair, exact }, candidate) => ({
    model: models[candidate]!,
    score: value,
    exact,
    opponent: pair && models[pair.opponent],
    coverage: pair && pair.hits / records,
    onPolicy: pair && onPolicy(pair),
  }));
  const score = Math.min(...scores.filter(({ exact }) => exact).map((entry) => entry.score));
  const tied = scores.flatMap((entry, index) => (entry.exact && entry.score === score ? [index] : []));
  const simple = tied.length === 1 ? tied : prunedHits(field, n, tied).tied;
  const { winner } = tieDecision({ field, n, tied: simple });
  return {
    n,
    gamma,
    method,
    winner: models[winner]!,
    score,
    tied: tied.map((index) => models[index]!),
    scores,
    estimatedPairs: estimates.size,
    records,
  };
}

/** γ = N^a, checked for N ≥ 8γ² up to rounding. */
function checkedGamma(n: number, exponent: number): number {
  checkN("n", n);
  if (!(exponent >= 0 && exponent <= 1)) {
    throw new RangeError(`exponent is ${exponent}: must be between 0 and 1`);
  }
  const gamma = n ** exponent;
  if (n >= 8 * gamma ** 2 * (1 - 1e-12)) return gamma;
  throw new RangeError(`n is ${n} and gamma ${gamma}: n must be at least 8·gamma², ${8 * gamma ** 2}`);
}

interface Scored {
  readonly value: number;
  readonly pair: PairHits | undefined;
  readonly exact: boolean;
}

interface OffsetRun {
  readonly field: TournamentField;
  readonly n: number;
  readonly differenceOf: (pair: PairHits) => number;
}

/** The largest difference of one candidate, or the first one above `limit`. */
function largestDifference(run: OffsetRun, candidate: number, limit: number): Scored {
  const pairs = opponentHits(run.field, run.n, candidate).sort((left, right) => right.hits - left.hits);
  const { records } = run.field.table;
  let best: Scored = { value: 0, pair: undefined, exact: true };
  for (const pair of pairs) {
    if (pair.hits / records <= best.value) break;
    const value = run.differenceOf(pair);
    if (value > best.value) best = { value, pair, exact: true };
    if (value > limit) return { ...best, exact: false };
  }
  return best;
}

function allExact(run: OffsetRun): Scored[] {
  return run.field.table.models.map((_, candidate) =>
    largestDifference(run, candidate, Number.POSITIVE_INFINITY),
  );
}

/** Candidates in the order of their simple scores; each is given up at the first opponent above the incumbent. */
function pruned(run: OffsetRun): Scored[] {
  const { exact, hits } = prunedHits(run.field, run.n);
  const order = run.field.table.models
    .map((_, index) => index)
    .sort((left, right) => exact[right]! - exact[left]! || hits[left]! - hits[right]!);
  const scores: Scored[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of order) {
    const scored = largestDifference(run, candidate, least);
    scores[candidate] = scored;
    if (scored.exact) least = Math.min(least, scored.value);
  }
  return scores;
}
