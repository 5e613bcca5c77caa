/**
 * The beta-binomial model: success rates follow a Beta distribution. A parametric comparison only: where the truth has
 * problems that are never solved, or a tail of another shape, its forecasts miss by far and look sure.
 */
import { logGamma } from "../numeric/index.ts";
import { checkCounts, type ProblemCount, totalDraws } from "./counts.ts";

/** What `betaBinomialForecast` gives: a fitted curve, without an interval. */
export interface BetaBinomialForecast {
  readonly label: string;
  /**
   * Shape of the fitted Beta distribution; undefined where the likelihood has no maximum inside the family: no problem
   * or every draw solved, or rates no more spread than chance (the forecast is then the limit of the family).
   */
  readonly alpha: number | undefined;
  readonly beta: number | undefined;
  readonly forecast: readonly { readonly k: number; readonly estimate: number }[];
  readonly problems: number;
  readonly draws: number;
}

/** Numbers of problems with more than i correct, more than i incorrect, and more than i draws, for i = 0, 1, … */
interface Tails {
  readonly correct: Float64Array;
  readonly incorrect: Float64Array;
  readonly draws: Float64Array;
}

function tailCounts(values: readonly number[]): Float64Array {
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  const tails = new Float64Array(largest);
  for (const value of values) if (value > 0) tails[value - 1]! += 1;
  for (let index = largest - 2; index >= 0; index--) tails[index]! += tails[index + 1]!;
  return tails;
}

/** Σ_i tails_i·log(shape + i), and its first two derivatives in the shape. */
function risingSums(tails: Float64Array, shape: number): [number, number, number] {
  let value = 0;
  let first = 0;
  let second = 0;
  for (let index = 0; index < tails.length; index++) {
    const inverse = 1 / (shape + index);
    value += tails[index]! * Math.log(shape + index);
    first += tails[index]! * inverse;
    second -= tails[index]! * inverse * inverse;
  }
  return [value, first, second];
}

const largestIterations = 200;
/** Beyond this total shape a Beta distribution is a point for every practical purpose. */
const largestTotal = 1e8;

/** Newton's method in (log α, log β), with steps halved until they ascend; undefined if it runs off to a limit. */
function fittedShape(tails: Tails, start: { alpha: number; beta: number }) {
  const logLikelihood = (alpha: number, beta: number): number =>
    risingSums(tails.correct, alpha)[0] +
    risingSums(tails.incorrect, beta)[0] -
    risingSums(tails.draws, alpha + beta)[0];
  let { alpha, beta } = start;
  let value = logLikelihood(alpha, beta);
  for (let iteration = 0; iteration < largestIterations; iteration++) {
    const [, a1, a2] = risingSums(tails.correct, alpha);
    const [, b1, b2] = risingSums(tails.incorrect, beta);
    const [, t1, t2] = risingSums(tails.draws, alpha + beta);
    const gradient = [alpha * (a1 - t1), beta * (b1 - t1)] as const;
    if (Math.hypot(...gradient) < 1e-9 * Math.max(1, tails.draws[0] ?? 1)) return { alpha, beta };
    let aa = -(alpha * alpha * (a2 - t2) + gradient[0]);
    let bb = -(beta * beta * (b2 - t2) + gradient[1]);
    const ab = alpha * beta * t2;
    // Curvature is raised to be positive where the likelihood is not concave in these coordinates.
    const lift = Math.max(0, 1e-6 * (Math.abs(aa) + Math.abs(bb)) - smallestEigenvalue(aa, ab, bb));
    aa += lift;
    bb += lift;
    const determinant = aa * bb - ab * ab;
    const steps = [
      (bb * gradient[0] - ab * gradient[1]) / determinant,
      (aa * gradient[1] - ab * gradient[0]) / determinant,
    ] as const;
    let scale = Math.min(1, 3 / Math.max(Math.abs(steps[0]), Math.abs(steps[1])));
    let improved = false;
    for (; scale > 1e-12 && !improved; scale /= 2) {
      const nextAlpha = alpha * Math.exp(scale * steps[0]);
      const nextBeta = beta * Math.exp(scale * steps[1]);
      const nextValue = logLikelihood(nextAlpha, nextBeta);
      if (!(nextValue > value)) continue;
      alpha = nextAlpha;
      beta = nextBeta;
      value = nextValue;
      improved = true;
    }
    if (alpha + beta > largestTotal) return undefined;
    if (!improved) return { alpha, beta };
  }
  return undefined;
}

function smallestEigenvalue(aa: number, ab: number, bb: number): number {
  return (aa + bb) / 2 - Math.hypot((aa - bb) / 2, ab);
}

/** E[1 − (1−p)^k] for p ~ Beta(α, β): 1 − Γ(β+k)Γ(α+β)/(Γ(β)Γ(α+β+k)). */
function betaPassAtK(input: { readonly alpha: number; readonly beta: number; readonly k: number }): number {
  const { alpha, beta, k } = input;
  if (k <= 10_000) {
    let logFailure = 0;
    for (let index = 0; index < k; index++) logFailure += Math.log1p(-alpha / (alpha + beta + index));
    return -Math.expm1(logFailure);
  }
  const logFailure = logGamma(alpha + beta) - logGamma(beta) - logGammaRise(beta + k, alpha);
  return -Math.expm1(logFailure);
}

/** log Γ(z+α) − log Γ(z) for z > 10⁴ by Stirling's series, whose next term is below 10⁻¹⁴: the two logarithms would cancel. */
function logGammaRise(z: number, alpha: number): number {
  const risen = z + alpha;
  const series = (1 / risen - 1 / z) / 12;
  return (z - 0.5) * Math.log1p(alpha / z) + alpha * (Math.log(risen) - 1) + series;
}

/**
 * Maximum-likelihood beta-binomial fit and the pass@k that follows from it, without an interval: a labelled comparison
 * to `forecastPassAtK`, not a substitute.
 *
 * @throws RangeError for impossible counts or a k below 1.
 * @example
 * betaBinomialForecast([{ draws: 100, correct: 7 }, { draws: 100, correct: 0 }], [1000]);
 */
export function betaBinomialForecast(
  counts: readonly ProblemCount[],
  ks: readonly number[],
): BetaBinomialForecast {
  checkCounts(counts);
  for (const k of ks) {
    if (!(Number.isSafeInteger(k) && k >= 1)) {
      throw new RangeError(`k is ${k}: must be an integer of at least 1`);
    }
  }
  const draws = totalDraws(counts);
  const correct = counts.reduce((sum, count) => sum + count.correct, 0);
  const mean = draws === 0 ? 0 : correct / draws;
  const degenerate = correct === 0 || correct === draws;
  const shape = degenerate
    ? undefined
    : fittedShape(
        {
          correct: tailCounts(counts.map((count) => count.correct)),
          incorrect: tailCounts(counts.map((count) => count.draws - count.correct)),
          draws: tailCounts(counts.map((count) => count.draws)),
        },
        { alpha: mean, beta: 1 - mean },
      );
  const estimateAt = (k: number): number =>
    shape === undefined ? -Math.expm1(k * Math.log1p(-mean)) : betaPassAtK({ ...shape, k });
  return {
    label: "beta-binomial (parametric comparison)",
    alpha: shape?.alpha,
    beta: shape?.beta,
    forecast: ks.map((k) => ({ k, estimate: estimateAt(k) })),
    problems: counts.length,
    draws,
  };
}
