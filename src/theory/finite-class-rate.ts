/** Prop. 4.1(b), and what convexity changes: the maximum likelihood of a class of coins and of its convex hull. */
import type { RandomGenerator } from "../numeric/index.ts";

/**
 * X = {0 … d}, Y = {0, 1}: π_D(1|0) = 1 and π_D(·|i) = Ber(½); the class holds π_D and, for each θ ∈ {±1}^d, π_θ with
 * π_θ(1|0) = 1/N and π_θ(1|i) = (1 + ε·θ_i)/2.
 */
export interface CoinClass {
  readonly d: number;
  /** ε ∈ (0, 1). */
  readonly epsilon: number;
  readonly N: number;
}

/** Counts of a data set: of x = 0, and of each x = i the draws and those with y = 1. */
export interface CoinCounts {
  readonly rare: number;
  readonly draws: Int32Array;
  readonly ones: Int32Array;
}

/** n examples with μ(0) = `rareMass` and the other prompts equally likely. */
export function drawnCoinCounts(given: {
  readonly d: number;
  readonly n: number;
  readonly rareMass: number;
  readonly generator: RandomGenerator;
}): CoinCounts {
  const { d, n, rareMass, generator } = given;
  const rare = generator.binomial(n, rareMass);
  const draws = new Int32Array(d);
  const ones = new Int32Array(d);
  for (let example = rare; example < n; example++) {
    const side = generator.integer(2 * d);
    const prompt = side >> 1;
    draws[prompt]!++;
    ones[prompt]! += side & 1;
  }
  return { rare, draws, ones };
}

/** max over θ of log π_θ − log π_D on the prompts i ≥ 1, in nats. */
export function largestCoinGain({ draws, ones }: CoinCounts, { epsilon }: CoinClass): number {
  const [up, down] = [Math.log1p(epsilon), Math.log1p(-epsilon)];
  return draws.reduce((sum, total, prompt) => {
    const more = Math.max(ones[prompt]!, total - ones[prompt]!);
    return sum + more * up + (total - more) * down;
  }, 0);
}

/** True where the maximum likelihood over the class is not π_D, and so Cov_N = μ(0). */
export function leavesReference(counts: CoinCounts, coins: CoinClass): boolean {
  return largestCoinGain(counts, coins) > counts.rare * Math.log(coins.N);
}

/**
 * True where the maximum likelihood over the class's convex hull gives (0, 1) no more than 1/N, and so Cov_N = μ(0).
 *
 * The hull has 1 − λ(1 − 1/N) there and (1 + ε·t_i)/2 elsewhere, |t_i| ≤ λ; the likelihood is concave in λ, so its slope
 * at λ = 1 decides: Σ over the i with |t_i| cut off at 1, against rare·(N − 1).
 */
export function hullLeavesReference(counts: CoinCounts, coins: CoinClass): boolean {
  const { draws, ones, rare } = counts;
  const { epsilon, N } = coins;
  const slope = draws.reduce((sum, total, prompt) => {
    const more = Math.max(ones[prompt]!, total - ones[prompt]!);
    const at = (more * epsilon) / (1 + epsilon) - ((total - more) * epsilon) / (1 - epsilon);
    return sum + Math.max(0, at);
  }, 0);
  return slope >= rare * (N - 1);
}
