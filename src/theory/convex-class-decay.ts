/** Thm E.1: over a convex class the maximum likelihood's coverage falls as 1/N, where 1/log N is all that others have. */
import { slopeWithin, valueWithin } from "./criterion.ts";
import { drawnCoinCounts, hullLeavesReference, leavesReference } from "./finite-class-rate.ts";
import type { TheoryRow } from "./instance.ts";

export interface DecaySetting extends Record<string, number> {
  readonly N: number;
  readonly d: number;
  readonly n: number;
  readonly replicates: number;
}

const c0 = 0.25;
/** μ(0)·n/d tried, a factor 2^{1/8} apart: the worst of them is each class's coverage. */
const rareShares = Array.from({ length: 80 }, (_, index) => 2 ** (-2 - index / 8));

export const convexClassDecay: TheoryRow<DecaySetting> = {
  name: "convex-class-decay",
  source: "Thm E.1",
  claim:
    "Over a convex class the maximum likelihood's Cov_N falls polynomially in N; over the class of Prop. 4.1(b) that spans it, as 1/log N.",
  criteria: [
    slopeWithin({ name: "convex-slope-in-level", y: "convexCoverage", x: "N", within: [-1.3, -0.8] }),
    slopeWithin({ name: "finite-slope-in-log-level", y: "finiteCoverage", x: "logN", within: [-1.2, -0.8] }),
    valueWithin({
      name: "convex-share-at-16",
      y: "convexCoverage",
      where: { N: 16 },
      within: [0, 0.25],
      statistic: {
        words: "convex class's Cov_N over the finite class's",
        of: ([record]) => record && Number(record.convexCoverage) / Number(record.finiteCoverage),
      },
    }),
  ],
  plot: {
    x: "N",
    xLabel: "N",
    yLabel: "mean Cov_N at the worst μ(0)",
    quantities: [
      { column: "finiteCoverage", label: "class of Prop. 4.1(b)" },
      { column: "convexCoverage", label: "its convex hull" },
    ],
    xScale: "log",
    yScale: "log",
  },
  settings: (scale) =>
    (scale === "fast" ? [4, 16, 64] : [4, 8, 16, 32, 64]).map((N) => ({
      N,
      d: 2048,
      n: 4096,
      replicates: scale === "fast" ? 12 : 60,
    })),
  measure({ N, d, n, replicates }, generator) {
    const coins = { d, N, epsilon: c0 * Math.sqrt(d / n) };
    let finiteCoverage = 0;
    let convexCoverage = 0;
    for (const share of rareShares) {
      const rareMass = (share * d) / n;
      let [finite, convex] = [0, 0];
      for (let replicate = 0; replicate < replicates; replicate++) {
        const counts = drawnCoinCounts({ d, n, rareMass, generator });
        if (leavesReference(counts, coins)) finite++;
        if (hullLeavesReference(counts, coins)) convex++;
      }
      finiteCoverage = Math.max(finiteCoverage, (rareMass * finite) / replicates);
      convexCoverage = Math.max(convexCoverage, (rareMass * convex) / replicates);
    }
    return [{ logN: Math.log(N), finiteCoverage, convexCoverage }];
  },
};
