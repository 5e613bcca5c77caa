/** Token-level SGD with test-time training on the instances that no constant step of SGD survives. */
import { tokenLevelStepSize } from "../train/index.ts";
import { atMost } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";
import { belowConstantStep, bestConstantStep, caseN, flatInH, stepSizeCases } from "./step-size-cases.ts";
import { tokenLevelAverage } from "./token-level-training.ts";

export interface TokenLevelSetting extends Record<string, number | string> {
  readonly H: number;
  readonly T: number;
  readonly case: string;
}

export const tokenLevelSgd: TheoryRow<TokenLevelSetting> = {
  name: "token-level-sgd",
  source: "(21)–(23), App. I.4",
  claim: "Coverage under token-level SGD with test-time training does not grow with H.",
  criteria: [
    flatInH({ name: "flat-in-h", y: "coverage" }),
    belowConstantStep({ name: "below-sgd", y: "coverage", from: 4096 }),
    atMost({ name: "unscored-mass", y: "unscored", bound: 1e-5 }),
  ],
  plot: {
    x: "H",
    xLabel: "H",
    yLabel: "Cov_3, average over iterates",
    quantities: [
      { column: "coverage", label: "token-level SGD + test-time training" },
      { column: "sgd", label: "best constant step of SGD" },
    ],
    by: "case",
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "N = 3, T = 1000, μ(+) = 0.05; the step is the proof's own, η = min{1/(2B²), (σ⋆²T)^(−1/2)}, in training and at test time. Every response of π_D but the likeliest one of its prompt (unscored) counts as uncovered.",
  settings(scale) {
    const lengths = scale === "fast" ? [64, 4096] : [64, 512, 4096, 32768];
    return lengths.flatMap((H) =>
      stepSizeCases({ H, T: 1000 }).map(({ name }) => ({ H, T: 1000, case: name })),
    );
  },
  measure(setting, generator) {
    const { H, T } = setting;
    const { counted, B, random } = stepSizeCases({ H, T }).find(({ name }) => name === setting.case)!;
    const stepSize = tokenLevelStepSize({ B, variance: counted.inherentVariance, steps: T });
    const replicates = random ? 3 : 1;
    const averages = Array.from({ length: replicates }, (_, replicate) =>
      tokenLevelAverage({
        instance: counted.instance,
        stepSize,
        steps: T,
        logN: Math.log(caseN),
        generator: generator.split(`${replicate}`),
      }),
    );
    return [
      {
        coverage: averages.reduce((sum, { coverage }) => sum + coverage, 0) / replicates,
        unscored: averages[0]!.unscored,
        // Once a length.
        ...(random && {
          sgd: bestConstantStep({ H, T }, { replicates: 6, generator: generator.split("sgd") }).coverage,
        }),
      },
    ];
  },
};
