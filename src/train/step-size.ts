/**
 * Step sizes from the paper's proofs and the rates that they give, for the autoregressive linear class (3) with ‖θ‖ ≤ 1
 * and ‖φ‖ ≤ B. Rates hold up to constants, for the average over iterates: compare how they grow, not their values.
 */

/** A training of the linear class. */
export interface LinearTraining {
  /** Largest norm of a feature, ‖φ‖ ≤ B. */
  readonly B: number;
  /** Inherent variance σ⋆², (8). */
  readonly variance: number;
  /** Steps T; for maximum likelihood, examples n. */
  readonly steps: number;
}

/** The N of Cov_N. */
interface WithN {
  readonly N: number;
}

/** Tokens of a response. */
interface WithHorizon {
  readonly H: number;
}

/**
 * η = min{1/(128B), (log N/(σ⋆²T))^{1/4}} of normalized SGD (17), from its theorem's proof.
 *
 * @throws RangeError for a number outside its limits: B and steps positive, variance not negative, N above 1.
 * @example
 * normalizedStepSize({ B: 1, variance: 1, steps: 100, N: Math.E }); // 0.0078125
 */
export function normalizedStepSize(given: LinearTraining & WithN): number {
  const { B, variance, steps, N } = checked(given);
  return Math.min(1 / (128 * B), (Math.log(N) / (variance * steps)) ** 0.25);
}

/**
 * λ = log N/(16η) of (18), from the same proof. At lab scale it is far above gradient norms, and nothing moves; tuned
 * values near 0.1·B are what works.
 *
 * @example
 * normalizedLambda({ N: Math.E, stepSize: 0.125 }); // 0.5
 */
export function normalizedLambda(given: WithN & { readonly stepSize: number }): number {
  const { N, stepSize } = checked(given);
  return Math.log(N) / (16 * stepSize);
}

/**
 * η = min{1/(2B²), (σ⋆²T)^{−1/2}} of token-level SGD (21), and of test-time training with its parameters.
 *
 * @example
 * tokenLevelStepSize({ B: 1, variance: 4, steps: 100 }); // 0.05
 */
export function tokenLevelStepSize(given: LinearTraining): number {
  const { B, variance, steps } = checked(given);
  return Math.min(1 / (2 * B ** 2), (variance * steps) ** -0.5);
}

/**
 * η = min{1/((64 log N + 2)B²), (T σ⋆² log N)^{−1/2}} of truncated distillation SGD (24)–(26).
 *
 * @example
 * truncatedStepSize({ B: 1, variance: 1, steps: 1e6, N: Math.E }); // 0.001
 */
export function truncatedStepSize(given: LinearTraining & WithN): number {
  const { B, variance, steps, N } = checked(given);
  const logN = Math.log(N);
  return Math.min(1 / ((64 * logN + 2) * B ** 2), (steps * variance * logN) ** -0.5);
}

/**
 * The largest step of SGD at sequence level (14) that its bound allows, 1/(2HB²).
 *
 * @example
 * largestSgdStepSize({ B: 2, H: 8 }); // 1 / 64
 */
export function largestSgdStepSize(given: { readonly B: number } & WithHorizon): number {
  const { B, H } = checked(given);
  return 1 / (2 * H * B ** 2);
}

/**
 * Cov_N of SGD at sequence level, Prop. 5.1: (√(σ⋆²/T) + B²H/T)/log N; its lower bound grows with H too.
 *
 * @example
 * sgdRate({ B: 1, variance: 1, steps: 100, N: Math.E, H: 10 }); // 0.2
 */
export function sgdRate(given: LinearTraining & WithN & WithHorizon): number {
  const { B, variance, steps, N, H } = checked(given);
  return (Math.sqrt(variance / steps) + (B ** 2 * H) / steps) / Math.log(N);
}

/**
 * Cov_N of normalized SGD with K fresh samples a step: √(σ⋆²/(T log N)) + B²/T + B/(K log N). No growth with H.
 *
 * @example
 * normalizedRate({ B: 1, variance: 1, steps: 100, N: Math.E, samples: 100 }); // 0.12
 */
export function normalizedRate(given: LinearTraining & WithN & { readonly samples: number }): number {
  const { B, variance, steps, N, samples } = checked(given);
  const logN = Math.log(N);
  return Math.sqrt(variance / (steps * logN)) + B ** 2 / steps + B / (samples * logN);
}

/**
 * Cov_N of token-level SGD with test-time training: (√(σ⋆²/T) + B²/T)/log N. No growth with H.
 *
 * @example
 * tokenLevelRate({ B: 1, variance: 1, steps: 100, N: Math.E }); // 0.11
 */
export function tokenLevelRate(given: LinearTraining & WithN): number {
  const { B, variance, steps, N } = checked(given);
  return (Math.sqrt(variance / steps) + B ** 2 / steps) / Math.log(N);
}

/**
 * Cov_N of truncated distillation SGD: √(σ⋆²/(T log N)) + B²/T, that of maximum likelihood with n = T.
 *
 * @example
 * truncatedRate({ B: 1, variance: 1, steps: 100, N: Math.E }); // 0.11
 */
export function truncatedRate(given: LinearTraining & WithN): number {
  const { B, variance, steps, N } = checked(given);
  return Math.sqrt(variance / (steps * Math.log(N))) + B ** 2 / steps;
}

/**
 * Cov_N of maximum likelihood on n = `steps` examples: √(σ⋆²/(n log N)) + B²/n.
 *
 * @example
 * maximumLikelihoodRate({ B: 1, variance: 1, steps: 100, N: Math.E }); // 0.11
 */
export function maximumLikelihoodRate(given: LinearTraining & WithN): number {
  return truncatedRate(given);
}

function checked<Given extends object>(given: Given): Given {
  for (const [name, value] of Object.entries(given) as [string, number][]) {
    const [least, words] = limits[name] ?? [0, "be positive"];
    const allowed = name === "variance" ? value >= least : value > least;
    if (!(allowed && Number.isFinite(value))) {
      throw new RangeError(`${name} is ${value}: must ${words} and finite`);
    }
  }
  return given;
}

const limits: Readonly<Record<string, readonly [number, string]>> = {
  N: [1, "be above 1"],
  variance: [0, "be at least 0"],
};
