/**
 * The distribution of success rates over problems, by nonparametric maximum likelihood (Kiefer and Wolfowitz 1956):
 * each count is binomial given its problem's rate, and the rates are drawn from an unknown distribution.
 */
import { checkCounts, distinctCounts, type ProblemCount, totalDraws } from "./counts.ts";
import { type LikelihoodRows, likelihoodRows } from "./likelihood-rows.ts";
import { mixtureOptimum } from "./mixture-optimum.ts";
import { rateGrid } from "./rate-grid.ts";

/** The optimality gap, in mean log-likelihood a problem, at which a fit counts as solved. */
const certifiedGap = 1e-8;
/** The largest k of a forecast unless more is asked for; it sets the smallest positive rate of the grid. */
export const defaultLargestK = 1e6;

/** A discrete distribution of success rates over problems, made by `fitMixingDistribution`. */
export interface MixingDistribution {
  /** Grid of success rates, ascending from 0 to 1. */
  readonly rates: Float64Array;
  /** Probability of each rate; most are 0. */
  readonly weights: Float64Array;
  /** Total log-likelihood in nats, without the binomial coefficients. */
  readonly logLikelihood: number;
  /** Certificate: no distribution on these rates has a mean log-likelihood a problem higher by more than this. */
  readonly gap: number;
  readonly iterations: number;
  readonly problems: number;
  readonly draws: number;
}

/** A fit together with the likelihood that a profile interval needs. */
export interface MixingFit {
  readonly rows: LikelihoodRows;
  readonly weights: Float64Array;
  /** Mean log-likelihood on the scale of the rows. */
  readonly meanLogLikelihood: number;
  readonly gap: number;
  readonly iterations: number;
  readonly problems: number;
  readonly draws: number;
}

export interface GridOptions {
  /** The largest k that will be asked of the distribution; 10⁶ where absent. */
  readonly largestK?: number;
  /** Rates that shall be points of the grid. */
  readonly include?: readonly number[];
}

/** The fit on the grid for these counts; throws Error if the certificate is not reached. */
export function mixingFit(counts: readonly ProblemCount[], options: GridOptions = {}): MixingFit {
  checkCounts(counts);
  let largestDraws = 1;
  for (const count of counts) largestDraws = Math.max(largestDraws, count.draws);
  const rates = rateGrid({
    largestDraws,
    largestK: Math.max(defaultLargestK, options.largestK ?? 1),
    include: options.include ?? [],
  });
  // The stopping rule does not enter the likelihood.
  const distinct = distinctCounts(counts.map(({ draws, correct }) => ({ draws, correct })));
  const rows = likelihoodRows(distinct, rates);
  const { weights, meanLogLikelihood, gap, iterations } = mixtureOptimum({ rows, tolerance: certifiedGap });
  if (!(gap < certifiedGap)) {
    throw new Error(
      `the mixing distribution was not found: optimality gap ${gap} after ${iterations} iterations`,
    );
  }
  return {
    rows,
    weights,
    meanLogLikelihood,
    gap,
    iterations,
    problems: counts.length,
    draws: totalDraws(counts),
  };
}

/**
 * The nonparametric maximum-likelihood distribution of success rates, with its certificate of optimality.
 *
 * Its raw pass@k beyond the draws at hand is a poor point estimate (it is not identified there): ask `forecastPassAtK`
 * for an interval. The likelihood is the same whatever the stopping rule.
 *
 * @throws RangeError for impossible counts.
 * @example
 * const { rates, weights, gap } = fitMixingDistribution([{ draws: 100, correct: 7 }, { draws: 100, correct: 0 }]);
 */
export function fitMixingDistribution(
  counts: readonly ProblemCount[],
  options: { readonly largestK?: number } = {},
): MixingDistribution {
  const fit = mixingFit(counts, options);
  let scale = 0;
  for (let row = 0; row < fit.rows.rows; row++) scale += fit.rows.weights[row]! * fit.rows.logScale[row]!;
  return {
    rates: fit.rows.rates,
    weights: fit.weights,
    logLikelihood: fit.problems * (fit.meanLogLikelihood + scale),
    gap: fit.gap,
    iterations: fit.iterations,
    problems: fit.problems,
    draws: fit.draws,
  };
}
