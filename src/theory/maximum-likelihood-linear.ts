/** Maximum likelihood on the linear class, Cor. 4.2: coverage falls with n and N and grows only as log H. */
import { type CoinPrompts, coinInstance, coinMaximumLikelihoodCoverage } from "./coin-prompts.ts";
import { countedClass } from "./counted-class.ts";
import { atMost, slopeWithin, valueWithin } from "./criterion.ts";
import type { TheoryRecord, TheoryRow } from "./instance.ts";

export interface MaximumLikelihoodSetting extends Record<string, number> {
  readonly n: number;
  readonly H: number;
}

/** Coins, and the range of KL(Ber(p_i) ‖ ½) of one token over which they are log-spaced, nats. */
const d = 64;
const [least, most] = [1e-6, 0.1];
const range = Math.log(most / least);

/** N as powers of 8, whose exponents double; from 8⁴ on coins with data no longer count. */
const ns = [8, 8 ** 2, 8 ** 4, 8 ** 8, 8 ** 16];
const manyFrom = 2;
const lengths = [64, 512, 4096, 32768];
const sizes = [256, 1024, 4096, 16384];

export const maximumLikelihoodLinear: TheoryRow<MaximumLikelihoodSetting> = {
  name: "maximum-likelihood-linear",
  source: "Thm 4.1, Cor. 4.2",
  claim:
    "On the linear class Cov_N of maximum likelihood, N ≥ 8, is of the order of (d·([log(BH/log N)]_+ + log(BHn)/log N) + log(1/δ))/n: it falls with n and N and grows only as log H, while KL grows as H.",
  criteria: [
    slopeWithin({ name: "slope-in-n", y: "coverage8", x: "n", where: { H: 4096 }, within: [-1.2, -0.8] }),
    valueWithin({
      name: "grows-as-log-h",
      y: "coverage8",
      where: { n: 4096 },
      within: [0.7, 1.3],
      statistic: {
        words: "slope of n·Cov_8 against log H, each step's farthest from d/(e·log(10⁵)), over it",
        of: (records) => farthestFromOne(stepsOver(records, "coverage8")),
      },
    }),
    slopeWithin({
      name: "coverage-slope-in-h",
      y: "coverage8",
      x: "H",
      where: { n: 4096 },
      within: [0, 0.4],
    }),
    slopeWithin({
      name: "divergence-slope-in-h",
      y: "divergence",
      x: "H",
      where: { n: 4096 },
      within: [0.7, 1.1],
    }),
    valueWithin({
      name: "falls-as-log-log-n",
      y: "coverage8",
      where: { n: 4096, H: 32768 },
      within: [0.7, 1.3],
      statistic: {
        words:
          "slope of n·Cov_N against −log log N, N = 8⁴, 8⁸, 8¹⁶, each step's farthest from d/(e·log(10⁵)), over it",
        of: (records) => (records.length === 1 ? farthestFromOne(stepsInN(records[0]!)) : undefined),
      },
    }),
    atMost({ name: "theorem-with-constant-one", y: "largestQuotient", bound: 1 }),
  ],
  plot: {
    x: "H",
    xLabel: "H",
    yLabel: "Cov_N of maximum likelihood",
    quantities: [
      ...ns.map((N) => ({ column: `coverage${N}`, label: `N = 8^${Math.round(Math.log(N) / Math.log(8))}` })),
      { column: "predicted8", label: "d·log(0.1·H/log 8)/(e·n·log(10⁵))", predicted: true },
    ],
    where: { n: 4096 },
    xScale: "log",
    yScale: "linear",
  },
  caveat:
    "The worst case changes with n: 64 coins of probability 1/n each, whose strengths are log-spaced, so that a longer response or a smaller N makes ever weaker coins count where they are unseen. An unseen coin has θ̂_i = 0.",
  settings(scale) {
    const some = scale === "fast" ? [256, 4096] : sizes;
    return [
      ...lengths.map((H) => ({ n: 4096, H })),
      ...some.filter((n) => n !== 4096).map((n) => ({ n, H: 4096 })),
    ];
  },
  measure({ n, H }, generator) {
    const replicates = 400;
    const logOdds = strengths();
    // Twice the norm of the log-odds: ‖θ⋆‖ = 1/2.
    const B = 2 * Math.sqrt(logOdds.reduce((sum, value) => sum + value ** 2, 0));
    const coins: CoinPrompts = { H, B, weight: 1 / n, logOdds };
    const counted = countedClass(coinInstance(coins));
    const logN = ns.map(Math.log);
    const sums = new Float64Array(ns.length);
    let divergence = 0;
    for (let replicate = 0; replicate < replicates; replicate++) {
      const estimate = coinMaximumLikelihoodCoverage({ coins, counted, n, logN, generator });
      estimate.coverage.forEach((value, index) => {
        sums[index]! += value / replicates;
      });
      divergence += estimate.divergence / replicates;
    }
    return [
      {
        ...Object.fromEntries(ns.map((N, index) => [`coverage${N}`, sums[index]!])),
        predicted8: (d * Math.log((most * H) / Math.log(8))) / (Math.E * n * range),
        divergence,
        largestQuotient: Math.max(
          ...ns.map((N, index) => sums[index]! / shape({ n, H, B, logN: Math.log(N) })),
        ),
      },
    ];
  },
};

/** Cor. 4.2's bound without its constant and its term of δ. */
function shape({ n, H, B, logN }: { n: number; H: number; B: number; logN: number }): number {
  return (d * (Math.max(0, Math.log((B * H) / logN)) + Math.log(B * H * n) / logN)) / n;
}

/** Log-odds whose KL(Ber ‖ ½) is log-spaced, heads and tails alternating. */
function strengths(): number[] {
  return Array.from({ length: d }, (_, coin) => {
    const divergence = least * Math.exp((range * (coin + 0.5)) / d);
    return (coin % 2 === 0 ? 1 : -1) * logOddsWithDivergence(divergence);
  });
}

/** The x > 0 with KL(Ber(1/(1 + e^(−x))) ‖ ½) = divergence, by bisection. */
function logOddsWithDivergence(divergence: number): number {
  const at = (x: number) => {
    const p = 1 / (1 + Math.exp(-x));
    return p * Math.log1p(2 * p - 1) + (1 - p) * Math.log1p(1 - 2 * p);
  };
  let [low, high] = [0, 10];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (at(middle) < divergence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The predicted slope: in a step of log H this share of the coins, each unseen with probability 1/e, comes to count. */
const predictedSlope = d / (Math.E * range);

function stepsOver(records: readonly TheoryRecord[], column: string): number[] {
  const sorted = records.toSorted((left, right) => Number(left.H) - Number(right.H));
  return sorted.slice(1).map((record, index) => {
    const before = sorted[index]!;
    const rise = Number(record.n) * (Number(record[column]) - Number(before[column]));
    return rise / Math.log(Number(record.H) / Number(before.H)) / predictedSlope;
  });
}

function stepsInN(record: TheoryRecord): number[] {
  const many = ns.slice(manyFrom);
  return many.slice(1).map((N, index) => {
    const fall =
      Number(record.n) * (Number(record[`coverage${many[index]}`]) - Number(record[`coverage${N}`]));
    return fall / Math.LN2 / predictedSlope;
  });
}

function farthestFromOne(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => Math.abs(right - 1) - Math.abs(left - 1))[0];
}
