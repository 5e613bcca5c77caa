/** Figure 2's quantities from log-probabilities of the evaluation set, averaged over classes with the weights of the mixture. */
import { type FigureTwoClass, figureTwoWeights } from "../task/index.ts";
import { mean } from "./trend.ts";

export const figureTwoClasses = Object.keys(figureTwoWeights) as readonly FigureTwoClass[];

/** The evaluation set of one H: a draw of π_D for each prompt, in nats. */
export interface FigureTwoPrompts {
  readonly classes: readonly FigureTwoClass[];
  /** log π_D of each prompt's response, given the class. */
  readonly reference: Float64Array;
}

export interface FigureTwoQuantities {
  /** KL(π_D ‖ π̂) in nats. */
  readonly kl: number;
  /** Cov_N at each N asked for. */
  readonly coverage: readonly number[];
  /** Mean of log π_D/π̂ and coverage within each class. */
  readonly byClass: Readonly<
    Record<FigureTwoClass, { readonly kl: number; readonly coverage: readonly number[] }>
  >;
}

/**
 * KL and Cov_N (4) under μ's mixture: within each class a mean over its prompts, then the classes' weighted mean.
 *
 * @param logProbabilities log π̂ of each prompt's response, nats
 * @throws RangeError where a class has no prompt or lengths differ.
 * @example
 * const prompts = { classes: ["G_H1", "G_H2", "G_H3"], reference: Float64Array.of(0, 0, -1) } as const;
 * const found = figureTwoQuantities(prompts, Float64Array.of(0, -2, -1), [4]);
 * [found.kl, found.coverage[0]]; // [0.1, 0.05]
 */
export function figureTwoQuantities(
  { classes, reference }: FigureTwoPrompts,
  logProbabilities: Float64Array,
  ns: readonly number[],
): FigureTwoQuantities {
  if (logProbabilities.length !== classes.length) {
    throw new RangeError(
      `logProbabilities has ${logProbabilities.length} entries: must have ${classes.length}`,
    );
  }
  const ofClass = (cls: FigureTwoClass) => {
    const ratios = classes.flatMap((own, index) =>
      own === cls ? [reference[index]! - logProbabilities[index]!] : [],
    );
    if (ratios.length === 0) throw new RangeError(`${cls} has 0 prompts: must have at least one`);
    return {
      kl: mean(ratios),
      coverage: ns.map((n) => mean(ratios.map((ratio) => Number(ratio >= Math.log(n))))),
    };
  };
  const byClass = { G_H1: ofClass("G_H1"), G_H2: ofClass("G_H2"), G_H3: ofClass("G_H3") };
  const weighted = (quantity: (cls: FigureTwoClass) => number) =>
    figureTwoClasses.reduce((sum, cls) => sum + figureTwoWeights[cls] * quantity(cls), 0);
  return {
    kl: weighted((cls) => byClass[cls].kl),
    coverage: ns.map((_, index) => weighted((cls) => byClass[cls].coverage[index]!)),
    byClass,
  };
}

/**
 * Exact values of the model that finds every passable node and guesses uniformly among them. Class 2 has H/2 layers of
 * two passable nodes, one path of which π_D takes: its ratio is 2^(H/2) exactly. Classes 1 and 3 have ratio 1. So KL is
 * 0.05·(H/2)·log 2 nats and Cov_N is 0.05 for 1 < N ≤ 2^(H/2), 0 beyond.
 *
 * @throws RangeError for an H that is no even number of at least 2, or N of at most 1.
 * @example
 * const { kl, coverage } = figureTwoFloor({ middleLayers: 16, ns: [16, 1000] });
 * [kl.toFixed(3), ...coverage]; // ["0.277", 0.05, 0]
 */
export function figureTwoFloor(given: { readonly middleLayers: number; readonly ns: readonly number[] }): {
  readonly kl: number;
  readonly coverage: readonly number[];
} {
  const { middleLayers, ns } = given;
  if (!(Number.isInteger(middleLayers) && middleLayers >= 2 && middleLayers % 2 === 0)) {
    throw new RangeError(`middleLayers is ${middleLayers}: must be an even number of at least 2`);
  }
  const weight = figureTwoWeights.G_H2;
  const ratio = 2 ** (middleLayers / 2);
  return {
    kl: weight * Math.log(ratio),
    coverage: ns.map((n) => {
      if (!(n > 1)) throw new RangeError(`N is ${n}: must be above 1`);
      return n <= ratio ? weight : 0;
    }),
  };
}
