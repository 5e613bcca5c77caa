/**
 * An instance on which the rates of maximum likelihood are attained: d prompts of probability μ each whose tokens are
 * independent coins of unknown biases, and a prompt that says nothing. φ(i, y_≤h) = B·y_h·e_i with y_h ∈ {0, 1}.
 */
import type { RandomGenerator } from "../numeric/index.ts";
import type { CountedClass, CountedInstance } from "./counted-class.ts";

export interface CoinPrompts {
  /** H, tosses of a response. */
  readonly H: number;
  /** B. */
  readonly B: number;
  /** μ of each coin; the rest is the silent prompt's. */
  readonly weight: number;
  /** Log-odds of heads, B·θ⋆_i, of each coin. */
  readonly logOdds: readonly number[];
}

/** The instance, the silent prompt first; training starts at 0. */
export function coinInstance({ H, B, weight, logOdds }: CoinPrompts): CountedInstance {
  const dimension = logOdds.length;
  const silent = {
    name: "silent",
    weight: 1 - dimension * weight,
    features: new Float64Array(2 * dimension),
  };
  const coins = logOdds.map((_, coin) => {
    const features = new Float64Array(2 * dimension);
    features[dimension + coin] = B;
    return { name: `coin ${coin + 1}`, weight, features };
  });
  return {
    dimension,
    vocabularySize: 2,
    horizon: H,
    prompts: [silent, ...coins],
    target: Float64Array.from(logOdds, (value) => value / B),
    start: new Float64Array(dimension),
  };
}

/** What n responses said of each coin. */
export interface CoinData {
  /** Responses to each coin's prompt. */
  readonly responses: ArrayLike<number>;
  /** Heads among their tokens. */
  readonly heads: ArrayLike<number>;
}

/**
 * The maximum likelihood θ̂ in the unit ball. A coin without data has θ̂_i = 0, the tie rule of least norm. The optimum is
 * where the derivative B·(heads − tokens·σ(B·θ)) equals λ·θ for one λ ≥ 0, and λ = 0 inside the ball.
 */
function coinMaximumLikelihood({ H, B }: CoinPrompts, { responses, heads }: CoinData): Float64Array {
  const member = (lambda: number): Float64Array =>
    Float64Array.from(responses, (count, coin) =>
      count === 0 ? 0 : coinOptimum(count * H, heads[coin]!, B, lambda),
    );
  const free = member(0);
  if (norm(free) <= 1) return free;
  let inside = 1;
  while (norm(member(inside)) > 1) inside *= 2;
  let outside = 0;
  for (;;) {
    const middle = (inside + outside) / 2;
    if (middle === inside || middle === outside) return member(inside);
    if (norm(member(middle)) > 1) outside = middle;
    else inside = middle;
  }
}

/** θ with B·(heads − tokens·σ(Bθ)) = λθ. */
function coinOptimum(tokens: number, heads: number, B: number, lambda: number): number {
  if (lambda === 0) return (Math.log(heads) - Math.log(tokens - heads)) / B;
  const excess = (theta: number) => B * (heads - tokens / (1 + Math.exp(-B * theta))) - lambda * theta;
  const reach = (B * tokens) / lambda;
  let [low, high] = [-reach, reach];
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (excess(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** Cov_N for each log N and KL of the maximum likelihood estimate from n fresh responses. */
export function coinMaximumLikelihoodCoverage(given: {
  readonly coins: CoinPrompts;
  readonly counted: CountedClass;
  readonly n: number;
  readonly logN: readonly number[];
  readonly generator: RandomGenerator;
}): { readonly coverage: Float64Array; readonly divergence: number } {
  const { coins, counted, n, logN, generator } = given;
  const data = coinData(coins, n, generator);
  const estimate = coinMaximumLikelihood(coins, data);
  const coverage = new Float64Array(logN.length);
  let divergence = 0;
  coins.logOdds.forEach((_, coin) => {
    logN.forEach((limit, index) => {
      coverage[index]! += coins.weight * counted.promptCoverage(estimate, coin + 1, limit);
    });
    divergence += coins.weight * coins.H * counted.tokenDivergence(estimate, coin + 1);
  });
  return { coverage, divergence };
}

/** n draws of a prompt and a response, by coin. */
function coinData({ H, weight, logOdds }: CoinPrompts, n: number, generator: RandomGenerator): CoinData {
  let left = n;
  let mass = 1;
  const responses = logOdds.map(() => {
    const count = generator.binomial(left, Math.min(1, weight / mass));
    left -= count;
    mass -= weight;
    return count;
  });
  const heads = responses.map((count, coin) =>
    generator.binomial(count * H, 1 / (1 + Math.exp(-logOdds[coin]!))),
  );
  return { responses, heads };
}
