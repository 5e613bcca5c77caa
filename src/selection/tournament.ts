/** The simple tournament (29): which candidate is least beaten by another by a factor N on the data? */
import { checkN, type LikelihoodTable } from "./likelihood-table.ts";
import { empiricalCoverage } from "./likelihood-table-coverage.ts";
import { smallerN, type TieDecision, tieDecision } from "./tie.ts";
import {
  exactHits,
  prunedHits,
  someoneHas,
  type TournamentField,
  tournamentField,
} from "./tournament-hits.ts";

/** Up to so many candidates every score is exact. */
export const exactCandidates = 64;

/** One candidate's score in a tournament: the coverage failure against its strongest opponent, in [0, 1]. */
export interface TournamentScore {
  readonly model: string;
  /** max_π' Ĉov_N(π'‖π), or a lower bound of it. */
  readonly score: number;
  /** False for a lower bound: the score is at least this. */
  readonly exact: boolean;
  /** The opponent that reaches the score; undefined if no opponent exceeds N anywhere. */
  readonly opponent: string | undefined;
}

/** Differences of scores that a tournament can resolve, made by `tournamentResolution`. */
export interface Resolution {
  /** 8·log(4|Π|/δ)/n of Theorem 6.3: score differences of this order cannot be told from noise. */
  readonly theorem: number;
  /** 4·log(4|Π|/δ)/n, which the proof's Lemma F.2 allows. */
  readonly lemma: number;
  readonly delta: number;
}

/** The winner of the simple tournament (29) and all scores, made by `tournament`. */
export interface Tournament {
  readonly n: number;
  readonly winner: string;
  /** The winner's score, always exact. */
  readonly score: number;
  /** All models with that score, the winner among them. */
  readonly tied: readonly string[];
  readonly decided: Omit<TieDecision, "winner">;
  /** In the table's order. */
  readonly scores: readonly TournamentScore[];
  readonly resolution: Resolution;
  /** Records of the winner against its opponent whose ratio is N within the tolerance. */
  readonly atTolerance: number;
  /** Records to which both the winner and its opponent give no mass. */
  readonly undefinedRatios: number;
  readonly records: number;
  readonly prompts: number;
}

/**
 * argmin_π max_π' Ĉov_N(π'‖π) (29), opponents being the other candidates. Up to 64 candidates every score is exact;
 * above, the winner's and those tied with it, and the others are lower bounds (`exact: false`).
 *
 * Ties go by the scores at N/√2, N/2, … down to 2, then by cross-entropy, then by name (our choice). ε_stat counts
 * prompts for n, as responses to one prompt are not independent.
 *
 * Theorem 6.3 takes records as draws from the data distribution. Time: about 3 comparisons a cell above 64
 * candidates, up to 64 below.
 *
 * @throws RangeError for N below 1 or delta outside (0, 1).
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "early", logProbabilities: Float64Array.of(-2, -2, -2) },
 *     { model: "late", logProbabilities: Float64Array.of(-1, -1, -6) },
 *   ],
 * });
 * const { winner, scores } = tournament(table, { n: 8 });
 * winner; // "early"
 * scores[1]; // { model: "late", score: 1 / 3, exact: true, opponent: "early" }
 */
export function tournament(
  table: LikelihoodTable,
  options: { readonly n: number; readonly delta?: number },
): Tournament {
  return tournamentIn(tournamentField(table), options);
}

/** The tournament of a field whose envelope is known. */
export function tournamentIn(
  field: TournamentField,
  options: { readonly n: number; readonly delta?: number },
): Tournament {
  const { n, delta = 0.05 } = options;
  const { table } = field;
  const { models, columns, records } = table;
  checkN("n", n);
  const run = columns.length <= exactCandidates ? exactHits(field, n) : prunedHits(field, n);
  const { winner, ...decided } = tieDecision({ field, n, tied: run.tied });
  const scores = models.map((model, index) => ({
    model,
    score: run.hits[index]! / records,
    exact: run.exact[index] === 1,
    opponent: models[run.opponent[index]!],
  }));
  const opponent = columns[run.opponent[winner]!];
  const against = opponent && empiricalCoverage({ of: opponent, under: columns[winner]!, n });
  return {
    n,
    winner: models[winner]!,
    score: run.least / records,
    tied: run.tied.map((index) => models[index]!),
    decided,
    scores,
    resolution: tournamentResolution({ candidates: models.length, prompts: table.promptCount, delta }),
    atTolerance: against?.atTolerance ?? 0,
    undefinedRatios: against?.undefinedRatios ?? 0,
    records,
    prompts: table.promptCount,
  };
}

/**
 * ε_stat of Theorem 6.3, what the tournament's scores can resolve with n independent records (prompts).
 *
 * @throws RangeError for delta outside (0, 1), no candidates or no prompts.
 * @example
 * tournamentResolution({ candidates: 9, prompts: 1319, delta: 0.05 }).theorem; // (8 * Math.log(720)) / 1319
 */
export function tournamentResolution(input: {
  readonly candidates: number;
  readonly prompts: number;
  readonly delta: number;
}): Resolution {
  const { candidates, prompts, delta } = input;
  if (!(delta > 0 && delta < 1)) {
    throw new RangeError(`delta is ${delta}: must lie between 0 and 1, both excluded`);
  }
  if (!(candidates >= 1)) throw new RangeError(`candidates is ${candidates}: must be at least 1`);
  if (!(prompts >= 1)) throw new RangeError(`prompts is ${prompts}: must be at least 1`);
  const lemma = (4 * Math.log((4 * candidates) / delta)) / prompts;
  return { theorem: 2 * lemma, lemma, delta };
}

/**
 * The N at which a tournament for a deployed budget of M responses can tell candidates apart: the largest of M, M/√2,
 * M/2, … down to 2 at which the best and the worst score differ by at least `minimumHits` records. undefined if there
 * is none: the candidates are not distinguishable on these data.
 *
 * @throws RangeError for a budget below 2 or minimumHits below 1.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "early", logProbabilities: new Float64Array(20).fill(-1) },
 *     { model: "late", logProbabilities: new Float64Array(20).fill(-2) },
 *   ],
 * });
 * distinguishingN(table, { budget: 8 }); // 2
 */
export function distinguishingN(
  table: LikelihoodTable,
  options: { readonly budget: number; readonly minimumHits?: number },
): number | undefined {
  const { budget, minimumHits = 10 } = options;
  if (!(budget >= 2 && budget < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`budget is ${budget}: must be finite and at least 2`);
  }
  if (!(minimumHits >= 1)) throw new RangeError(`minimumHits is ${minimumHits}: must be at least 1`);
  const field = tournamentField(table);
  return [budget, ...smallerN(budget)].find((n) => {
    const { least, hits } = prunedHits(field, n);
    const wanted = least + minimumHits;
    return hits.some((value) => value >= wanted) || someoneHas(field, n, wanted);
  });
}
