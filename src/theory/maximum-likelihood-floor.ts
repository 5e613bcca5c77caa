/** Prop. 4.1(a): on a box instead of a ball, maximum likelihood leaves unseen responses uncovered at every N ≤ e^B. */
import { atMost, probabilityAtLeast, slopeWithin, valueWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";

export interface FloorSetting extends Record<string, number> {
  /** Responses: Y = [d], φ(y) = B·e_y. */
  readonly d: number;
  readonly n: number;
  readonly replicates: number;
}

/**
 * The probabilities of the maximum likelihood over ‖θ‖_∞ ≤ 1 of counts [d], the first response being the most frequent.
 * Unseen responses have θ = −1 and the first has θ = 1, as only ratios count and the mass of the unseen is to be least;
 * the others are interior and so have their frequencies.
 *
 * @throws RangeError where the first response is not the most frequent, or e^2B is too small for that form.
 */
export function boxMaximumLikelihood(given: {
  readonly counts: ArrayLike<number>;
  readonly B: number;
}): Float64Array {
  const { counts, B } = given;
  let n = 0;
  let unseen = 0;
  for (let response = 0; response < counts.length; response++) {
    const count = counts[response]!;
    n += count;
    if (count === 0) unseen++;
    if (count > counts[0]!) throw new RangeError(`counts[0] is ${counts[0]}: must be the largest`);
  }
  // Weights e^{B·θ}: e^B, e^−B each unseen one, and a share count/n of the total W for the others.
  const total = ((Math.exp(B) + unseen * Math.exp(-B)) * n) / counts[0]!;
  if (total / n < Math.exp(-B)) throw new RangeError(`B is ${B}: must be at least log(n)/2`);
  return Float64Array.from(counts, (count, response) => {
    if (response === 0) return Math.exp(B) / total;
    return count === 0 ? Math.exp(-B) / total : count / n;
  });
}

/** π_D: the first response has 4n/(d − 1 + 4n), each other 1/(d − 1 + 4n). */
export function floorProbabilities({ d, n }: { readonly d: number; readonly n: number }): Float64Array {
  const total = d - 1 + 4 * n;
  return Float64Array.from({ length: d }, (_, response) => (response === 0 ? 4 * n : 1) / total);
}

/** Cov_N of the maximum likelihood is at least (d − 1)/(10n) for all N ≤ e^B, with probability at least ½. */
export const maximumLikelihoodFloor: TheoryRow<FloorSetting> = {
  name: "maximum-likelihood-floor",
  source: "Prop. 4.1(a)",
  claim:
    "There is a class of dimension d on whose maximum likelihood Cov_N ≥ (d − 1)/(10n) for all N ≤ e^B with probability ≥ ½: d/n does not fall with N.",
  criteria: [
    probabilityAtLeast({
      name: "floor",
      event: "Cov_N ≥ (d − 1)/(10n) at N = e^B",
      events: "aboveFloor",
      atLeast: 0.5,
    }),
    valueWithin({
      name: "flat-in-coverage-level",
      y: "flatness",
      within: [1 - 1e-9, 1 + 1e-9],
      predicted: 1,
      statistic: {
        words: "smallest mean Cov_N at N = e^B over mean Cov_N at N = 2",
        of: (records) => Math.min(...records.map(({ flatness }) => Number(flatness))),
      },
    }),
    atMost({ name: "not-above-unseen-mass", y: "coverage", bound: "rareMass" }),
    slopeWithin({
      name: "slope-in-dimension",
      y: "coverage",
      x: "d",
      where: { n: 1024 },
      within: [0.9, 1.1],
    }),
    slopeWithin({ name: "slope-in-n", y: "coverage", x: "n", where: { d: 64 }, within: [-1.1, -0.9] }),
  ],
  plot: {
    x: "n",
    xLabel: "draws n",
    yLabel: "Cov_N at N = e^B = 5n, d = 64",
    quantities: [
      { column: "coverage", label: "maximum likelihood, mean over data" },
      { column: "floor", label: "(d − 1)/(10n), with probability ≥ ½", predicted: true },
    ],
    where: { d: 64 },
    xScale: "log",
    yScale: "log",
  },
  settings(scale) {
    const replicates = scale === "fast" ? 500 : 2000;
    const ds = scale === "fast" ? [4, 16, 256] : [2, 4, 8, 16, 32, 128, 256, 512, 1024];
    const ns = scale === "fast" ? [64, 256, 1024] : [64, 128, 256, 512, 1024, 2048, 4096, 8192];
    return [...ds.map((d) => ({ d, n: 1024, replicates })), ...ns.map((n) => ({ d: 64, n, replicates }))];
  },
  measure({ d, n, replicates }, generator) {
    const B = Math.log(5 * n);
    const truth = floorProbabilities({ d, n });
    const rareShare = (d - 1) / (d - 1 + 4 * n);
    const floor = (d - 1) / (10 * n);
    const means = [0, 0];
    let aboveFloor = 0;
    const counts = new Int32Array(d);
    for (let replicate = 0; replicate < replicates; replicate++) {
      const rare = generator.binomial(n, rareShare);
      counts.fill(0);
      counts[0] = n - rare;
      for (let draw = 0; draw < rare; draw++) counts[1 + generator.integer(d - 1)]!++;
      const model = boxMaximumLikelihood({ counts, B });
      const coverages = [2, Math.exp(B)].map((N) =>
        truth.reduce((sum, p, response) => (p >= N * model[response]! ? sum + p : sum), 0),
      );
      coverages.forEach((coverage, index) => {
        means[index]! += coverage / replicates;
      });
      if (coverages[1]! >= floor) aboveFloor++;
    }
    return [{ aboveFloor, coverage: means[1]!, flatness: means[1]! / means[0]!, floor, rareMass: rareShare }];
  },
};
