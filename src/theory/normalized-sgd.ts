/** Normalized SGD on the instances that no constant step of SGD survives. */
import { normalizedLambda, normalizedStepSize } from "../train/index.ts";
import { proofAndTuned } from "./proof-and-tuned.ts";
import { caseN } from "./step-size-cases.ts";

export const normalizedSgd = proofAndTuned({
  name: "normalized-sgd",
  source: "(17), (18), App. I.4",
  claim: "Coverage under normalized SGD does not grow with H.",
  label: "normalized SGD",
  caveat:
    "N = 3, μ(+) = 0.05, one sample a step. Tuned: η = 0.1, λ = 0.1·B, T = 1000. The proof's η = min{1/(128B), …} and λ = log N/(16η) do not leave the start in 1000 steps; they are shown there and at T = 131,072, where they work.",
  tuned: ({ B }) => ({ name: "normalized", stepSize: 0.1, lambda: 0.1 * B }),
  proofs({ B, variance, T }) {
    const stepSize = normalizedStepSize({ B, variance, steps: T, N: caseN });
    return { name: "normalized", stepSize, lambda: normalizedLambda({ N: caseN, stepSize }) };
  },
});
