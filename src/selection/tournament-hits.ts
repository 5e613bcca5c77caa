/**
 * The inner loops of the simple tournament: how many records the worst opponent of each candidate wins by a factor N.
 *
 * Exact: every opponent, over the records where the envelope max_π' log π' exceeds the candidate by N, since no other
 * record can hit. Pruned: candidates in the order of the same tournament on a strided subsample, so that a
 * good incumbent comes first; a few opponents that refuted others lately ("killers") are tried on each next candidate and
 * stop as soon as their hits exceed the incumbent's. A refuted candidate has a lower bound of its hits, every other
 * candidate its exact hits; so the least hits and all candidates that have them are exact.
 */
import {
  comparedColumn,
  type LikelihoodTable,
  type LogProbabilities,
  type RatioRule,
  ratioRule,
} from "./likelihood-table.ts";

/** A table with the largest log-probability of each record. */
export interface TournamentField {
  readonly table: LikelihoodTable;
  readonly envelope: LogProbabilities;
}

/** One entry a candidate of the table. */
export interface TournamentHits {
  /** Hits of the worst opponent, or a lower bound; 0 for a single candidate. −1 where the candidate was not asked for. */
  readonly hits: Float64Array;
  /** An opponent with that many hits (by `exactHits` the first of several); −1 where no opponent has any. */
  readonly opponent: Int32Array;
  readonly exact: Uint8Array;
  /** The least hits among the candidates asked for. */
  readonly least: number;
  /** All candidates with the least hits. */
  readonly tied: readonly number[];
}

const orderingRecords = 4000;
/** Hits are counted without a branch, and looked at after so many records. */
const chunk = 1024;
const frontKillers = 8;

/** One pass over the table. */
export function tournamentField(table: LikelihoodTable): TournamentField {
  const { columns, records } = table;
  const envelope =
    columns[0]! instanceof Float32Array ? new Float32Array(records) : new Float64Array(records);
  envelope.fill(Number.NEGATIVE_INFINITY);
  for (const column of columns) raise(envelope, column);
  return { table, envelope };
}

function raise(envelope: LogProbabilities, column: LogProbabilities): void {
  for (let record = 0; record < column.length; record++) {
    const value = column[record]!;
    if (value > envelope[record]!) envelope[record] = value;
  }
}

/** Every candidate (or those asked for) against every opponent; exact. */
export function exactHits(
  field: TournamentField,
  n: number,
  contenders: readonly number[] = everyone(field),
): TournamentHits {
  const result = emptyHits(field.table.columns.length);
  const active = activeRecords(field, n);
  for (const candidate of contenders) {
    active.of(candidate);
    let most = 0;
    let worst = -1;
    field.table.columns.forEach((opponent, index) => {
      if (index === candidate) return;
      const hits = active.hits(opponent, Number.POSITIVE_INFINITY);
      if (hits <= most) return;
      most = hits;
      worst = index;
    });
    result.hits[candidate] = most;
    result.opponent[candidate] = worst;
    result.exact[candidate] = 1;
  }
  return finished(result, contenders);
}

/** The least hits, and all candidates that have them; other candidates get lower bounds. */
export function prunedHits(
  field: TournamentField,
  n: number,
  contenders: readonly number[] = everyone(field),
): TournamentHits {
  const { columns } = field.table;
  const result = emptyHits(columns.length);
  const rule = ratioRule(n);
  const active = activeRecords(field, n);
  const killers = likelyOrder(field, n);
  const asked = new Set(contenders);
  let least = Number.POSITIVE_INFINITY;

  const refuted = (candidate: number, hits: number, place: number): void => {
    const opponent = killers[place]!;
    result.hits[candidate] = hits;
    result.opponent[candidate] = opponent;
    killers.splice(place, 1);
    killers.unshift(opponent);
  };

  for (const candidate of killers.filter((index) => asked.has(index))) {
    const below = comparedColumn(columns[candidate]!);
    let dead = false;
    const front = least === Number.POSITIVE_INFINITY ? 0 : Math.min(frontKillers, killers.length);
    for (let place = 0; place < front && !dead; place++) {
      if (killers[place] === candidate) continue;
      const hits = hitsUpTo({ opponent: columns[killers[place]!]!, below, rule, limit: least });
      dead = hits > least;
      if (dead) refuted(candidate, hits, place);
    }
    if (dead) continue;

    const count = active.of(candidate);
    let most = 0;
    let worst = -1;
    for (let place = 0; place < killers.length && !dead && most < count; place++) {
      const index = killers[place]!;
      if (index === candidate) continue;
      const hits = active.hits(columns[index]!, least);
      dead = hits > least;
      if (dead) refuted(candidate, hits, place);
      else if (hits > most) {
        most = hits;
        worst = index;
      }
    }
    if (dead) continue;
    result.hits[candidate] = most;
    result.opponent[candidate] = worst;
    result.exact[candidate] = 1;
    least = most;
  }
  return finished(result, contenders);
}

/** Hits of one opponent against one candidate. */
export interface PairHits {
  readonly candidate: number;
  readonly opponent: number;
  readonly hits: number;
}

