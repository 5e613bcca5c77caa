/**
 * The simple tournament on columns that do not fit into memory together: one column at a time is read, and a few are
 * kept. A strided subsample of every column names the likely winner and the opponents to keep.
 */

import { crossEntropy } from "./cross-entropy.ts";
import {
  checkedColumn,
  checkN,
  comparedColumn,
  type LikelihoodTable,
  type LogProbabilities,
  likelihoodTable,
  type RatioRule,
  ratioRule,
} from "./likelihood-table.ts";
import { decisionByLoss, smallerN, type TieDecision } from "./tie.ts";
import { hitsUpTo, tournamentField, tournamentOrder } from "./tournament-hits.ts";

/** Columns that are read one at a time, for `tournamentOfStream`. */
export interface StreamedColumns {
  readonly models: readonly string[];
  readonly records: number;
  /** Reads one model's log-probabilities, all of the same element type; called several times for each model. */
  readonly column: (model: string) => Promise<LogProbabilities>;
}

/** What `tournamentOfStream` gives: the winner as `tournament` has it, and what the others score at least. */
export interface StreamedTournament {
  readonly n: number;
  readonly winner: string;
  readonly score: number;
  readonly tied: readonly string[];
  readonly decided: Omit<TieDecision, "winner">;
  /** In the order of `models`; lower bounds except where exact. */
  readonly scores: readonly { readonly model: string; readonly score: number; readonly exact: boolean }[];
  /** Nats a response, in the order of `models`. */
  readonly crossEntropies: Float64Array;
  readonly records: number;
  readonly columnsRead: number;
}

const sampleRecords = 20_000;
const largestKept = 32;
/** Kept columns, and candidates examined in one pass over all columns, are as many as fit into so many bytes each. */
const keptBytes = 700e6;
const examinedBytes = 400e6;

/**
 * The simple tournament (29) with the results of `tournament`, reading columns through a callback. About three passes
 * over the columns where the subsample finds the winner and few candidates are close to it; the scores of the winner
 * and of those tied with it are exact.
 *
 * Memory beside the column being read: up to 32 columns (700 MB at most), up to 400 MB for the candidates being
 * examined, one envelope column and a subsample of 20,000 records of every column.
 *
 * @throws RangeError for no models or records, N below 1, a column of another length, or an illegal log-probability.
 * @example
 * const columns = { a: Float32Array.of(-2, -2, -2), b: Float32Array.of(-1, -1, -6) };
 * const streamed = await tournamentOfStream(
 *   { models: ["a", "b"], records: 3, column: async (model) => columns[model as "a" | "b"] },
 *   { n: 8 },
 * );
 * streamed.winner; // "a"
 */
export async function tournamentOfStream(
  source: StreamedColumns,
  options: { readonly n: number },
): Promise<StreamedTournament> {
  const { n } = options;
  checkN("n", n);
  if (source.models.length === 0) throw new RangeError("models is empty: must hold at least one");
  const reader = columnReader(source);
  const survey = await surveyOf(reader);
  const everyone = source.models.map((_, index) => index);
  const main = await streamedHits({ reader, survey, n, contenders: everyone });
  const { winner, ...decided } = await streamedDecision({ reader, survey, n, tied: main.tied });
  return {
    n,
    winner: source.models[winner]!,
    score: main.least / source.records,
    tied: main.tied.map((index) => source.models[index]!),
    decided,
    scores: source.models.map((model, index) => ({
      model,
      score: main.hits[index]! / source.records,
      exact: main.exact[index] === 1,
    })),
    crossEntropies: survey.crossEntropies,
    records: source.records,
    columnsRead: reader.read(),
  };
}

/** As `tieDecision`. */
async function streamedDecision(input: {
  readonly reader: ColumnReader;
  readonly survey: Survey;
  readonly n: number;
  readonly tied: readonly number[];
}): Promise<TieDecision> {
  const { reader, survey, n, tied } = input;
  if (tied.length === 1) return { winner: tied[0]!, by: "score", n };
  let left = tied;
  for (const smaller of smallerN(n)) {
    left = (await streamedHits({ reader, survey, n: smaller, contenders: left })).tied;
    if (left.length === 1) return { winner: left[0]!, by: "score at smaller N", n: smaller };
  }
  return decisionByLoss({
    models: reader.source.models,
    left,
    lossOf: (candidate) => survey.crossEntropies[candidate]!,
  });
}

interface ColumnReader {
  readonly source: StreamedColumns;
  readonly at: (index: number) => Promise<LogProbabilities>;
  readonly read: () => number;
}

function columnReader(source: StreamedColumns): ColumnReader {
  let count = 0;
  return {
    source,
    async at(index) {
      const model = source.models[index]!;
      const column = await source.column(model);
      count++;
      if (column.length === source.records) return column;
      throw new RangeError(
        `model ${JSON.stringify(model)} has ${column.length} records: must have ${source.records}`,
      );
    },
    read: () => count,
  };
}

interface Survey {
  readonly sample: LikelihoodTable;
  readonly envelope: LogProbabilities;
  readonly crossEntropies: Float64Array;
}

