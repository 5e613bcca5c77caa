/** Choosing by cross-entropy, the baseline that coverage is compared with. */
import { compensatedSum } from "../numeric/index.ts";
import type { LikelihoodTable, LogProbabilities } from "./likelihood-table.ts";

/** One candidate's cross-entropy on the records. */
export interface CrossEntropyScore {
  readonly model: string;
  /** Mean of −log π(y|x) over records, nats a response; +∞ if the model gives a response no mass. */
  readonly score: number;
  /** Responses to which the model gives no mass. */
  readonly impossible: number;
}

/** The candidate that maximum likelihood takes, made by `crossEntropySelection`. */
export interface CrossEntropySelection {
  /** Of the lowest cross-entropy, the first name of several; undefined if every model's is +∞. */
  readonly winner: string | undefined;
  /** In the table's order. */
  readonly scores: readonly CrossEntropyScore[];
  readonly records: number;
}

/**
 * The choice by maximum likelihood, argmin_π −Σ log π(y_i|x_i). One response without mass makes a model's
 * cross-entropy +∞; between such models it cannot decide.
 *
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "a", logProbabilities: Float64Array.of(-1, -2) },
 *     { model: "b", logProbabilities: Float64Array.of(-1, -Infinity) },
 *   ],
 * });
 * crossEntropySelection(table).winner; // "a"
 */
export function crossEntropySelection(table: LikelihoodTable): CrossEntropySelection {
  const scores = table.columns.map((column, index) => ({
    model: table.models[index]!,
    score: crossEntropy(column),
    impossible: impossibleRecords(column),
  }));
  let winner: CrossEntropyScore | undefined;
  for (const entry of scores) {
    if (entry.score === Number.POSITIVE_INFINITY) continue;
    const ahead =
      winner === undefined ||
      entry.score < winner.score ||
      (entry.score === winner.score && entry.model < winner.model);
    if (ahead) winner = entry;
  }
  return { winner: winner?.model, scores, records: table.records };
}

function impossibleRecords(column: LogProbabilities): number {
  let count = 0;
  for (let record = 0; record < column.length; record++) {
    if (column[record] === Number.NEGATIVE_INFINITY) count++;
  }
  return count;
}

const blockLength = 1024;

/**
 * Mean of −log π over records; +∞ if one is −∞. Summed by blocks, so that its error does not grow with their number.
 *
 * @example
 * crossEntropy(Float64Array.of(-1, -3)); // 2
 */
export function crossEntropy(column: LogProbabilities): number {
  const blocks = new Float64Array(Math.ceil(column.length / blockLength));
  for (let block = 0; block < blocks.length; block++) {
    const end = Math.min(column.length, (block + 1) * blockLength);
    let sum = 0;
    for (let record = block * blockLength; record < end; record++) sum += column[record]!;
    blocks[block] = sum;
  }
  // 0 − x rather than −x: the cross-entropy of certain responses is 0, not −0.
  return 0 - compensatedSum(blocks) / column.length;
}
