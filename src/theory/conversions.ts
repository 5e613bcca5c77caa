/** The conversions between coverage, divergences and Best-of-N, on random instances whose every number is exact. */
import type { RandomGenerator } from "../numeric/index.ts";
import { conversionQuotients, type ExactInstance } from "./conversion-quotients.ts";
import { atMost, valueWithin } from "./criterion.ts";
import {
  blendedModel,
  type FiniteModel,
  finiteCoverage,
  finiteModel,
  type ResponseSizes,
  randomFiniteModel,
} from "./finite-model.ts";
import type { TheoryCriterion, TheoryRow } from "./instance.ts";

export interface ConversionSetting extends Record<string, number> {
  readonly H: number;
  readonly vocabulary: number;
  /** Of the Dirichlet distributions: how spiky the models are. */
  readonly concentration: number;
  /** π̂'s share of the way from π to a model of its own: how near it is. */
  readonly apart: number;
  readonly instances: number;
}

const prompts = 3;
const ns = [1.25, 2, 3, 4, 8, 16, 64];

/** Column of the largest quotient, criterion's name, and what it says. */
const conversions = [
  ["d1", "kl-to-coverage", "Cov_N ≤ KL/(log N − 1 + 1/N) (D.1)"],
  ["prop31", "loose-kl-to-coverage", "Cov_N ≤ KL/log(N/e) (Prop. 3.1)"],
  ["binaryKl", "binary-kl-to-coverage", "Cov_N ≤ the largest c with kl(c‖c/N) ≤ KL"],
  ["d3", "decay-to-kl", "KL ≤ C·(1 + log(log W/C)) (D.3)"],
  ["d4", "hellinger-to-coverage", "Cov_N ≤ 2N/(√N − 1)²·D_H² (D.4)"],
  ["d5", "chain-rule", "Cov_{M1}(π_T‖π̂) ≤ M2·Cov_{M1/M2}(π_D‖π̂) + Cov_{M2}(π_T‖π_D) (D.5)"],
  ["transitivity", "transitivity", "Cov_{N'N''}(π'‖π) ≤ Cov_{N'}(π'‖π'') + Cov_{N''}(π''‖π) (95)"],
  ["d6", "best-of-n-suffices", "regret ≤ Cov_M + ε at N ≥ 2M·log(1/ε), ε ≤ 1/e (D.6)"],
  ["samplesHalved", "half-the-samples-suffice", "regret ≤ Cov_M + (1 − Cov_M)·ε at N ≥ M·log(1/ε)"],
  ["d7", "best-of-n-necessary", "½·Cov_{2N} ≤ the largest regret over rewards of 0 or 1 (D.7)"],
  ["d10", "stopped-kl-to-coverage", "Cov_N ≤ 2/(log N − 1)·D_seq,N (D.10)"],
  ["d11", "partial-converse", "P[Σ_h D_H² ≥ log(N/δ)] − δ ≤ Cov_N (D.11)"],
  ["d11Sharper", "sharper-converse", "P[Σ_h D_H² ≥ log(N/δ)] − δ ≤ Cov_{N²}"],
  ["answers", "answer-level", "Cov^ans_N ≤ s/(s − 1)·Cov_{N/s} (corrected)"],
  ["upperBound", "rare-responses", "Cov_N ≤ P[π̂ ≤ 1/N]"],
] as const;

const criteria: readonly TheoryCriterion[] = [
  ...conversions.map(([column, name, formula]) => {
    const criterion = atMost({ name, y: column, bound: 1 });
    return { ...criterion, statement: `${formula}: largest left side over right side, at most 1 + 1e-9` };
  }),
  valueWithin({
    name: "printed-answer-level-fails",
    y: "answerCounterexample",
    within: [2, 2],
    predicted: 2,
    statistic: {
      words: "Cov^ans_4/Cov_4 of the counterexample, where the paper prints at most 1",
      of: ([record]) => record && Number(record.answerCounterexample),
    },
  }),
];

export const conversionRow: TheoryRow<ConversionSetting> = {
  name: "conversions",
  source: "§1–2, App. D",
  claim: "Bounds between coverage, KL, Hellinger distance, stopped KL and Best-of-N hold on every instance.",
  criteria,
  plot: {
    x: "apart",
    xLabel: "distance of π̂ from π (0: equal, 1: unrelated)",
    yLabel: "largest measured/bound",
    quantities: [
      { column: "d1", label: "D.1, KL" },
      { column: "d4", label: "D.4, Hellinger" },
      { column: "d10", label: "D.10, stopped KL" },
      { column: "d3", label: "D.3, decay" },
      { column: "samplesHalved", label: "Best-of-N" },
    ],
    where: { H: 2, concentration: 1 },
    xScale: "linear",
    yScale: "linear",
  },
  caveat:
    "Instances are random and every sum is exact: nothing here is estimated, so one violation is a defect.",
  settings(scale) {
    const instances = scale === "fast" ? 8 : 150;
    const sizes =
      scale === "fast"
        ? [
            { H: 2, vocabulary: 3 },
            { H: 6, vocabulary: 2 },
          ]
        : [
            { H: 1, vocabulary: 2 },
            { H: 2, vocabulary: 3 },
            { H: 6, vocabulary: 2 },
          ];
    return sizes.flatMap((size) =>
      [0.1, 1].flatMap((concentration) =>
        [0.02, 0.1, 0.3, 1].map((apart) => ({ ...size, concentration, apart, instances })),
      ),
    );
  },
  measure({ H, vocabulary, concentration, apart, instances }, generator) {
    const found: Record<string, number> = {};
    for (let instance = 0; instance < instances; instance++) {
      const drawn = randomInstance({ sizes: { H, vocabulary }, concentration, apart, generator });
      for (const [name, value] of Object.entries(conversionQuotients(drawn, ns))) {
        found[name] = Math.max(found[name] ?? 0, value);
      }
    }
    return [{ ...found, answerCounterexample: answerCounterexample() }];
  },
};

/** Instances of a family: three prompts, four models, answers shared by responses. */
function randomInstance(given: {
  readonly sizes: ResponseSizes;
  readonly concentration: number;
  readonly apart: number;
  readonly generator: RandomGenerator;
}): ExactInstance {
  const { sizes, concentration, apart, generator } = given;
  const models = (): FiniteModel[] =>
    Array.from({ length: prompts }, () => randomFiniteModel(sizes, { concentration, generator }));
  const reference = models();
  const near = (share: number): FiniteModel[] =>
    models().map((other, prompt) => blendedModel(reference[prompt]!, other, share));
  const masses = Array.from({ length: prompts }, () => generator.gamma(1));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return {
    weights: masses.map((mass) => mass / total),
    reference,
    model: near(apart),
    first: near(Math.sqrt(apart)),
    second: near(apart),
    answers: Array.from({ length: sizes.vocabulary ** sizes.H }, () => generator.integer(3)),
  };
}

/** Cov^ans_4/Cov_4 for π = ½ on (c1, a), ½ on (c2, a) and π̂ = ¼ on (c2, a), ¾ on (c3, b). */
function answerCounterexample(): number {
  const sizes = { H: 1, vocabulary: 3 };
  const reference = finiteModel(sizes, [Float64Array.of(0.5, 0.5, 0)]);
  const model = finiteModel(sizes, [Float64Array.of(0, 0.25, 0.75)]);
  const coverage = finiteCoverage({ from: reference.responses, to: model.responses, N: 4 });
  return finiteCoverage({ from: [1, 0], to: [0.25, 0.75], N: 4 }) / coverage;
}
