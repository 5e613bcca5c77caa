/** Prop. 4.1(b): over a class of 2^d coins the maximum likelihood has Cov_N of order d/(n·log N). */
import { probabilityAtLeast, slopeWithin } from "./criterion.ts";
import { drawnCoinCounts, leavesReference } from "./finite-class-rate.ts";
import type { TheoryRow } from "./instance.ts";

export interface RateSetting extends Record<string, number> {
  readonly d: number;
  readonly n: number;
  readonly N: number;
  readonly replicates: number;
}

/** ε = c0·√(d/n), μ(0) = c0·ε²/log N (**our choice** of c0: the proof's 1e-4 gives a μ(0) that cannot be measured). */
const c0 = 0.25;

/** μ(0) = c0³·d/(n·log N). */
const rareCoinMass = ({ d, n, N }: { d: number; n: number; N: number }): number =>
  (c0 ** 3 * d) / (n * Math.log(N));

export const maximumLikelihoodRate: TheoryRow<RateSetting> = {
  name: "maximum-likelihood-rate",
  source: "Prop. 4.1(b)",
  claim:
    "There is a class of log-size about d on which the maximum likelihood has Cov_N ≥ c·d/(n·log N): coverage falls as 1/log N and d/n, not faster.",
  criteria: [
    probabilityAtLeast({
      name: "lower-bound",
      event: "Cov_N ≥ d/(64·n·log N)",
      events: "left",
      atLeast: 0.9,
    }),
    slopeWithin({
      name: "slope-in-dimension",
      y: "coverage",
      x: "d",
      where: { n: 4096, N: 16 },
      within: [0.9, 1.1],
    }),
    slopeWithin({ name: "slope-in-n", y: "coverage", x: "n", where: { d: 64, N: 16 }, within: [-1.1, -0.9] }),
    slopeWithin({
      name: "slope-in-log-level",
      y: "coverage",
      x: "logN",
      where: { d: 64, n: 4096 },
      within: [-1.1, -0.9],
    }),
  ],
  plot: {
    x: "logN",
    xLabel: "log N",
    yLabel: "mean Cov_N, d = 64, n = 4,096",
    quantities: [
      { column: "coverage", label: "maximum likelihood" },
      { column: "bound", label: "d/(64·n·log N)", predicted: true },
    ],
    where: { d: 64, n: 4096 },
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "c0 = ¼ in the proof's ε = c0·√(d/n) and μ(0) = c0·ε²/log N, so c = c0³ = 1/64; the proof's own c0 ≤ 1e-4 gives a μ(0) below 1e-12.",
  settings(scale) {
    const replicates = scale === "fast" ? 500 : 1000;
    const [ds, ns, levels] =
      scale === "fast"
        ? [[32, 128], [1024], [4, 256]]
        : [
            [16, 32, 128, 256, 512],
            [512, 1024, 2048, 8192],
            [2, 4, 8, 64, 256, 4096],
          ];
    return [
      { d: 64, n: 4096, N: 16, replicates },
      ...ds.map((d) => ({ d, n: 4096, N: 16, replicates })),
      ...ns.map((n) => ({ d: 64, n, N: 16, replicates })),
      ...levels.map((N) => ({ d: 64, n: 4096, N, replicates })),
    ];
  },
  measure({ d, n, N, replicates }, generator) {
    const coins = { d, N, epsilon: c0 * Math.sqrt(d / n) };
    const rareMass = rareCoinMass({ d, n, N });
    let left = 0;
    for (let replicate = 0; replicate < replicates; replicate++) {
      if (leavesReference(drawnCoinCounts({ d, n, rareMass, generator }), coins)) left++;
    }
    const bound = d / (64 * n * Math.log(N));
    return [{ logN: Math.log(N), left, coverage: (left / replicates) * rareMass, bound }];
  },
};
