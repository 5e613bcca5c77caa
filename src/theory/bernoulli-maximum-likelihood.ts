/** §3's first example: the maximum likelihood of a coin has infinite expected KL, and good coverage. */
import type { RandomGenerator } from "../numeric/index.ts";
import { probabilityAtLeast, slopeWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";

export interface BernoulliSetting extends Record<string, number> {
  /** Draws of the coin. */
  readonly n: number;
  readonly replicates: number;
}

/** Cov_2 exceeds p⋆ > t with probability at most exp(−n·kl(p⋆/2‖p⋆)), and kl(p/2‖p) ≥ (1 − log 2)/2·p (**our choice**). */
const chernoffRate = (1 - Math.LN2) / 2;

/** Expected successes n·p⋆ tried: up to above 34.5, from where a coin can exceed the bound of δ = 0.01. */
export const triedExpectations: readonly number[] = Array.from(
  { length: 160 },
  (_, index) => 0.25 * (index + 1),
);

/** log(2/δ)/(n·(1 − log 2)/2): what coverage is at most with probability 1 − δ, at every N ≥ 2. */
export function bernoulliCoverageBound(given: { readonly n: number; readonly delta: number }): number {
  return Math.log(2 / given.delta) / (given.n * chernoffRate);
}

/** Cov_N(Ber(p)‖Ber(k/n)), exactly. */
function bernoulliCoverage(given: {
  readonly p: number;
  readonly successes: number;
  readonly n: number;
  readonly N: number;
}): number {
  const { p, successes, n, N } = given;
  const one = p * n >= N * successes ? p : 0;
  const zero = (1 - p) * n >= N * (n - successes) ? 1 - p : 0;
  return one + zero;
}

/** π_D = Ber(p⋆), the frequency of n draws: E[KL] = +∞, Cov_N ≲ log(1/δ)/n for all N ≥ 2. */
export const bernoulliMaximumLikelihood: TheoryRow<BernoulliSetting> = {
  name: "bernoulli-maximum-likelihood",
  source: "§3",
  claim:
    "The frequency of n draws of a coin has infinite expected KL, yet with probability 1 − δ coverage ≲ log(1/δ)/n for all N ≥ 2.",
  criteria: [
    probabilityAtLeast({
      name: "infinite-kl",
      event: "KL = +∞ at p⋆ = 1/n, so that E[KL] = +∞",
      events: "infiniteKl",
      atLeast: 0.3,
    }),
    ...([0.1, 0.01] as const).map((delta) =>
      probabilityAtLeast({
        name: `coverage-bound-${100 * delta}-percent`,
        event: `Cov_N ≤ log(2/δ)/(0.1534·n) for all N ≥ 2, at the worst p⋆, δ = ${delta}`,
        events: `within${delta}`,
        atLeast: 1 - delta,
      }),
    ),
    slopeWithin({ name: "slope-in-n", y: "quantile", x: "n", within: [-1.2, -0.8] }),
  ],
  plot: {
    x: "n",
    xLabel: "draws n",
    yLabel: "Cov_2",
    quantities: [
      { column: "quantile", label: "95% quantile at the worst coin" },
      { column: "bound", label: "log(2/δ)/(0.1534·n), δ = 0.05", predicted: true },
    ],
    xScale: "log",
    yScale: "log",
  },
  settings: (scale) =>
    scale === "fast"
      ? [60, 240, 960].map((n) => ({ n, replicates: 2000 }))
      : [60, 120, 240, 480, 960, 1920, 3840, 7680].map((n) => ({ n, replicates: 8000 })),
  measure({ n, replicates }, generator) {
    const deltas = [0.1, 0.01];
    const bounds = deltas.map((delta) => bernoulliCoverageBound({ n, delta }));
    const within = [replicates, replicates];
    let quantile = 0;
    for (const expectation of triedExpectations.filter((value) => value <= n / 2)) {
      const coverages = drawnCoverages({ n, p: expectation / n, replicates, generator });
      deltas.forEach((_, index) => {
        const inside = coverages.filter((coverage) => coverage <= bounds[index]!).length;
        within[index] = Math.min(within[index]!, inside);
      });
      quantile = Math.max(quantile, coverages.sort()[Math.ceil(0.95 * replicates) - 1]!);
    }
    let infiniteKl = 0;
    for (let replicate = 0; replicate < replicates; replicate++) {
      const successes = generator.binomial(n, 1 / n);
      if (successes === 0 || successes === n) infiniteKl++;
    }
    return [
      {
        infiniteKl,
        ...Object.fromEntries(deltas.map((delta, index) => [`within${delta}`, within[index]!])),
        quantile,
        bound: bernoulliCoverageBound({ n, delta: 0.05 }),
      },
    ];
  },
};

function drawnCoverages(given: {
  readonly n: number;
  readonly p: number;
  readonly replicates: number;
  readonly generator: RandomGenerator;
}): Float64Array {
  const { n, p, replicates, generator } = given;
  return Float64Array.from({ length: replicates }, () =>
    bernoulliCoverage({ p, successes: generator.binomial(n, p), n, N: 2 }),
  );
}
