/** Truncated distillation SGD against maximum likelihood on an instance where the rate √(σ⋆²/(T log N)) is attained. */
import { maximumLikelihoodRate, truncatedRate, truncatedStepSize } from "../train/index.ts";
import { type CoinPrompts, coinInstance, coinMaximumLikelihoodCoverage } from "./coin-prompts.ts";
import { countedClass } from "./counted-class.ts";
import { iterateAverage } from "./counted-training.ts";
import { atMost, slopeWithin, valueWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";

export interface TruncatedRateSetting extends Record<string, number | string> {
  /** What changes along the series; the rest stays. */
  readonly series: "T" | "T, σ⋆² fixed" | "N";
  readonly T: number;
  readonly H: number;
  readonly logN: number;
}

/** An unlearned coin's response has a mean log-ratio of twice log N: it is all but surely uncovered. */
const excess = 2;

export const truncatedDistillationRate: TheoryRow<TruncatedRateSetting> = {
  name: "truncated-distillation-rate",
  source: "(24)–(26), Lemma I.4",
  claim:
    "Truncated distillation SGD with the proof's own step has Cov_N of the order of √(σ⋆²/(T log N)) + B²/T, as maximum likelihood from as many responses.",
  criteria: [
    slopeWithin({ name: "slope-in-t", y: "coverage", x: "T", where: { series: "T" }, within: [-1.2, -0.8] }),
    slopeWithin({
      name: "slope-in-t-at-fixed-variance",
      y: "coverage",
      x: "T",
      where: { series: "T, σ⋆² fixed" },
      within: [-0.65, -0.35],
    }),
    slopeWithin({
      name: "slope-in-log-n",
      y: "coverage",
      x: "logN",
      where: { series: "N" },
      within: [-1.2, -0.8],
    }),
    slopeWithin({
      name: "likelihood-slope-in-t",
      y: "maximumLikelihood",
      x: "T",
      where: { series: "T" },
      within: [-1.2, -0.8],
    }),
    slopeWithin({
      name: "likelihood-slope-in-log-n",
      y: "maximumLikelihood",
      x: "logN",
      where: { series: "N" },
      within: [-1.2, -0.8],
    }),
    slopeWithin({ name: "proportional-to-rate", y: "coverage", x: "rate", within: [0.85, 1.15] }),
    atMost({ name: "below-rate", y: "coverage", bound: "rate" }),
    atMost({ name: "likelihood-below-rate", y: "maximumLikelihood", bound: "likelihoodRate" }),
    valueWithin({
      name: "matches-maximum-likelihood",
      y: "coverage",
      within: [0.5, 4],
      statistic: {
        words: "coverage over maximum likelihood's, the quotient farthest from 1",
        of: (records) =>
          records
            .map(({ coverage, maximumLikelihood }) => Number(coverage) / Number(maximumLikelihood))
            .toSorted((left, right) => Math.abs(Math.log(right)) - Math.abs(Math.log(left)))[0],
      },
    }),
  ],
  plot: {
    x: "T",
    xLabel: "T = n",
    yLabel: "Cov_N",
    quantities: [
      { column: "coverage", label: "truncated distillation SGD, average over iterates" },
      { column: "maximumLikelihood", label: "maximum likelihood" },
      { column: "rate", label: "√(σ⋆²/(T log N)) + B²/T", predicted: true },
    ],
    where: { series: "T" },
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "The worst case changes with T and N: d = H/(64 log N) coins of probability 1/T each, log-odds ±√(16 log N/H), so that ‖θ⋆‖ = 1/2. σ⋆² = dH/(4T); it stays where H grows as √T.",
  settings(scale) {
    const at = (series: TruncatedRateSetting["series"], T: number, H: number, logN: number) => ({
      series,
      T,
      H,
      logN,
    });
    if (scale === "fast") {
      return [
        ...[10, 12].map((power) => at("T", 2 ** power, 4096, 2)),
        ...[10, 12].map((power) => at("T, σ⋆² fixed", 2 ** power, 4096 * 2 ** ((power - 10) / 2), 2)),
        ...[2, 8].map((logN) => at("N", 2 ** 11, 8192, logN)),
      ];
    }
    return [
      ...[10, 11, 12, 13, 14, 15].map((power) => at("T", 2 ** power, 8192, 2)),
      ...[10, 12, 14].map((power) => at("T, σ⋆² fixed", 2 ** power, 4096 * 2 ** ((power - 10) / 2), 2)),
      ...[2, 4, 8].map((logN) => at("N", 2 ** 12, 16384, logN)),
    ];
  },
  measure({ T, H, logN }, generator) {
    const [B, N] = [1, Math.exp(logN)];
    const d = Math.floor((H * B ** 2) / (32 * excess * logN));
    const logOdds = Math.sqrt((8 * excess * logN) / H);
    // As many coins at every setting, so that all have the same noise.
    const replicates = Math.ceil(384 / d);
    let [coverage, maximumLikelihood] = [0, 0];
    let features = { B, variance: 0, steps: T, N };
    for (let replicate = 0; replicate < replicates; replicate++) {
      const signs = Array.from({ length: d }, () => (generator.uniform() < 0.5 ? -1 : 1));
      const coins: CoinPrompts = { H, B, weight: 1 / T, logOdds: signs.map((sign) => sign * logOdds) };
      const counted = countedClass(coinInstance(coins));
      features = { ...features, variance: counted.inherentVariance };
      const rule = { name: "truncated", stepSize: truncatedStepSize(features), logN } as const;
      const average = iterateAverage({ instance: counted, rule, steps: T, logN: [logN], generator });
      coverage += average.coverage[0]! / replicates;
      const estimate = coinMaximumLikelihoodCoverage({ coins, counted, n: T, logN: [logN], generator });
      maximumLikelihood += estimate.coverage[0]! / replicates;
    }
    return [
      {
        coverage,
        maximumLikelihood,
        rate: truncatedRate(features),
        likelihoodRate: maximumLikelihoodRate(features),
        d,
        variance: features.variance,
      },
    ];
  },
};
