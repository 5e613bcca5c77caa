/** The lower bound for SGD with a constant step, Prop. 5.1, in both cases of App. I.4 and with the proof's own μ(+). */
import type { RandomGenerator } from "../numeric/index.ts";
import { countedClass } from "./counted-class.ts";
import { atLeast, atMost, slopeWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";
import { caseN, meanCoverage } from "./step-size-cases.ts";
import {
  largeStepFeatureNorm,
  largeStepInstance,
  rarePromptWeight,
  smallStepFeatureNorm,
  smallStepInstance,
} from "./step-size-instances.ts";

export interface LowerBoundSetting extends Record<string, number> {
  readonly H: number;
  readonly T: number;
}

/** η̄ = ηHB; from 8 on the first case is the adversary's, up to 8 the second. */
const tried = [1 / 64, 1 / 8, 1, 2, 4, 8, 16, 64, 1024];
const parting = 8;
const replicates = 8;

export const sgdLowerBound: TheoryRow<LowerBoundSetting> = {
  name: "sgd-lower-bound",
  source: "Prop. 5.1, App. I.4",
  claim:
    "Whatever its constant step, SGD has Cov_N of at least c·min{H/(T log N), 1} on one of two instances with σ⋆ ≤ 1: for a large step the iterates jump for ever, for a small one the rare prompt is never learned and Cov_N ≥ μ(+)/2.",
  criteria: [
    atLeast({ name: "best-step-above-bound", y: "coverage", bound: "lowerBound" }),
    atLeast({ name: "large-steps-jump", y: "largeStep", bound: 0.99 }),
    atMost({ name: "inherent-variance", y: "variance", bound: 1 }),
    slopeWithin({ name: "slope-in-h", y: "coverage", x: "H", where: { T: 256 }, within: [0.8, 1.1] }),
    slopeWithin({ name: "slope-in-t", y: "coverage", x: "T", where: { H: 2 ** 18 }, within: [-1.2, -0.8] }),
  ],
  plot: {
    x: "H",
    xLabel: "H",
    yLabel: "Cov_3, average over iterates",
    quantities: [
      { column: "coverage", label: "best constant step" },
      { column: "lowerBound", label: "μ(+)/2", predicted: true },
    ],
    by: "T",
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "N = 3. μ(+) is the proof's: about H/(80 000·T) at these H, so that lengths up to 2²¹ are needed before the rare prompt is seen at all, and seen without being learned.",
  settings(scale) {
    const lengths = scale === "fast" ? [2 ** 12, 2 ** 18] : [2 ** 12, 2 ** 15, 2 ** 18, 2 ** 21];
    return [64, 256, 1024].flatMap((T) => lengths.map((H) => ({ H, T })));
  },
  measure(setting, generator) {
    const coverages = tried.map((step) => ({ step, ...ofStep(setting, step, generator) }));
    const values = (part: (step: number) => boolean) =>
      coverages.filter(({ step }) => part(step)).map(({ coverage }) => coverage);
    return [
      {
        coverage: Math.min(...values(() => true)),
        smallStep: Math.min(...values((step) => step < parting)),
        largeStep: Math.min(...values((step) => step >= parting)),
        lowerBound: rarePromptWeight({ ...setting, N: caseN }) / 2,
        variance: Math.max(...coverages.map(({ variance }) => variance)),
      },
    ];
  },
};

/** Cov_N under the adversary's case, at the parting step the worse one, and the largest σ⋆². */
function ofStep(
  setting: LowerBoundSetting,
  step: number,
  generator: RandomGenerator,
): { readonly coverage: number; readonly variance: number } {
  const { H, T } = setting;
  const rare = rarePromptWeight({ ...setting, N: caseN });
  const large = () => ({
    counted: countedClass(largeStepInstance({ H, T, step })),
    B: largeStepFeatureNorm({ H, T }),
  });
  const small = () => ({
    counted: countedClass(smallStepInstance({ H, T, N: caseN, rare })),
    B: smallStepFeatureNorm({ H, T }),
  });
  const cases = [...(step >= parting ? [large()] : []), ...(step <= parting ? [small()] : [])];
  const coverages = cases.map(({ counted, B }, index) =>
    meanCoverage({
      counted,
      rule: { name: "sgd", stepSize: step / (H * B) },
      steps: T,
      n: caseN,
      replicates,
      generator: generator.split(`${step} ${index}`),
    }),
  );
  return {
    coverage: Math.max(...coverages),
    variance: Math.max(...cases.map(({ counted }) => counted.inherentVariance)),
  };
}
