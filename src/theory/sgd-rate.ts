/** The upper bound for SGD with the step 1/(2HB²), on an instance where its growth with H is real. */
import { coverageBoundFromKl } from "../coverage/index.ts";
import { largestSgdStepSize } from "../train/index.ts";
import { countedClass } from "./counted-class.ts";
import { iterateAverage } from "./counted-training.ts";
import { atMost, slopeWithin, valueWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";
import { smallStepFeatureNorm, smallStepInstance } from "./step-size-instances.ts";

export interface SgdRateSetting extends Record<string, number> {
  readonly H: number;
  readonly T: number;
  readonly logN: number;
}

/** The longest training, long enough that the bound on coverage at H = 64 says something. */
const longest = 2 ** 18;

export const sgdRate: TheoryRow<SgdRateSetting> = {
  name: "sgd-rate",
  source: "Prop. 5.1",
  claim:
    "SGD with a step of at most 1/(2HB²) has Cov_N of at most (1/log N)(√(σ⋆²/T) + B²H/T) up to a constant.",
  criteria: [
    slopeWithin({
      name: "slope-in-h",
      y: "coverage",
      x: "H",
      where: { T: 2 ** 14, logN: 2 },
      within: [0.8, 1.2],
    }),
    slopeWithin({
      name: "slope-in-t",
      y: "coverage",
      x: "T",
      where: { H: 256, logN: 2 },
      within: [-1.2, -0.8],
    }),
    slopeWithin({
      name: "slope-in-log-n",
      y: "coverage",
      x: "logN",
      where: { H: 256, T: 2 ** 14 },
      within: [-1.2, -0.8],
    }),
    atMost({ name: "divergence-below-bound", y: "divergence", bound: "divergenceBound" }),
    atMost({ name: "coverage-below-bound", y: "coverage", bound: "coverageBound" }),
    valueWithin({
      name: "bound-says-something",
      y: "coverageBound",
      within: [0, 0.5],
      statistic: {
        words: "least bound on coverage over the settings",
        of: (records) => Math.min(...records.map(({ coverageBound }) => Number(coverageBound))),
      },
    }),
  ],
  plot: {
    x: "H",
    xLabel: "H",
    yLabel: "Cov_N, average over iterates",
    quantities: [
      { column: "coverage", label: "SGD, η = 1/(2HB²)" },
      { column: "coverageBound", label: "explicit bound", predicted: true },
    ],
    where: { T: 2 ** 14, logN: 2 },
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "The second instance of App. I.4 with μ(+) = 1/2. The bound has explicit constants because tokens are independent given the prompt: the mean of KL over iterates is at most ‖θ¹ − θ⋆‖²/(ηT) + ησ⋆² (derived here; B² makes it loose), and coverage at most that over log N − 1 + 1/N (D.1). It is above 1, and says nothing, but for T = 262,144.",
  settings(scale) {
    const [few, many] = [
      [64, 1024],
      [64, 128, 256, 512, 1024],
    ];
    const lengths = scale === "fast" ? few : many;
    const powers = scale === "fast" ? [12] : [12, 13, 15, 16];
    const logNs = scale === "fast" ? [8] : [1, 4, 8];
    return [
      ...lengths.map((H) => ({ H, T: 2 ** 14, logN: 2 })),
      ...(lengths.includes(256) ? [] : [{ H: 256, T: 2 ** 14, logN: 2 }]),
      ...powers.map((power) => ({ H: 256, T: 2 ** power, logN: 2 })),
      ...logNs.map((logN) => ({ H: 256, T: 2 ** 14, logN })),
      { H: 64, T: longest, logN: 2 },
    ];
  },
  measure({ H, T, logN }, generator) {
    const N = Math.exp(logN);
    // One instance for all T: its B is that of the longest training.
    const scale = { H, T: longest };
    const instance = smallStepInstance({ ...scale, N, rare: 0.5 });
    const B = smallStepFeatureNorm(scale);
    const counted = countedClass(instance);
    const stepSize = largestSgdStepSize({ B, H });
    const replicates = T === longest ? 1 : 4;
    let [coverage, divergence] = [0, 0];
    for (let replicate = 0; replicate < replicates; replicate++) {
      const rule = { name: "sgd", stepSize } as const;
      const average = iterateAverage({ instance: counted, rule, steps: T, logN: [logN], generator });
      coverage += average.coverage[0]! / replicates;
      divergence += average.divergence / replicates;
    }
    const distance = instance.target.reduce((sum, value, i) => sum + (value - instance.start[i]!) ** 2, 0);
    const divergenceBound = distance / (stepSize * T) + stepSize * counted.inherentVariance;
    return [
      {
        coverage,
        divergence,
        divergenceBound,
        coverageBound: coverageBoundFromKl({ n: N, kl: divergenceBound }),
      },
    ];
  },
};
