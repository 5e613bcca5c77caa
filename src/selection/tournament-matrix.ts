/** Every candidate against every other at many N at once: what the tournament (29) takes its maxima over. */
import { checkN, comparedColumn, type LikelihoodTable, ratioRule } from "./likelihood-table.ts";

/** Hits of every ordered pair of candidates at several N, made by `tournamentMatrix`. */
export interface TournamentMatrix {
  /** In ascending order. */
  readonly ns: readonly number[];
  readonly models: readonly string[];
  readonly records: number;
  /** Records that `opponent` finds at least ns[n] times as probable as `candidate`: Ĉov_N · records of (28). */
  readonly hits: (cell: {
    readonly n: number;
    readonly opponent: number;
    readonly candidate: number;
  }) => number;
  /** max over opponents of the hits against `candidate` at ns[n], and the first opponent that has them; −1 without any. */
  readonly worst: (cell: { readonly n: number; readonly candidate: number }) => {
    readonly hits: number;
    readonly opponent: number;
  };
}

/**
 * The hits of all ordered pairs at all N, in one pass over the records a pair: each record counts where the largest N
 * that its ratio reaches stands among `ns`. Ratios are compared as in `empiricalCoverage`, tolerance included.
 *
 * Time: candidates² · records; memory: 4 bytes · candidates² · ns.
 *
 * @throws RangeError for no N, one below 1, or N that do not ascend.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "early", logProbabilities: Float64Array.of(-2, -2, -2) },
 *     { model: "late", logProbabilities: Float64Array.of(-1, -1, -6) },
 *   ],
 * });
 * const { hits, worst } = tournamentMatrix(table, { ns: [2, 8] });
 * hits({ n: 0, opponent: 1, candidate: 0 }); // 2
 * worst({ n: 1, candidate: 1 }); // { hits: 1, opponent: 0 }
 */
export function tournamentMatrix(
  table: LikelihoodTable,
  options: { readonly ns: readonly number[] },
): TournamentMatrix {
  const { ns } = options;
  const { models, columns, records } = table;
  if (ns.length === 0) throw new RangeError("ns is empty: must hold at least one N");
  ns.forEach((n, index) => {
    checkN(`ns[${index}]`, n);
    if (index > 0 && !(n > ns[index - 1]!)) {
      throw new RangeError(`ns[${index}] is ${n}: must be above ${ns[index - 1]}, the N before it`);
    }
  });
  const width = models.length;
  const { slope } = ratioRule(1);
  const positionOf = positionAmong(Float64Array.from(ns, (n) => ratioRule(n).base));
  const counts = new Int32Array(ns.length * width * width);
  const place = (n: number, opponent: number, candidate: number) =>
    (n * width + opponent) * width + candidate;
  const reached = new Int32Array(ns.length + 1);
  columns.forEach((column, candidate) => {
    const below = comparedColumn(column);
    const scaled = Float64Array.from(below, (value) => slope * value);
    columns.forEach((opponent, index) => {
      if (index === candidate) return;
      reached.fill(0);
      for (let record = 0; record < records; record++) {
        reached[positionOf(opponent[record]! - scaled[record]!)]!++;
      }
      let hits = 0;
      for (let n = ns.length - 1; n >= 0; n--) {
        hits += reached[n + 1]!;
        counts[place(n, index, candidate)] = hits;
      }
    });
  });
  return {
    ns,
    models,
    records,
    hits: ({ n, opponent, candidate }) => counts[place(n, opponent, candidate)]!,
    worst: ({ n, candidate }) => {
      let [hits, opponent] = [0, -1];
      for (let index = 0; index < width; index++) {
        const own = counts[place(n, index, candidate)]!;
        if (own > hits) [hits, opponent] = [own, index];
      }
      return { hits, opponent };
    },
  };
}

const cells = 2048;

/** How many of the ascending values are at most x: looked up by cells of equal width, then counted on from there. */
function positionAmong(ascending: Float64Array): (x: number) => number {
  const { length } = ascending;
  const first = ascending[0]!;
  const last = ascending[length - 1]!;
  const perCell = cells / Math.max(last - first, Number.MIN_VALUE);
  const starts = new Int32Array(cells + 1);
  for (let cell = 0; cell <= cells; cell++) {
    // Less than the cell's edge by more than rounding moves it, so that no value is skipped.
    const edge = first + (cell - 1) / perCell;
    while (starts[cell]! < length && ascending[starts[cell]!]! < edge) starts[cell]!++;
  }
  return (x) => {
    if (!(x >= first)) return 0;
    if (x >= last) return length;
    let position = starts[Math.floor((x - first) * perCell)]!;
    while (x >= ascending[position]!) position++;
    return position;
  };
}
