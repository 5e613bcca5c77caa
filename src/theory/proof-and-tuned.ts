/** A rule on the instances that no constant step of SGD survives, with tuned settings and with the proof's. */
import type { CountedRule } from "./counted-training.ts";
import { atLeast, atMost } from "./criterion.ts";
import type { TheoryRow } from "./instance.ts";
import { belowConstantStep, bestConstantStep, flatInH, worstCoverage } from "./step-size-cases.ts";

export interface ProofAndTunedSetting extends Record<string, number | string> {
  readonly H: number;
  readonly T: number;
  readonly steps: "tuned" | "proof's";
}

interface RuleOnInstances {
  readonly name: string;
  readonly source: string;
  readonly claim: string;
  /** What the plot calls the rule. */
  readonly label: string;
  readonly caveat: string;
  readonly tuned: (features: { readonly B: number }) => CountedRule;
  readonly proofs: (features: {
    readonly B: number;
    readonly variance: number;
    readonly T: number;
  }) => CountedRule;
}

const shortTraining = 1000;
const longTraining = 2 ** 17;

/** The row that holds the rule to coverage flat in H; the proof's settings do not leave the start in a short training. */
export function proofAndTuned(given: RuleOnInstances): TheoryRow<ProofAndTunedSetting> {
  const { name, source, claim, label, caveat, tuned, proofs } = given;
  const proof = (T: number) => ({ steps: "proof's", T });
  return {
    name,
    source,
    claim,
    criteria: [
      flatInH({ name: "tuned-flat-in-h", y: "coverage", where: { steps: "tuned" } }),
      belowConstantStep({ name: "tuned-below-sgd", y: "coverage", from: 4096, where: { steps: "tuned" } }),
      atLeast({ name: "proof-does-not-move", y: "coverage", bound: 0.9, where: proof(shortTraining) }),
      atMost({ name: "proof-moves-later", y: "coverage", bound: 0.9, where: proof(longTraining) }),
      flatInH({ name: "proof-flat-in-h", y: "coverage", where: proof(longTraining) }),
    ],
    plot: {
      x: "H",
      xLabel: "H",
      yLabel: "Cov_3, average over iterates",
      quantities: [
        { column: "coverage", label },
        { column: "sgd", label: "best constant step of SGD" },
      ],
      by: "training",
      xScale: "log",
      yScale: "log",
    },
    caveat,
    settings(scale) {
      const lengths = [64, 512, 4096, 32768];
      const setting = (H: number, T: number, steps: ProofAndTunedSetting["steps"]) => ({ H, T, steps });
      return [
        ...lengths.map((H) => setting(H, shortTraining, "tuned")),
        ...lengths.map((H) => setting(H, shortTraining, "proof's")),
        ...(scale === "fast" ? [64, 32768] : lengths).map((H) => setting(H, longTraining, "proof's")),
      ];
    },
    measure({ H, T, steps }, generator) {
      const training = `${steps} step, T = ${T}`;
      if (steps === "proof's") {
        const rule = (features: { B: number; variance: number }) => proofs({ ...features, T });
        return [{ training, coverage: worstCoverage({ H, T }, { rule, replicates: 1, generator }) }];
      }
      return [
        {
          training,
          coverage: worstCoverage({ H, T }, { rule: tuned, replicates: 8, generator }),
          sgd: bestConstantStep({ H, T }, { replicates: 6, generator: generator.split("sgd") }).coverage,
        },
      ];
    },
  };
}
