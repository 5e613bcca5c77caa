/** Truncated distillation SGD on the instances that no constant step of SGD survives. */
import { truncatedStepSize } from "../train/index.ts";
import { proofAndTuned } from "./proof-and-tuned.ts";
import { caseN } from "./step-size-cases.ts";

const logN = Math.log(caseN);

export const truncatedDistillation = proofAndTuned({
  name: "truncated-distillation",
  source: "(24)–(26), App. I.4",
  claim: "Coverage under truncated distillation SGD does not grow with H but for B².",
  label: "truncated distillation SGD",
  caveat:
    "N = 3, μ(+) = 0.05, the teacher is π_D. Tuned: η = 0.5/B, T = 1000. The proof's η = min{1/((64 log N + 2)B²), …} does not leave the start in 1000 steps; it is shown there and at T = 131,072, where it works. B = O(log(TH)) in these instances.",
  tuned: ({ B }) => ({ name: "truncated", stepSize: 0.5 / B, logN }),
  proofs({ B, variance, T }) {
    return { name: "truncated", stepSize: truncatedStepSize({ B, variance, steps: T, N: caseN }), logN };
  },
});
