/** Does the tournament's choice depend on N? */
import { checkN, type LikelihoodTable } from "./likelihood-table.ts";
import type { TieDecision } from "./tie.ts";
import { tournamentIn } from "./tournament.ts";
import { tournamentField } from "./tournament-hits.ts";

/** The tournament's winner at one N. */
export interface WinnerAtN {
  readonly n: number;
  readonly winner: string;
  readonly score: number;
  /** How many candidates share the least score, the winner included. */
  readonly tied: number;
  readonly decided: Omit<TieDecision, "winner">;
}

/**
 * The tournament's winner at each of several N, to be shown against N: where one candidate wins over a range that holds
 * the deployed budget, the choice is robust; where many tie, N is too large for these data.
 *
 * @throws RangeError for no N or one below 1.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "a", logProbabilities: Float64Array.of(-1, -1, -4) },
 *     { model: "b", logProbabilities: Float64Array.of(-2, -2, -2) },
 *   ],
 * });
 * winnerCurve(table, { ns: [2, 8] }).map(({ winner, tied }) => [winner, tied]); // [["a", 1], ["b", 2]]
 */
export function winnerCurve(
  table: LikelihoodTable,
  options: { readonly ns: readonly number[] },
): WinnerAtN[] {
  if (options.ns.length === 0) throw new RangeError("ns is empty: must hold at least one N");
  for (const n of options.ns) checkN("ns", n);
  const field = tournamentField(table);
  return options.ns.map((n) => {
    const { winner, score, tied, decided } = tournamentIn(field, { n });
    return { n, winner, score, tied: tied.length, decided };
  });
}