/** Every opponent's hits against one candidate. */
export function opponentHits(field: TournamentField, n: number, candidate: number): PairHits[] {
  const active = activeRecords(field, n);
  active.of(candidate);
  return everyone(field)
    .filter((opponent) => opponent !== candidate)
    .map((opponent) => ({
      candidate,
      opponent,
      hits: active.hits(field.table.columns[opponent]!, Number.POSITIVE_INFINITY),
    }));
}

/** Is there a candidate that some opponent beats by a factor N on at least `hits` records? */
export function someoneHas(field: TournamentField, n: number, hits: number): boolean {
  const { columns } = field.table;
  const active = activeRecords(field, n);
  const opponents = likelyOrder(field, n);
  return opponents.toReversed().some((candidate) => {
    if (active.of(candidate) < hits) return false;
    return opponents.some((index) => index !== candidate && active.hits(columns[index]!, hits - 1) >= hits);
  });
}

function everyone(field: TournamentField): number[] {
  return field.table.columns.map((_, index) => index);
}

interface GrowingHits {
  readonly hits: Float64Array;
  readonly opponent: Int32Array;
  readonly exact: Uint8Array;
}

function emptyHits(candidates: number): GrowingHits {
  return {
    hits: new Float64Array(candidates).fill(-1),
    opponent: new Int32Array(candidates).fill(-1),
    exact: new Uint8Array(candidates),
  };
}

function finished(result: GrowingHits, contenders: readonly number[]): TournamentHits {
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of contenders) {
    if (result.exact[candidate] === 1) least = Math.min(least, result.hits[candidate]!);
  }
  const tied = contenders.filter(
    (candidate) => result.exact[candidate] === 1 && result.hits[candidate] === least,
  );
  return { ...result, least, tied };
}

/** Candidates in the order of a tournament on a strided subsample: its winner first. */
function likelyOrder(field: TournamentField, n: number): number[] {
  const { columns, records } = field.table;
  const stride = Math.floor(records / orderingRecords);
  if (stride < 2) return envelopeOrder(field, ratioRule(n));
  const strided = (column: LogProbabilities): LogProbabilities => {
    const sample = column.slice(0, Math.ceil(records / stride));
    for (let place = 0; place < sample.length; place++) sample[place] = column[place * stride]!;
    return sample;
  };
  const sample = tournamentField({
    ...field.table,
    columns: columns.map(strided),
    records: Math.ceil(records / stride),
  });
  return tournamentOrder(sample, n).order;
}

/** Candidates by their (known) hits, the winner first; and as opponents, by how many candidates each refuted. */
export function tournamentOrder(
  field: TournamentField,
  n: number,
): { readonly order: number[]; readonly opponents: number[] } {
  const { hits, exact, opponent } = prunedHits(field, n);
  const order = envelopeOrder(field, ratioRule(n)).sort(
    (left, right) => exact[right]! - exact[left]! || hits[left]! - hits[right]!,
  );
  const refuted = new Float64Array(hits.length);
  for (const index of opponent) if (index >= 0) refuted[index]!++;
  return { order, opponents: order.toSorted((left, right) => refuted[right]! - refuted[left]!) };
}

/** Candidates by how seldom the envelope exceeds them, the best first. */
function envelopeOrder(field: TournamentField, { slope, base }: RatioRule): number[] {
  const exceeded = field.table.columns.map((column) => {
    let hits = 0;
    for (let record = 0; record < column.length; record++) {
      hits += +(field.envelope[record]! >= slope * column[record]! + base);
    }
    return hits;
  });
  return everyone(field).sort((left, right) => exceeded[left]! - exceeded[right]!);
}

/** Hits over all records, given up once they exceed `limit`; `below` must come from `comparedColumn`. */
export function hitsUpTo(input: {
  readonly opponent: LogProbabilities;
  readonly below: LogProbabilities;
  readonly rule: RatioRule;
  readonly limit: number;
}): number {
  const { opponent, below, limit } = input;
  const { slope, base } = input.rule;
  let hits = 0;
  for (let start = 0; start < below.length && hits <= limit; start += chunk) {
    const end = Math.min(below.length, start + chunk);
    for (let record = start; record < end; record++) {
      hits += +(opponent[record]! >= slope * below[record]! + base);
    }
  }
  return hits;
}

/** The records of one candidate at a time that any opponent can hit, with what an opponent must reach there. */
function activeRecords(field: TournamentField, n: number) {
  const { table, envelope } = field;
  const { slope, base } = ratioRule(n);
  const active = new Int32Array(table.records);
  const reached = new Float64Array(table.records);
  let count = 0;
  return {
    /** Turns to this candidate; returns how many records there are. */
    of(candidate: number): number {
      const below = comparedColumn(table.columns[candidate]!);
      count = 0;
      for (let record = 0; record < below.length; record++) {
        const value = slope * below[record]! + base;
        active[count] = record;
        reached[count] = value;
        count += +(envelope[record]! >= value);
      }
      return count;
    },
    /** The opponent's hits against the candidate, given up once they exceed `limit`. */
    hits(opponent: LogProbabilities, limit: number): number {
      let hits = 0;
      for (let start = 0; start < count && hits <= limit; start += chunk) {
        const end = Math.min(count, start + chunk);
        for (let place = start; place < end; place++) {
          hits += +(opponent[active[place]!]! >= reached[place]!);
        }
      }
      return hits;
    },
  };
}
