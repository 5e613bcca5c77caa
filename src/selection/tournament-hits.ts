/**
 * The inner loops of the simple tournament: how many records the worst opponent of each candidate wins by a factor N.
 *
 * Exact: every opponent, over the records where the envelope max_π' log π' reaches the candidate's threshold, since no
 * other record can hit. Pruned: candidates in the order of a strided subsample's envelope hits, so that a good
 * incumbent comes first; a few opponents that refuted others lately ("killers") are tried on each next candidate and
 * stop as soon as their hits exceed the incumbent's. A refuted candidate has a lower bound of its hits, every other
 * candidate its exact hits; so the least hits and all candidates that have them are exact.
 */
import { type LikelihoodTable, type LogProbabilities, ratioThresholds } from "./likelihood-table.ts";

/** A table with the largest log-probability of each record. */
export interface TournamentField {
  readonly table: LikelihoodTable;
  readonly envelope: LogProbabilities;
}

/** One entry a candidate of the table. */
export interface TournamentHits {
  /** Hits of the worst opponent, or a lower bound; 0 for a single candidate. −1 where the candidate was not asked for. */
  readonly hits: Float64Array;
  /** The opponent with that many hits, the first of several where exact; −1 where no opponent has any. */
  readonly opponent: Int32Array;
  readonly exact: Uint8Array;
  /** The least hits among the candidates asked for. */
  readonly least: number;
  /** All candidates with the least hits. */
  readonly tied: readonly number[];
}

const orderingRecords = 4000;
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
  logN: number,
  contenders: readonly number[] = everyone(field),
): TournamentHits {
  const result = emptyHits(field.table.columns.length);
  const active = new Int32Array(field.table.records);
  for (const candidate of contenders) {
    const thresholds = ratioThresholds(field.table.columns[candidate]!, logN);
    const count = activeRecords(field.envelope, thresholds, active);
    const against = gather(thresholds, active, count);
    let most = 0;
    let worst = -1;
    field.table.columns.forEach((opponent, index) => {
      if (index === candidate) return;
      const hits = hitsAmong({ opponent, against, active, count, limit: Number.POSITIVE_INFINITY });
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
  logN: number,
  contenders: readonly number[] = everyone(field),
): TournamentHits {
  const { columns, records } = field.table;
  const result = emptyHits(columns.length);
  const active = new Int32Array(records);
  const killers = orderedOpponents(field, logN);
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
    const thresholds = ratioThresholds(columns[candidate]!, logN);
    let dead = false;
    for (let place = 0; place < Math.min(frontKillers, killers.length) && !dead; place++) {
      if (killers[place] === candidate) continue;
      const hits = hitsUpTo(columns[killers[place]!]!, thresholds, least);
      dead = hits > least;
      if (dead) refuted(candidate, hits, place);
    }
    if (dead) continue;

    const count = activeRecords(field.envelope, thresholds, active);
    const against = gather(thresholds, active, count);
    let most = 0;
    let worst = -1;
    for (let place = 0; place < killers.length && !dead && most < count; place++) {
      const index = killers[place]!;
      if (index === candidate) continue;
      const hits = hitsAmong({ opponent: columns[index]!, against, active, count, limit: least });
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

/** Is there a candidate that some opponent beats by a factor N on at least `hits` records? */
export function someoneHas(field: TournamentField, logN: number, hits: number): boolean {
  const { columns, records } = field.table;
  const active = new Int32Array(records);
  const opponents = orderedOpponents(field, logN);
  for (const candidate of opponents.toReversed()) {
    const thresholds = ratioThresholds(columns[candidate]!, logN);
    const count = activeRecords(field.envelope, thresholds, active);
    if (count < hits) continue;
    const against = gather(thresholds, active, count);
    for (const index of opponents) {
      if (index === candidate) continue;
      if (hitsAmong({ opponent: columns[index]!, against, active, count, limit: hits - 1 }) >= hits)
        return true;
    }
  }
  return false;
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

/** Candidates by how seldom the envelope exceeds them on a strided subsample, the best first. */
function orderedOpponents(field: TournamentField, logN: number): number[] {
  const { columns, records } = field.table;
  const stride = Math.max(1, Math.floor(records / orderingRecords));
  const length = Math.ceil(records / stride);
  const envelope = field.envelope.slice(0, length);
  for (let place = 0; place < length; place++) envelope[place] = field.envelope[place * stride]!;
  const sample = field.envelope.slice(0, length);
  const exceeded = columns.map((column) => {
    for (let place = 0; place < length; place++) sample[place] = column[place * stride]!;
    const thresholds = ratioThresholds(sample, logN);
    let hits = 0;
    for (let place = 0; place < length; place++) if (envelope[place]! >= thresholds[place]!) hits++;
    return hits;
  });
  return everyone(field).sort((left, right) => exceeded[left]! - exceeded[right]!);
}

/** Records where the envelope reaches the thresholds, into `active`; returns how many. */
function activeRecords(envelope: LogProbabilities, thresholds: LogProbabilities, active: Int32Array): number {
  let count = 0;
  for (let record = 0; record < thresholds.length; record++) {
    active[count] = record;
    if (envelope[record]! >= thresholds[record]!) count++;
  }
  return count;
}

function gather(values: LogProbabilities, active: Int32Array, count: number): LogProbabilities {
  const gathered = values.slice(0, count);
  for (let place = 0; place < count; place++) gathered[place] = values[active[place]!]!;
  return gathered;
}

/** Hits over all records, stopping at the first above `limit`. */
function hitsUpTo(opponent: LogProbabilities, thresholds: LogProbabilities, limit: number): number {
  let hits = 0;
  for (let record = 0; record < thresholds.length; record++) {
    if (opponent[record]! >= thresholds[record]! && ++hits > limit) break;
  }
  return hits;
}

/** Hits over the active records, stopping at the first above `limit`. */
function hitsAmong(input: {
  readonly opponent: LogProbabilities;
  readonly against: LogProbabilities;
  readonly active: Int32Array;
  readonly count: number;
  readonly limit: number;
}): number {
  const { opponent, against, active, count, limit } = input;
  let hits = 0;
  for (let place = 0; place < count; place++) {
    if (opponent[active[place]!]! >= against[place]! && ++hits > limit) break;
  }
  return hits;
}
