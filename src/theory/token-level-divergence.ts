/** Test-time training is no proper estimator, and its divergence beats the lower bound that holds for all of those. */
import type { RandomGenerator } from "../numeric/index.ts";
import { tokenLevelStepSize } from "../train/index.ts";
import { atMost, probabilityAtLeast, slopeWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";

export interface TokenLevelDivergenceSetting extends Record<string, number> {
  readonly n: number;
  readonly H: number;
}

/** π_θ(1 | x = 1) = 1/(1 + e^(−2θ)) per token, tokens ±1; θ⋆ = 1. */
const target = 1 / (1 + Math.exp(-2));

/** KL(Ber(p⋆) ‖ ½), nats: half of it, over n, is what a proper estimator that has not seen x = 1 must lose a token. */
const unseenLoss = Math.LN2 + target * Math.log(target) + (1 - target) * Math.log(1 - target);

export const tokenLevelDivergence: TheoryRow<TokenLevelDivergenceSetting> = {
  name: "token-level-divergence",
  source: "Prop. 3.2, (21)–(23)",
  claim:
    "Every proper estimator has KL ≥ 0.1639·H/n with probability ≥ 1/4; token-level SGD with test-time training has a KL that grows as √H, below that bound.",
  criteria: [
    probabilityAtLeast({
      name: "below-proper-bound",
      event: "KL of token-level SGD + test-time training < 0.1639·H/n",
      events: "below",
      atLeast: 0.95,
    }),
    probabilityAtLeast({
      name: "proper-estimator-above-bound",
      event: "KL of maximum likelihood ≥ 0.1639·H/n",
      events: "properAbove",
      atLeast: 0.25,
    }),
    slopeWithin({ name: "slope-in-h", y: "divergence", x: "H", where: { n: 64 }, within: [0.35, 0.65] }),
    slopeWithin({ name: "slope-in-n", y: "divergence", x: "n", where: { H: 256 }, within: [-1.2, -0.8] }),
    atMost({ name: "theorem-with-constants", y: "divergence", bound: "upperBound" }),
  ],
  plot: {
    x: "H",
    xLabel: "H",
    yLabel: "KL, nats",
    quantities: [
      { column: "divergence", label: "token-level SGD + test-time training" },
      { column: "properDivergence", label: "maximum likelihood" },
      { column: "lowerBound", label: "bound for proper estimators", predicted: true },
      { column: "upperBound", label: "1/(ηT) + ησ⋆²", predicted: true },
    ],
    where: { n: 64 },
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "T = n responses, θ⋆ = 1 (θ⋆ = −1 is its mirror image), the proof's own step; KL is the mean over iterates, each scored on one response with exact conditional divergences.",
  settings(scale) {
    const lengths = scale === "fast" ? [64, 256, 1024] : [64, 256, 1024, 4096, 16384];
    const sizes = scale === "fast" ? [64] : [64, 512];
    const between = scale === "fast" ? [256] : [128, 256];
    return [...sizes.flatMap((n) => lengths.map((H) => ({ n, H }))), ...between.map((n) => ({ n, H: 256 }))];
  },
  measure({ n, H }, generator) {
    const replicates = 400;
    const variance = (4 * target * (1 - target) * H) / (2 * n);
    const stepSize = tokenLevelStepSize({ B: 1, variance, steps: n });
    const lowerBound = (unseenLoss / 2) * (H / n);
    let [divergence, properDivergence, below, properAbove] = [0, 0, 0, 0];
    for (let replicate = 0; replicate < replicates; replicate++) {
      const seen = seenAt(n, generator);
      const ours = averageDivergence({ n, H, stepSize, seen, generator });
      const proper = properDivergenceOf({ n, H, seen, generator });
      divergence += ours / replicates;
      properDivergence += proper / replicates;
      if (ours < lowerBound) below += 1;
      // With x = 1 unseen both are the same number, up to rounding.
      if (proper >= lowerBound * (1 - 1e-9)) properAbove += 1;
    }
    const upperBound = 1 / (stepSize * n) + stepSize * variance;
    return [{ divergence, properDivergence, lowerBound, upperBound, below, properAbove, replicates }];
  },
};

/** Steps t = 0 … n − 1 at which x = 1 is drawn, μ(1) = 1/(2n). */
function seenAt(n: number, generator: RandomGenerator): number[] {
  return Array.from({ length: n }, (_, step) => step).filter(() => generator.uniform() < 1 / (2 * n));
}

/** Mean over t of KL(π_D ‖ π^TTT_{θ^t}): θ changes only where x = 1 is drawn, and every iterate's pass is a fresh one. */
function averageDivergence(given: {
  readonly n: number;
  readonly H: number;
  readonly stepSize: number;
  readonly seen: readonly number[];
  readonly generator: RandomGenerator;
}): number {
  const { n, H, stepSize, seen, generator } = given;
  let theta = 0;
  let total = 0;
  [...seen, n - 1].forEach((step, index) => {
    const iterates = step - (index === 0 ? -1 : seen[index - 1]!);
    const pass = testTimeTraining({ theta, H, stepSize, generator });
    total += (iterates / n) * pass.divergence;
    if (index < seen.length) theta = testTimeTraining({ theta, H, stepSize, generator }).theta;
  });
  return total / (2 * n);
}

/**
 * A pass over a response of π_D(·|1): a projected step after every token. The divergence is Σ_h KL of the h-th token's
 * conditional distribution, whose mean over responses is KL(π_D ‖ π^TTT) by the chain rule.
 */
export function testTimeTraining(given: {
  readonly theta: number;
  readonly H: number;
  readonly stepSize: number;
  readonly generator: RandomGenerator;
}): { readonly theta: number; readonly divergence: number } {
  const { H, stepSize, generator } = given;
  let { theta } = given;
  let divergence = 0;
  for (let position = 0; position < H; position++) {
    divergence += tokenDivergence(theta);
    const token = generator.uniform() < target ? 1 : -1;
    theta = clamped(theta + stepSize * (token - Math.tanh(theta)));
  }
  return { theta, divergence };
}

/** KL of maximum likelihood, which with x = 1 unseen takes θ̂ = 0. */
function properDivergenceOf(given: {
  readonly n: number;
  readonly H: number;
  readonly seen: readonly number[];
  readonly generator: RandomGenerator;
}): number {
  const { n, H, seen, generator } = given;
  const tokens = seen.length * H;
  if (tokens === 0) return (H * tokenDivergence(0)) / (2 * n);
  const mean = (2 * generator.binomial(tokens, target)) / tokens - 1;
  return (H * tokenDivergence(clamped(Math.atanh(mean)))) / (2 * n);
}

/** KL(Ber(p⋆) ‖ Ber(1/(1 + e^(−2θ)))), nats. */
function tokenDivergence(theta: number): number {
  return (
    target * (Math.log(target) + Math.log1p(Math.exp(-2 * theta))) +
    (1 - target) * (Math.log(1 - target) + Math.log1p(Math.exp(2 * theta)))
  );
}

function clamped(theta: number): number {
  return Math.max(-1, Math.min(1, theta));
}
