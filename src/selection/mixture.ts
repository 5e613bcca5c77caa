/**
 * The maximum-likelihood mixture of candidates: over their convex hull maximum likelihood is a convex problem, and its
 * optimality conditions bound coverage.
 */

import type { LikelihoodRows } from "../coverage/likelihood-rows.ts";
import { type MixtureOptimum, mixtureOptimum } from "../coverage/mixture-optimum.ts";
import { compensatedSum, logSumExp, type RandomGenerator } from "../numeric/index.ts";
import { checkN, type LikelihoodTable } from "./likelihood-table.ts";
import { empiricalCoverage } from "./likelihood-table-coverage.ts";

/** One model's share in a mixture. */
export interface MixtureWeight {
  readonly model: string;
  /** Probability with which the mixture takes this model; they sum to 1. */
  readonly weight: number;
}

/** Coverage of the mixture at one N, beside that of equal weights. */
export interface MixtureCoverage {
  readonly n: number;
  /** max_π' Ĉov_N(π'‖π̂_mix) over the candidates, on the data that chose the weights. */
  readonly mixture: number;
  /** What the certificate says of it before counting: certificate / N. */
  readonly bound: number;
  /** The same maximum for equal weights: 0 for N above the number of candidates. */
  readonly uniform: number;
}

/** The maximum-likelihood mixture of the candidates with its certificate, made by `checkpointMixture`. */
export interface CheckpointMixture {
  /** In the table's order. */
  readonly weights: readonly MixtureWeight[];
  /** Mean of log π̂_mix over the records with mass, nats a response. */
  readonly meanLogLikelihood: number;
  /** max_π' mean_i π'(y_i)/π̂_mix(y_i): at most 1 + gap, so Ĉov_N(π'‖π̂_mix) ≤ (1 + gap)/N for every candidate and N. */
  readonly certificate: number;
  /** How far meanLogLikelihood may be below the best mixture's, at most. */
  readonly gap: number;
  readonly coverage: readonly MixtureCoverage[];
  /** Records to which no candidate gives any mass: no mixture does either, and they are left out. */
  readonly impossible: number;
  readonly records: number;
}

/** Optimality gap of the mean log-likelihood, nats: the certificate holds to this precision. */
const tolerance = 1e-10;

/**
 * The weights of the candidates' mixture with the greatest likelihood of the records (constrained Newton, with the
 * duality gap as proof). By the optimality conditions mean_i π'(y_i)/π̂_mix(y_i) ≤ 1 for every candidate, so by Markov
 * Ĉov_N(π'‖π̂_mix) ≤ 1/N for *every* candidate and every N: in-sample, and no single checkpoint has it. The mixture
 * with equal weights has Ĉov_N = 0 for N > K already; both are in `coverage`.
 *
 * Drawing from the mixture is drawing a model by weight for each response (`drawFromMixture`), then the response.
 * Memory: 8 bytes · records · candidates.
 *
 * @throws RangeError for N below 1, or if no candidate gives any record mass.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "a", logProbabilities: Float64Array.of(0, -Infinity, 0, 0) },
 *     { model: "b", logProbabilities: Float64Array.of(-Infinity, 0, -Infinity, -Infinity) },
 *   ],
 * });
 * const { weights, coverage } = checkpointMixture(table, { ns: [8] });
 * weights[1]?.weight.toFixed(6); // "0.250000"
 * coverage[0]; // { n: 8, mixture: 0, bound: 0.125…, uniform: 0 }
 */
export function checkpointMixture(
  table: LikelihoodTable,
  options: { readonly ns?: readonly number[] } = {},
): CheckpointMixture {
  const ns = options.ns ?? [];
  for (const n of ns) checkN("ns", n);
  const { weights, gap, rows } = optimumOf(table, undefined);
  const column = mixtureColumn(table, weights);
  const equal = mixtureColumn(table, new Float64Array(weights.length).fill(1 / weights.length));
  const meanOf = (values: Float64Array): number => {
    const finite = values.filter((value) => value !== Number.NEGATIVE_INFINITY);
    return compensatedSum(finite) / finite.length;
  };
  const certificate = Math.max(...meanRatios(table, column));
  return {
    weights: table.models.map((model, index) => ({ model, weight: weights[index]! })),
    meanLogLikelihood: meanOf(column),
    certificate,
    gap,
    coverage: ns.map((n) => ({
      n,
      mixture: worstCoverage(table, column, n),
      bound: Math.min(1, certificate / n),
      uniform: worstCoverage(table, equal, n),
    })),
    impossible: table.records - rows,
    records: table.records,
  };
}

/**
 * log Σ_k w_k π_k(y_i|x_i) of every record, nats.
 *
 * @throws RangeError unless there is one weight in [0, 1] a candidate.
 * @example
 * const table = likelihoodTable({ candidates: [{ model: "a", logProbabilities: Float64Array.of(-2) }] });
 * mixtureColumn(table, Float64Array.of(1))[0]; // -2
 */