/** One pass: checks, the subsample, the envelope and the cross-entropies. */
async function surveyOf(reader: ColumnReader): Promise<Survey> {
  const { models, records } = reader.source;
  const stride = Math.max(1, Math.floor(records / sampleRecords));
  const crossEntropies = new Float64Array(models.length);
  const samples: { model: string; logProbabilities: LogProbabilities }[] = [];
  let envelope: LogProbabilities | undefined;
  for (const [index, model] of models.entries()) {
    const column = checkedColumn({ model, logProbabilities: await reader.at(index) }, false);
    crossEntropies[index] = crossEntropy(column);
    const sample = column.slice(0, Math.ceil(records / stride));
    for (let place = 0; place < sample.length; place++) sample[place] = column[place * stride]!;
    samples.push({ model, logProbabilities: sample });
    if (envelope === undefined) envelope = column.slice();
    else if (envelope instanceof Float32Array !== column instanceof Float32Array) {
      throw new RangeError(
        `model ${JSON.stringify(model)} has another element type than the first: must be the same`,
      );
    } else {
      for (let record = 0; record < records; record++) {
        if (column[record]! > envelope[record]!) envelope[record] = column[record]!;
      }
    }
  }
  return { sample: likelihoodTable({ candidates: samples }), envelope: envelope!, crossEntropies };
}

interface StreamedHits {
  readonly hits: Float64Array;
  readonly exact: Uint8Array;
  readonly least: number;
  readonly tied: readonly number[];
}

async function streamedHits(input: {
  readonly reader: ColumnReader;
  readonly survey: Survey;
  readonly n: number;
  readonly contenders: readonly number[];
}): Promise<StreamedHits> {
  const { reader, survey, n, contenders } = input;
  const { models, records } = reader.source;
  const rule = ratioRule(n);
  const hits = new Float64Array(models.length).fill(-1);
  const exact = new Uint8Array(models.length);
  const { order, opponents } = tournamentOrder(tournamentField(survey.sample), n);
  const asked = new Set(contenders);
  const waiting = order.filter((candidate) => asked.has(candidate));
  let least = Number.POSITIVE_INFINITY;

  const examine = async (candidates: readonly Examined[]): Promise<void> => {
    for (let index = 0; index < models.length; index++) {
      if (candidates.every(({ candidate, reached }) => candidate === index || reached.length === 0)) continue;
      const opponent = await reader.at(index);
      for (const examined of candidates) {
        if (examined.candidate !== index) examined.meet(opponent);
      }
    }
    for (const { candidate, most } of candidates) {
      hits[candidate] = most();
      exact[candidate] = 1;
      least = Math.min(least, most());
    }
  };

  const first = waiting.shift()!;
  await examine([activeOf({ candidate: first, column: await reader.at(first), survey, rule })]);
  const size = records * survey.envelope.BYTES_PER_ELEMENT;
  const kept = await keptColumns(
    reader,
    opponents.slice(0, Math.max(1, Math.min(largestKept, Math.floor(keptBytes / size)))),
  );
  let survivors: Examined[] = [];
  let bytes = 0;
  for (const candidate of waiting) {
    const column = await reader.at(candidate);
    const below = comparedColumn(column);
    const killed = kept.find((opponent) => {
      if (opponent.index === candidate) return false;
      hits[candidate] = Math.max(
        hits[candidate]!,
        hitsUpTo({ opponent: opponent.column, below, rule, limit: least }),
      );
      return hits[candidate]! > least;
    });
    if (killed !== undefined) {
      kept.splice(kept.indexOf(killed), 1);
      kept.unshift(killed);
      continue;
    }
    const survivor = activeOf({ candidate, column, survey, rule });
    survivors.push(survivor);
    bytes += survivor.bytes;
    if (bytes < examinedBytes) continue;
    await examine(survivors);
    survivors = [];
    bytes = 0;
  }
  await examine(survivors);
  const tied = contenders.filter((candidate) => exact[candidate] === 1 && hits[candidate] === least);
  return { hits, exact, least, tied };
}

async function keptColumns(
  reader: ColumnReader,
  indices: readonly number[],
): Promise<{ readonly index: number; readonly column: LogProbabilities }[]> {
  const kept = [];
  for (const index of indices) kept.push({ index, column: await reader.at(index) });
  return kept;
}

/** A candidate with the records at which any opponent can hit it, meeting its opponents one by one. */
interface Examined {
  readonly candidate: number;
  readonly reached: Float64Array;
  readonly bytes: number;
  readonly meet: (opponent: LogProbabilities) => void;
  readonly most: () => number;
}

function activeOf(input: {
  readonly candidate: number;
  readonly column: LogProbabilities;
  readonly survey: Survey;
  readonly rule: RatioRule;
}): Examined {
  const { candidate, column, survey, rule } = input;
  const { slope, base } = rule;
  const below = comparedColumn(column);
  let count = 0;
  for (let record = 0; record < below.length; record++) {
    count += +(survey.envelope[record]! >= slope * below[record]! + base);
  }
  const active = new Int32Array(count);
  const reached = new Float64Array(count);
  let place = 0;
  for (let record = 0; record < below.length; record++) {
    const value = slope * below[record]! + base;
    if (!(survey.envelope[record]! >= value)) continue;
    active[place] = record;
    reached[place++] = value;
  }
  let most = 0;
  return {
    candidate,
    reached,
    bytes: 12 * count,
    meet(opponent) {
      let hits = 0;
      for (let index = 0; index < active.length; index++)
        hits += +(opponent[active[index]!]! >= reached[index]!);
      most = Math.max(most, hits);
    },
    most: () => most,
  };
}
