/**
 * What a divergence says about coverage and coverage about a divergence. Every bound is about the population; a mean of X
 * over a sample can break it. Values are the formulas' own: a bound above 1 on a probability is loose, and shows it.
 */
import { binaryDivergence } from "./berk-jones.ts";
import { checkAbove, checkAtLeast, checkProbability } from "./bounds-argument.ts";

/** Below this N − 1 the difference of logarithms in D.1 is summed as a series. */
const smallExcess = 0.02;

/** log N − 1 + 1/N, without the cancellation near N = 1. */
function excessOfLog(n: number): number {
  const excess = n - 1;
  if (excess > smallExcess) return Math.log(n) - 1 + 1 / n;
  let sum = 0;
  let power = -excess;
  for (let k = 2; k <= 12; k++) {
    power *= -excess;
    sum += power * (1 - 1 / k);
  }
  return sum;
}

/**
 * Proposition D.1: Cov_N ≤ KL/(log N − 1 + 1/N) for N > 1, with KL(π‖π̂) in nats.
 *
 * @throws RangeError for N ≤ 1 or a KL below 0.
 * @example
 * coverageBoundFromKl({ n: Math.E ** 2, kl: 0.5 }); // 0.44039853898894116
 */
export function coverageBoundFromKl(input: { readonly n: number; readonly kl: number }): number {
  const { n, kl } = input;
  checkAbove("n", n, 1);
  checkAtLeast("kl", kl, 0);
  return kl / excessOfLog(n);
}

/**
 * Proposition 3.1, the looser form: Cov_N ≤ KL/log(N/e) for N > e, with KL(π‖π̂) in nats.
 *
 * @throws RangeError for N ≤ e or a KL below 0.
 * @example
 * looseCoverageBoundFromKl({ n: Math.E ** 2, kl: 0.5 }); // 0.5
 */
export function looseCoverageBoundFromKl(input: { readonly n: number; readonly kl: number }): number {
  const { n, kl } = input;
  checkAbove("n", n, Math.E);
  checkAtLeast("kl", kl, 0);
  return kl / (Math.log(n) - 1);
}

/**
 * The tight form (**beyond** the paper): Cov_N ≤ the largest c in [0, 1] with kl(c‖c/N) ≤ KL, as merging responses into
 * {X ≥ log N} and the rest loses divergence only. Never above D.1; the pair of `tightnessPair` attains it.
 *
 * To 1e-15; 1 where KL ≥ log N.
 *
 * @throws RangeError for N < 1 or a KL below 0.
 * @example
 * tightCoverageBoundFromKl({ n: 2, kl: tightnessPair({ n: 2, p: 0.5 }).kl }); // 0.5
 */
export function tightCoverageBoundFromKl(input: { readonly n: number; readonly kl: number }): number {
  const { n, kl } = input;
  checkAtLeast("n", n, 1);
  checkAtLeast("kl", kl, 0);
  if (kl >= Math.log(n)) return 1;
  let inside = 0;
  let outside = 1;
  for (;;) {
    const middle = (inside + outside) / 2;
    if (middle === inside || middle === outside) return outside;
    if (binaryDivergence({ p: middle, q: middle / n }) <= kl) inside = middle;
    else outside = middle;
  }
}

/** Two distributions over two responses for which the bound of D.1 is nearly attained, made by `tightnessPair`. */
export interface TightnessPair {
  /** Probabilities of the two responses. */
  readonly reference: readonly [number, number];
  readonly model: readonly [number, number];
  /** Cov_N of the pair, p. */
  readonly coverage: number;
  readonly kl: number;
  /** KL/(log N − ½ + 1/(2N)): what D.2 says p is at least. */
  readonly lowerBound: number;
}

/**
 * The pair of Proposition D.2, π = Ber(p) and π̂ = Ber(p/N) with p ≤ ½: Cov_N = p ≥ KL/(log N − ½ + 1/(2N)), so D.1 cannot be
 * improved by more than that; it attains the binary form of `tightCoverageBoundFromKl`.
 *
 * @throws RangeError for N ≤ 1 or p outside (0, ½].
 * @example
 * tightnessPair({ n: 4, p: 0.5 }).model; // [0.125, 0.875]
 */
export function tightnessPair(input: { readonly n: number; readonly p: number }): TightnessPair {
  const { n, p } = input;
  checkAbove("n", n, 1);
  if (!(p > 0 && p <= 0.5)) throw new RangeError(`p is ${p}: must be above 0 and at most 0.5`);
  const kl = binaryDivergence({ p, q: p / n });
  return {
    reference: [p, 1 - p],
    model: [p / n, 1 - p / n],
    coverage: p,
    kl,
    lowerBound: kl / (Math.log(n) - 0.5 + 1 / (2 * n)),
  };
}

/**
 * Proposition D.3: KL ≤ C·(1 + log(log W / C)) in nats, for a profile that decays uniformly: C = sup_N Cov_N·log N, W the
 * largest ratio π/π̂ (given by its logarithm, at least C). 0 for C = 0, +∞ for an infinite ratio.
 *
 * @throws RangeError for a decay below 0 or above log W.
 * @example
 * klBoundFromDecay({ decay: 0.5, logLargestRatio: 0.5 * Math.E }); // 1
 */
export function klBoundFromDecay(input: {
  readonly decay: number;
  readonly logLargestRatio: number;
}): number {
  const { decay, logLargestRatio } = input;
  checkAtLeast("decay", decay, 0);
  if (decay === 0) return 0;
  checkAtLeast("logLargestRatio", logLargestRatio, decay);
  if (decay === Number.POSITIVE_INFINITY) return decay;
  return decay * (1 + Math.log(logLargestRatio / decay));
}

/**
 * Proposition D.4: Cov_N ≤ 2N/(√N − 1)²·D_H² for N > 1.
 *
 * @throws RangeError for N ≤ 1 or a squared distance outside [0, 1].
 * @example
 * coverageBoundFromHellinger({ n: 4, squaredHellinger: 0.05 }); // 0.4
 */
export function coverageBoundFromHellinger(input: {
  readonly n: number;
  readonly squaredHellinger: number;
}): number {
  const { n, squaredHellinger } = input;
  checkAbove("n", n, 1);
  checkProbability("squaredHellinger", squaredHellinger);
  // (√N − 1)² = (N − 1)²/(√N + 1)², which does not cancel near N = 1.
  return 2 * n * ((Math.sqrt(n) + 1) / (n - 1)) ** 2 * squaredHellinger;
}