export function mixtureColumn(table: LikelihoodTable, weights: ArrayLike<number>): Float64Array {
  if (weights.length !== table.models.length) {
    throw new RangeError(
      `weights has length ${weights.length}: must have one a candidate, ${table.models.length}`,
    );
  }
  const logWeights = Float64Array.from(weights, (weight, index) => {
    if (weight >= 0 && weight <= 1) return Math.log(weight);
    throw new RangeError(`weights[${index}] is ${weight}: must be between 0 and 1`);
  });
  const terms = new Float64Array(weights.length);
  return Float64Array.from({ length: table.records }, (_, record) => {
    for (let model = 0; model < terms.length; model++) {
      terms[model] = logWeights[model]! + table.columns[model]![record]!;
    }
    // Rounding of the sum may pass 0.
    return Math.min(0, logSumExp(terms));
  });
}

/** max_π' Ĉov_N(π'‖·) of a column over the table's candidates. */
export function worstCoverage(table: LikelihoodTable, column: Float64Array, n: number): number {
  return table.columns.reduce(
    (most, of) => Math.max(most, empiricalCoverage({ of, under: column, n }).coverage),
    0,
  );
}

/**
 * Weights that maximise the mean log-likelihood of the records asked for (all where undefined), among those to which
 * some candidate gives mass.
 */
export function optimumOf(
  table: LikelihoodTable,
  records: readonly number[] | undefined,
): { readonly weights: Float64Array; readonly gap: number; readonly rows: number } {
  const width = table.models.length;
  const asked = records?.length ?? table.records;
  const values = new Float64Array(asked * width);
  const logScale = new Float64Array(asked);
  let rows = 0;
  for (let place = 0; place < asked; place++) {
    const record = records === undefined ? place : records[place]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (const column of table.columns) largest = Math.max(largest, column[record]!);
    if (largest === Number.NEGATIVE_INFINITY) continue;
    for (let model = 0; model < width; model++) {
      values[rows * width + model] = Math.exp(table.columns[model]![record]! - largest);
    }
    logScale[rows++] = largest;
  }
  if (rows === 0) throw new RangeError("no candidate gives any record mass: must give some to at least one");
  const likelihoods: LikelihoodRows = {
    // The solver asks only how many components there are; they need not be rates.
    rates: new Float64Array(width),
    rows,
    weights: new Float64Array(rows).fill(1 / rows),
    first: new Int32Array(rows),
    end: new Int32Array(rows).fill(width),
    start: Float64Array.from({ length: rows }, (_, row) => row * width),
    values,
    logScale,
  };
  const start = new Float64Array(width).fill(1 / width);
  const optimum: MixtureOptimum = mixtureOptimum({ rows: likelihoods, tolerance, start });
  return { weights: optimum.weights, gap: Math.max(0, optimum.gap), rows };
}

/** mean_i π'(y_i)/π̂_mix(y_i) of each candidate, over the records with mass. */
function meanRatios(table: LikelihoodTable, mixture: Float64Array): number[] {
  return table.columns.map((column) => {
    const ratios: number[] = [];
    for (let record = 0; record < table.records; record++) {
      if (mixture[record] !== Number.NEGATIVE_INFINITY) {
        ratios.push(Math.exp(column[record]! - mixture[record]!));
      }
    }
    return compensatedSum(ratios) / ratios.length;
  });
}

/**
 * The index of the model that gives the next response of a mixture.
 *
 * @throws RangeError for weights that are negative or do not sum to 1 within 1e-9.
 * @example
 * drawFromMixture([0, 1], randomGenerator("seed 1")); // 1
 */
export function drawFromMixture(weights: ArrayLike<number>, generator: RandomGenerator): number {
  let sum = 0;
  for (let index = 0; index < weights.length; index++) {
    if (!(weights[index]! >= 0))
      throw new RangeError(`weights[${index}] is ${weights[index]}: must be at least 0`);
    sum += weights[index]!;
  }
  if (!(Math.abs(sum - 1) <= 1e-9)) throw new RangeError(`weights sum to ${sum}: must sum to 1`);
  let left = generator.uniform() * sum;
  let last = 0;
  for (let index = 0; index < weights.length; index++) {
    if (weights[index] === 0) continue;
    last = index;
    left -= weights[index]!;
    if (left < 0) break;
  }
  return last;
}

/**
 * (64): for π̂ of the greatest likelihood in any convex class that holds π',
 * Ĉov_N(π'‖π̂) ≤ [L̂(π̂) − L̂(π')]/(n·(N − log N − 1)), cut to 1. It holds for every data set, and it is about those
 * data, not the population.
 *
 * @throws RangeError for N ≤ 1, records below 1, or a negative gap.
 * @example
 * likelihoodGapBound({ logLikelihoodGap: 10, records: 100, n: 8 }); // 0.1 / (7 - Math.log(8))
 */
export function likelihoodGapBound(input: {
  /** L̂(π̂) − L̂(π'), summed log-likelihoods in nats. */
  readonly logLikelihoodGap: number;
  readonly records: number;
  readonly n: number;
}): number {
  const { logLikelihoodGap, records, n } = input;
  if (!(n > 1 && n < Number.POSITIVE_INFINITY)) throw new RangeError(`n is ${n}: must be finite and above 1`);
  if (!(records >= 1)) throw new RangeError(`records is ${records}: must be at least 1`);
  if (!(logLikelihoodGap >= 0)) {
    throw new RangeError(`logLikelihoodGap is ${logLikelihoodGap}: must be at least 0`);
  }
  return Math.min(1, logLikelihoodGap / records / (n - Math.log(n) - 1));
}
