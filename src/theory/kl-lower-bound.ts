/** Prop. 3.2: KL of every proper estimator grows with H where coverage does not. */
import { binaryDivergence } from "../coverage/index.ts";
import { type RandomGenerator, regularizedIncompleteBeta } from "../numeric/index.ts";
import { atMost, probabilityAtLeast, slopeWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";

/** What the learner saw: examples with x = 1, and the tokens +1 among theirs. */
export interface RareTokens {
  readonly examples: number;
  readonly ones: number;
  readonly H: number;
}

export type ProperEstimator = (seen: RareTokens, generator: RandomGenerator) => number;

/** P[y_h = 1 | x = 1] under θ: φ(1, y_≤h) = y_h ∈ {−1, 1}. */
export const tokenProbability = (theta: number): number => 1 / (1 + Math.exp(-2 * theta));

function maximumLikelihood(ifUnseen: (generator: RandomGenerator) => number): ProperEstimator {
  return ({ examples, ones, H }, generator) => {
    const tokens = examples * H;
    if (tokens === 0) return ifUnseen(generator);
    return Math.max(-1, Math.min(1, 0.5 * Math.log(ones / (tokens - ones))));
  };
}

/** The mean of θ given the data, for θ = ±1 equally likely before. */
function posteriorMean({ examples, ones, H }: RareTokens): number {
  return Math.tanh(2 * ones - examples * H);
}

/** Estimators of different temper: one that never learns, one that guesses, one that always says +1. */
export const properEstimators: Readonly<Record<string, ProperEstimator>> = {
  "maximum likelihood, 0 where unseen": maximumLikelihood(() => 0),
  "maximum likelihood, a sign where unseen": maximumLikelihood((generator) =>
    generator.integer(2) === 0 ? 1 : -1,
  ),
  "posterior mean": posteriorMean,
  "always 0": () => 0,
  "always 1": () => 1,
};

export interface KlSetting extends Record<string, number | string> {
  readonly estimator: string;
  readonly n: number;
  readonly H: number;
  readonly replicates: number;
}

/** KL(π_θ⋆‖π_θ̂) in nats, μ(1) = 1/(2n). */
export function rarePromptKl(given: {
  readonly truth: number;
  readonly estimate: number;
  readonly n: number;
  readonly H: number;
}): number {
  const { truth, estimate, n, H } = given;
  const token = binaryDivergence({ p: tokenProbability(truth), q: tokenProbability(estimate) });
  return (H / (2 * n)) * token;
}

/** Cov_N(π_θ⋆‖π_θ̂), exactly: the log ratio grows or falls with the number of tokens +1, which is binomial. */
export function rarePromptCoverage(given: {
  readonly truth: number;
  readonly estimate: number;
  readonly n: number;
  readonly H: number;
  readonly N: number;
}): number {
  const { truth, estimate, n, H, N } = given;
  const [p, q] = [tokenProbability(truth), tokenProbability(estimate)];
  const [one, zero] = [Math.log(p / q), Math.log((1 - p) / (1 - q))];
  if (one === zero) return 0;
  // ones·one + (H − ones)·zero ≥ log N, a bound on ones from below or from above.
  const limit = (Math.log(N) - H * zero) / (one - zero);
  const atLeast = (count: number, success: number): number => {
    if (count <= 0) return 1;
    if (count > H) return 0;
    return regularizedIncompleteBeta({ x: success, alpha: count, beta: H - count + 1 });
  };
  const probability =
    one > zero ? atLeast(Math.ceil(limit - 1e-9), p) : atLeast(Math.ceil(H - limit - 1e-9), 1 - p);
  return probability / (2 * n);
}

function qualityOf(pair: { truth: number; estimate: number; n: number; H: number }) {
  return {
    kl: rarePromptKl(pair),
    coverage: rarePromptCoverage({ ...pair, N: 2 }),
    largestCoverage: rarePromptCoverage({ ...pair, N: 1 + 1e-9 }),
  };
}

/** KL(Ber(e/(e + 1/e))‖Ber(½))/2: **corrected**; the printed 1/4 fails for θ̂ = 0. */
export const correctedKlConstant = binaryDivergence({ p: tokenProbability(1), q: 0.5 }) / 2;

const likelihoodName = "maximum likelihood, 0 where unseen";

/** The row with a constant c in KL ≥ c·H/n; the corrected one where none is given. */
export function klLowerBoundRow(constant = correctedKlConstant): TheoryRow<KlSetting> {
  return {
    name: "kl-lower-bound",
    source: "Prop. 3.2",
    claim:
      "At the worse of θ⋆ = ±1 every proper estimator has KL ≥ 0.1639·H/n with probability ≥ ¼, while coverage ≤ 1/(2n) for every N > 1.",
    criteria: [
      probabilityAtLeast({
        name: "kl-grows",
        event: `KL ≥ ${constant.toFixed(4)}·H/n at the worse of θ⋆ = ±1`,
        events: "largeKl",
        atLeast: 0.25,
      }),
      atMost({ name: "coverage-bound", y: "largestCoverage", bound: "rareMass" }),
      slopeWithin({
        name: "kl-slope-in-horizon",
        y: "meanKl",
        x: "H",
        where: { estimator: likelihoodName, n: 100 },
        within: [0.9, 1.1],
      }),
      slopeWithin({
        name: "coverage-slope-in-horizon",
        y: "meanCoverage",
        x: "H",
        where: { estimator: likelihoodName, n: 100 },
        within: [-0.1, 0.1],
      }),
      slopeWithin({
        name: "kl-slope-in-n",
        y: "meanKl",
        x: "n",
        where: { estimator: likelihoodName, H: 64 },
        within: [-1.1, -0.9],
      }),
    ],
    plot: {
      x: "H",
      xLabel: "tokens H",
      yLabel: "maximum likelihood, mean over data, n = 100",
      quantities: [
        { column: "meanKl", label: "KL" },
        { column: "klBound", label: "0.1639·H/n, with probability ≥ ¼", predicted: true },
        { column: "meanCoverage", label: "Cov_2" },
        { column: "rareMass", label: "1/(2n)", predicted: true },
      ],
      where: { estimator: likelihoodName, n: 100 },
      xScale: "log",
      yScale: "log",
    },
    settings(scale) {
      const replicates = scale === "fast" ? 4000 : 8000;
      const horizons = scale === "fast" ? [16, 64, 1024] : [16, 64, 256, 1024, 4096, 16_384];
      const ns = scale === "fast" ? [10, 100] : [10, 100, 1000, 10_000];
      const pairs = [
        ...horizons.map((H) => ({ H, n: 100 })),
        ...ns.filter((n) => n !== 100).map((n) => ({ H: 64, n })),
      ];
      return Object.keys(properEstimators).flatMap((estimator) =>
        pairs.map(({ n, H }) => ({ estimator, n, H, replicates })),
      );
    },
    measure({ estimator: name, n, H, replicates }, generator) {
      const estimator = properEstimators[name]!;
      const sides = [-1, 1].map((truth) => {
        const known = new Map<number, ReturnType<typeof qualityOf>>();
        const quality = (estimate: number) => {
          const found = known.get(estimate) ?? qualityOf({ truth, estimate, n, H });
          known.set(estimate, found);
          return found;
        };
        let largeKl = 0;
        let kl = 0;
        let coverage = 0;
        let largestCoverage = 0;
        for (let replicate = 0; replicate < replicates; replicate++) {
          const examples = generator.binomial(n, 1 / (2 * n));
          const ones = generator.binomial(examples * H, tokenProbability(truth));
          const estimate = estimator({ examples, ones, H }, generator);
          const found = quality(estimate);
          if (found.kl >= (constant * H * (1 - 1e-9)) / n) largeKl++;
          kl += found.kl / replicates;
          coverage += found.coverage / replicates;
          largestCoverage = Math.max(largestCoverage, found.largestCoverage);
        }
        return { largeKl, kl, coverage, largestCoverage };
      });
      const worst = (column: "largeKl" | "kl" | "coverage" | "largestCoverage") =>
        Math.max(...sides.map((side) => side[column]));
      return [
        {
          largeKl: worst("largeKl"),
          meanKl: worst("kl"),
          klBound: (constant * H) / n,
          meanCoverage: worst("coverage"),
          largestCoverage: worst("largestCoverage"),
          rareMass: 1 / (2 * n),
        },
      ];
    },
  };
}

export const klLowerBound = klLowerBoundRow();
