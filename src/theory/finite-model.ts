/** Models with few responses, so that coverage and divergences are exact sums: tables of next-token probabilities. */
import type { RandomGenerator } from "../numeric/index.ts";

/** Sizes of the responses: H tokens out of a vocabulary. */
export interface ResponseSizes {
  readonly vocabulary: number;
  readonly H: number;
}

/** A model on one prompt. */
export interface FiniteModel extends ResponseSizes {
  /** π(a | y_<h) for h = 1 … H [vocabulary^h]: the beginning in lexicographic order, then the token. */
  readonly tokens: readonly Float64Array[];
  /** π(y) of every response, in lexicographic order. */
  readonly responses: Float64Array;
}

/** A model of its next-token probabilities. */
export function finiteModel(sizes: ResponseSizes, tokens: readonly Float64Array[]): FiniteModel {
  let responses: Float64Array = Float64Array.of(1);
  for (const level of tokens) {
    const before = responses;
    responses = level.map((p, index) => p * before[Math.floor(index / sizes.vocabulary)]!);
  }
  return { ...sizes, tokens, responses };
}

/** Every next-token distribution from a symmetric Dirichlet distribution: small concentrations give spiky models. */
export function randomFiniteModel(
  sizes: ResponseSizes,
  { concentration, generator }: { readonly concentration: number; readonly generator: RandomGenerator },
): FiniteModel {
  const { vocabulary, H } = sizes;
  const tokens = Array.from({ length: H }, (_, level) => {
    const values = Float64Array.from({ length: vocabulary ** (level + 1) }, () =>
      Math.max(generator.gamma(concentration), Number.MIN_VALUE),
    );
    for (let start = 0; start < values.length; start += vocabulary) {
      const part = values.subarray(start, start + vocabulary);
      const sum = part.reduce((total, value) => total + value, 0);
      for (let token = 0; token < vocabulary; token++) part[token] = part[token]! / sum;
    }
    return values;
  });
  return finiteModel(sizes, tokens);
}

/** A model whose next-token probabilities are a share of the way from one model's to another's. */
export function blendedModel(from: FiniteModel, to: FiniteModel, share: number): FiniteModel {
  return finiteModel(
    from,
    from.tokens.map((level, index) => level.map((p, at) => (1 - share) * p + share * to.tokens[index]![at]!)),
  );
}

/** Relative slack of a ratio at N, so that rounding does not decide. */
const ratioSlack = 1e-12;

/** True where p/q ≥ N; 0/0 does not reach any N. */
export const reaches = (p: number, q: number, N: number): boolean => p > 0 && p >= N * q * (1 - ratioSlack);

/** Cov_N(from‖to) under the draws of `under`, `from` where absent: one prompt, exactly. */
export function finiteCoverage(given: {
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  readonly N: number;
  readonly under?: ArrayLike<number>;
}): number {
  const { from, to, N, under = from } = given;
  let coverage = 0;
  for (let response = 0; response < from.length; response++) {
    if (reaches(from[response]!, to[response]!, N)) coverage += under[response]!;
  }
  return Math.min(1, coverage);
}

/** KL(from‖to) in nats. */
export function finiteDivergence(from: ArrayLike<number>, to: ArrayLike<number>): number {
  let divergence = 0;
  for (let response = 0; response < from.length; response++) {
    const p = from[response]!;
    if (p > 0) divergence += p * Math.log(p / to[response]!);
  }
  return Math.max(0, divergence);
}

/** D_H² = ½ Σ (√p − √q)². */
export function finiteHellinger(from: ArrayLike<number>, to: ArrayLike<number>): number {
  let sum = 0;
  for (let response = 0; response < from.length; response++) {
    sum += (Math.sqrt(from[response]!) - Math.sqrt(to[response]!)) ** 2;
  }
  return Math.min(1, sum / 2);
}

/** Σ_h of a divergence between the next-token distributions, along every response [responses]. */
export function stepDivergences(
  from: FiniteModel,
  to: FiniteModel,
  divergence: (from: Float64Array, to: Float64Array) => number,
): Float64Array {
  const { vocabulary } = from;
  let sums: Float64Array = Float64Array.of(0);
  from.tokens.forEach((level, index) => {
    const other = to.tokens[index]!;
    const before = sums;
    sums = new Float64Array(level.length);
    for (let start = 0; start < level.length; start += vocabulary) {
      const end = start + vocabulary;
      const step = divergence(level.subarray(start, end), other.subarray(start, end));
      sums.fill(before[start / vocabulary]! + step, start, end);
    }
  });
  return sums;
}

/**
 * The largest regret of Best-of-N to `from` over all rewards of 0 or 1: max_A π(A) − 1 + (1 − π̂(A))^N. It is convex in
 * (π(A), π̂(A)), so that sets of the largest ratios are enough.
 */
export function largestRegret(given: {
  readonly from: ArrayLike<number>;
  readonly to: ArrayLike<number>;
  readonly draws: number;
}): number {
  const { from, to, draws } = given;
  const order = Array.from({ length: from.length }, (_, response) => response).sort(
    (left, right) => from[right]! * to[left]! - from[left]! * to[right]!,
  );
  let [mass, found, largest] = [0, 0, 0];
  for (const response of order) {
    mass += from[response]!;
    found += to[response]!;
    largest = Math.max(largest, mass - 1 + Math.max(0, 1 - found) ** draws);
  }
  return largest;
}
