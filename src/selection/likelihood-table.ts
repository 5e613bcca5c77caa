/**
 * Log-probabilities that several candidates give to the same responses, as columns, and when a ratio of two of them
 * reaches N.
 *
 * X = log π'/π is rounded, and where the distribution of X has an atom at log N the rounding would decide. So X ≥ log N
 * is read with the tolerance 1e-9 + 1e-7·|log π|, which is what Float32 columns can hold; whoever counts hits can also
 * count the records inside it.
 */
import { toleranceAtAtoms } from "../coverage/log-ratio.ts";
import { largestNoise } from "../coverage/log-ratio-validation.ts";

/** Natural logarithms of probabilities; −∞ is legal. */
export type LogProbabilities = Float32Array | Float64Array;

/** One candidate's log-probabilities of the records. */
export interface CandidateColumn {
  readonly model: string;
  /** log π(y_i | x_i) of every record i, in nats, summed over the response's tokens. */
  readonly logProbabilities: LogProbabilities;
}

/** Checked columns: made by `likelihoodTable`. */
export interface LikelihoodTable {
  readonly models: readonly string[];
  /** One column a model, all of the same element type, no value above 0. */
  readonly columns: readonly LogProbabilities[];
  readonly records: number;
  /** Each record's prompt, 0 … promptCount − 1 by first appearance; undefined if every record has its own. */
  readonly promptOf: Int32Array | undefined;
  readonly promptCount: number;
}

const { absolute: absoluteTolerance, relative: relativeTolerance } = toleranceAtAtoms;
const lowestFloat32 = -(2 ** 128 - 2 ** 104);
/** Far from the lowest double, as it is multiplied by the rule's slope. */
const lowestCompared = -1e300;

/**
 * Checks the candidates' columns and numbers the prompts. Columns are taken over without a copy, except that all
 * become Float64 if one is, and that values up to 1e-6 above 0 (rounding) become 0 in a copy.
 *
 * `prompts` names the prompt of each record; records of one prompt are not independent and are resampled together.
 *
 * @throws RangeError for no candidates or records, a model that occurs twice, unequal lengths, and for NaN, +∞ or a
 * value above 1e-6, naming model and record.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "a", logProbabilities: Float64Array.of(-1, -2, -3) },
 *     { model: "b", logProbabilities: Float64Array.of(-2, -1, -3) },
 *   ],
 *   prompts: ["x", "y", "x"],
 * });
 * table.promptCount; // 2
 */
export function likelihoodTable(input: {
  readonly candidates: readonly CandidateColumn[];
  readonly prompts?: ArrayLike<string | number>;
}): LikelihoodTable {
  const { candidates, prompts } = input;
  const first = candidates[0];
  if (first === undefined) throw new RangeError("candidates is empty: must hold at least one");
  const records = first.logProbabilities.length;
  if (records === 0) throw new RangeError("the columns are empty: must hold at least one record");
  const models = candidates.map(({ model }) => model);
  const seen = new Set<string>();
  for (const model of models) {
    if (seen.has(model)) throw new RangeError(`model ${JSON.stringify(model)} occurs twice`);
    seen.add(model);
  }
  for (const { model, logProbabilities } of candidates) {
    if (logProbabilities.length === records) continue;
    throw new RangeError(
      `model ${JSON.stringify(model)} has ${logProbabilities.length} records: must have ${records} as the first`,
    );
  }
  if (prompts !== undefined && prompts.length !== records) {
    throw new RangeError(`prompts has length ${prompts.length}: must name all ${records} records`);
  }
  const wide = candidates.some(({ logProbabilities }) => logProbabilities instanceof Float64Array);
  const columns = candidates.map((candidate) => checkedColumn(candidate, wide));
  if (prompts === undefined) return { models, columns, records, promptOf: undefined, promptCount: records };
  const numbers = new Map<string | number, number>();
  const promptOf = new Int32Array(records);
  for (let record = 0; record < records; record++) {
    const prompt = prompts[record]!;
    let index = numbers.get(prompt);
    if (index === undefined) {
      index = numbers.size;
      numbers.set(prompt, index);
    }
    promptOf[record] = index;
  }
  const single = numbers.size === records;
  return { models, columns, records, promptOf: single ? undefined : promptOf, promptCount: numbers.size };
}

/** Throws for what no log-probability can be; returns the column itself unless it must be widened or clamped. */
export function checkedColumn(candidate: CandidateColumn, wide: boolean): LogProbabilities {
  const { model, logProbabilities } = candidate;
  let above = false;
  for (let record = 0; record < logProbabilities.length; record++) {
    const value = logProbabilities[record]!;
    if (value <= 0) continue;
    if (!(value <= largestNoise)) {
      throw new RangeError(
        `log-probability ${value} of model ${JSON.stringify(model)}, record ${record}: must be at most 0`,
      );
    }
    above = true;
  }
  if (wide && !(logProbabilities instanceof Float64Array)) {
    return Float64Array.from(logProbabilities, (value) => Math.min(0, value));
  }
  return above ? logProbabilities.map((value) => Math.min(0, value)) : logProbabilities;
}

/** Throws unless N is a finite number of at least 1. */
export function checkN(name: string, n: number): void {
  if (n >= 1 && n < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`${name} is ${n}: must be finite and at least 1`);
}

/** How far X may be below log N and still count, where a model gives `logProbability`; in nats. */
export function ratioTolerance(logProbability: number): number {
  return absoluteTolerance + relativeTolerance * Math.abs(logProbability);
}

/**
 * When π'/π ≥ N, as a comparison of π' with π alone: log π' ≥ slope·log π + base. With log π ≤ 0 that is
 * log π' − log π ≥ log N − (1e-9 + 1e-7·|log π|).
 */
export interface RatioRule {
  readonly slope: number;
  readonly base: number;
}

/** The comparison for one N; π must come from `comparedColumn`. */
export function ratioRule(n: number): RatioRule {
  return { slope: 1 + relativeTolerance, base: Math.log(n) - absoluteTolerance };
}

/**
 * π's column with −∞ replaced by something below every finite log-probability, so that where π gives no mass every
 * positive π' exceeds N and π' = 0 does not (0/0 is undefined). Without −∞ it is the column itself.
 */
export function comparedColumn(column: LogProbabilities): LogProbabilities {
  if (!column.includes(Number.NEGATIVE_INFINITY)) return column;
  const lowest = column instanceof Float32Array ? lowestFloat32 : lowestCompared;
  return column.map((value) => Math.max(lowest, value));
}
