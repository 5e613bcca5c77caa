/** The best constant step of SGD as responses grow longer, on App. I.4's instances with a measurable μ(+). */
import { atLeast, slopeWithin } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";
import { bestConstantStep, rareWeight, saturatedFrom } from "./step-size-cases.ts";

export interface ConstantStepSetting extends Record<string, number | string> {
  readonly H: number;
  readonly T: number;
  readonly part: "rising" | "saturated";
}

export const constantStepSgd: TheoryRow<ConstantStepSetting> = {
  name: "constant-step-sgd",
  source: "Prop. 5.1, App. I.4",
  claim:
    "Coverage under SGD with its best constant step grows with H, up to the probability of the rare prompt.",
  criteria: [
    slopeWithin({
      name: "grows-with-h",
      y: "coverage",
      x: "H",
      where: { part: "rising" },
      within: [0.6, 1.2],
    }),
    atLeast({
      name: "never-learned",
      y: "coverage",
      bound: 0.9 * rareWeight,
      where: { part: "saturated" },
    }),
  ],
  plot: {
    x: "H",
    xLabel: "H",
    yLabel: "Cov_3, average over iterates",
    quantities: [{ column: "coverage", label: "best constant step" }],
    xScale: "log",
    yScale: "log",
  },
  caveat:
    "N = 3, T = 1000, μ(+) = 0.05 instead of the proof's; constant steps η = η̄/(HB), η̄ from 2⁻⁸ to 2⁸, are tried at each H, each against the case that is worst for it.",
  settings(scale) {
    const lengths =
      scale === "fast" ? [64, 512, 4096, 32768] : [64, 128, 256, 512, 1024, 2048, 4096, 32768, 262144];
    return lengths.map((H) => ({ H, T: 1000, part: H < saturatedFrom ? "rising" : "saturated" }));
  },
  measure({ H, T }, generator) {
    const { step, coverage } = bestConstantStep({ H, T }, { replicates: 6, generator });
    return [{ coverage, bestStep: step }];
  },
};
