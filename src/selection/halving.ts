/**
 * Successive halving over checkpoints: score all on some records, keep the better half for twice as many, and go on. A
 * survivor's score is its worst opponent's doing, so each survivor's current strongest opponent is scored on too,
 * survivor itself or not; without these a bad checkpoint survives because who beat it is gone.
 */

import { type LikelihoodTable, likelihoodTable } from "./likelihood-table.ts";
import { exactCandidates, type TournamentScore, tournament } from "./tournament.ts";

/** Who goes on after a round of successive halving, made by `halvingRound`. */
export interface HalvingRound {
  /** Models that may still be the best, least score first. */
  readonly survivors: readonly string[];
  /** Models that are out, and are still scored as the strongest opponents of survivors. */
  readonly opponents: readonly string[];
  /** Models that need no more records. */
  readonly dropped: readonly string[];
  /** Scores of the models that were in before the round, exact. */
  readonly scores: readonly TournamentScore[];
  readonly records: number;
}

/**
 * One round: of the models that are still in, the half (rounded up) with the least scores max_π' Ĉov_N(π'‖π) on this
 * table survives, ties by name; opponents are all columns of the table. The table holds all records so far, of the models
 * that are in and of their opponents.
 *
 * @throws RangeError for N below 1 or a model that the table does not hold.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "early", logProbabilities: Float64Array.of(-2, -2, -2) },
 *     { model: "late", logProbabilities: Float64Array.of(-1, -1, -6) },
 *   ],
 * });
 * halvingRound(table, { n: 8 }).survivors; // ["early"]
 */
export function halvingRound(
  table: LikelihoodTable,
  options: { readonly n: number; readonly alive?: readonly string[] },
): HalvingRound {
  const alive = options.alive ?? table.models;
  const unknown = alive.find((model) => !table.models.includes(model));
  if (unknown !== undefined) throw new RangeError(`alive is ${unknown}: must be a model of the table`);
  const scores = scoresOf(table, { n: options.n, alive });
  const order = [...scores].sort(
    (left, right) => left.score - right.score || (left.model < right.model ? -1 : 1),
  );
  const kept = order.slice(0, Math.ceil(order.length / 2));
  const survivors = kept.map(({ model }) => model);
  const opponents = new Set(kept.flatMap(({ opponent }) => opponent ?? []));
  for (const model of survivors) opponents.delete(model);
  const dropped = table.models.filter((model) => !survivors.includes(model) && !opponents.has(model));
  return { survivors, opponents: [...opponents], dropped, scores, records: table.records };
}

/** Exact scores of some models against all columns; a large field is cut to one model and its opponents at a time. */
function scoresOf(
  table: LikelihoodTable,
  { n, alive }: { n: number; alive: readonly string[] },
): TournamentScore[] {
  if (table.models.length <= exactCandidates) {
    return tournament(table, { n }).scores.filter(({ model }) => alive.includes(model));
  }
  const columnOf = (model: string) => table.columns[table.models.indexOf(model)]!;
  return alive.map((model) => {
    let [score, opponent] = [0, undefined as string | undefined];
    for (const other of table.models) {
      if (other === model) continue;
      const pair = likelihoodTable({
        candidates: [
          { model, logProbabilities: columnOf(model) },
          { model: other, logProbabilities: columnOf(other) },
        ],
      });
      const against = tournament(pair, { n }).scores.find((entry) => entry.model === model);
      if (against !== undefined && against.score > score) [score, opponent] = [against.score, other];
    }
    return { model, score, exact: true, opponent };
  });
}
