/** What the rows on App. I.4's instances share: their settings, the instances of a setting, and the best constant step. */
import type { RandomGenerator } from "../numeric/index.ts";
import { type CountedClass, countedClass } from "./counted-class.ts";
import { type CountedRule, iterateAverage } from "./counted-training.ts";
import { logLogSlope, numberIn, valueWithin } from "./criterion.ts";
import type { TheoryCriterion, TheoryRecord } from "./instance.ts";
import {
  largeStepFeatureNorm,
  largeStepInstance,
  smallStepFeatureNorm,
  smallStepInstance,
} from "./step-size-instances.ts";

/** N, and μ(+) of the second case: the proof's own is below what T = 1000 steps can tell apart. */
export const caseN = 3;
export const rareWeight = 0.05;

/** From where the rare prompt is never learned: SGD's coverage has reached μ(+) and cannot rise further. */
export const saturatedFrom = 32768;

/** Growth of B² = O(log²(TH)) alone, over H = 64 … 32,768, is at most H^0.12 in these rows. */
const flatWithin = [-0.15, 0.15] as const;

export interface StepSizeCase {
  readonly name: string;
  readonly counted: CountedClass;
  /** B. */
  readonly B: number;
  /** Replicates differ: in the first case π_D draws one response all but surely, and all runs are the same. */
  readonly random: boolean;
}

export interface CaseSetting {
  readonly H: number;
  readonly T: number;
}

/** The second case, and the first one as η̄ = 8, the least of the proof, 64 and 10⁶, where α = 1/2 to 6 digits, make it. */
export function stepSizeCases({ H, T }: CaseSetting): readonly StepSizeCase[] {
  return [smallStepCase({ H, T }), ...[8, 64, 1e6].map((step) => largeStepCase({ H, T, step }))];
}

function smallStepCase({ H, T }: CaseSetting): StepSizeCase {
  const instance = smallStepInstance({ H, T, N: caseN, rare: rareWeight });
  return {
    name: "small step",
    counted: countedClass(instance),
    B: smallStepFeatureNorm({ H, T }),
    random: true,
  };
}

function largeStepCase(given: CaseSetting & { readonly step: number }): StepSizeCase {
  const counted = countedClass(largeStepInstance(given));
  return { name: `large step ${given.step}`, counted, B: largeStepFeatureNorm(given), random: false };
}

/** Mean over replicates of the average of Cov_N over iterates. */
export function meanCoverage(given: {
  readonly counted: CountedClass;
  readonly rule: CountedRule;
  readonly steps: number;
  readonly n: number;
  readonly replicates: number;
  readonly generator: RandomGenerator;
}): number {
  const { counted, rule, steps, n, replicates, generator } = given;
  let total = 0;
  for (let replicate = 0; replicate < replicates; replicate++) {
    const average = iterateAverage({ instance: counted, rule, steps, logN: [Math.log(n)], generator });
    total += average.coverage[0]!;
  }
  return total / replicates;
}

/** Cov_N of the worst case under a rule whose settings may depend on B and σ⋆². */
export function worstCoverage(
  setting: CaseSetting,
  given: {
    readonly rule: (features: { readonly B: number; readonly variance: number }) => CountedRule;
    readonly replicates: number;
    readonly generator: RandomGenerator;
  },
): number {
  const { rule, replicates, generator } = given;
  return Math.max(
    ...stepSizeCases(setting).map(({ name, counted, B, random }) =>
      meanCoverage({
        counted,
        rule: rule({ B, variance: counted.inherentVariance }),
        steps: setting.T,
        n: caseN,
        replicates: random ? replicates : 1,
        generator: generator.split(name),
      }),
    ),
  );
}

/** Constant steps tried, as η̄ = ηHB: powers of 2, and of √2 between 1/8 and 2, where the two cases meet. */
const triedSteps: readonly number[] = [
  ...Array.from({ length: 17 }, (_, index) => 2 ** (index - 8)),
  ...Array.from({ length: 4 }, (_, index) => 2 ** (index - 2.5)),
];

/**
 * SGD with the constant step that does best where the adversary, who knows the step, chooses the case: the second, the
 * first as η̄ = 8 makes it, or the first as this step makes it.
 */
export function bestConstantStep(
  setting: CaseSetting,
  given: { readonly replicates: number; readonly generator: RandomGenerator },
): { readonly step: number; readonly coverage: number } {
  const { H, T } = setting;
  const fixed = [smallStepCase(setting), largeStepCase({ H, T, step: 8 })];
  const tried = triedSteps.map((step) => {
    const cases = step > 2 ? [...fixed, largeStepCase({ H, T, step })] : fixed;
    const coverages = cases.map(({ name, counted, B, random }) =>
      meanCoverage({
        counted,
        rule: { name: "sgd", stepSize: step / (H * B) },
        steps: T,
        n: caseN,
        replicates: random ? given.replicates : 1,
        generator: given.generator.split(`${name} ${step}`),
      }),
    );
    return { step, coverage: Math.max(...coverages) };
  });
  return tried.reduce((best, other) => (other.coverage < best.coverage ? other : best));
}

/** The log-log slope in H stays in [−0.15, 0.15]. */
export function flatInH(given: {
  readonly name: string;
  readonly y: string;
  readonly where?: TheoryRecord;
}): TheoryCriterion {
  return slopeInH({ ...given, within: flatWithin });
}

/** As `slopeWithin` in H, where several records share an H: the largest of them counts. */
function slopeInH(given: {
  readonly name: string;
  readonly y: string;
  readonly where?: TheoryRecord;
  readonly within: readonly [number, number];
}): TheoryCriterion {
  const { y } = given;
  return valueWithin({
    ...given,
    statistic: {
      words: `log-log slope in H of the worst case's ${y}`,
      of: (records) => logLogSlope(worstByH(records, y)),
    },
  });
}

/** In every H from `from` on, the worst case's coverage is at most half of the best constant step's (column `sgd`). */
export function belowConstantStep(given: {
  readonly name: string;
  readonly y: string;
  readonly from: number;
  readonly where?: TheoryRecord;
}): TheoryCriterion {
  const { y, from } = given;
  return valueWithin({
    ...given,
    within: [0, 0.5],
    statistic: {
      words: `largest quotient of the worst case's ${y} and the best constant step's, H ≥ ${from}`,
      of(records) {
        const long = records.filter((record) => numberIn(record, "H") >= from);
        const constantStep = new Map(
          worstByH(
            long.filter(({ sgd }) => sgd !== undefined),
            "sgd",
          ).map(({ x, y: sgd }) => [x, sgd]),
        );
        const quotients = worstByH(long, y).map(
          ({ x, y: worst }) => worst / (constantStep.get(x) ?? Number.NaN),
        );
        return quotients.length === 0 ? undefined : Math.max(...quotients);
      },
    },
  });
}

function worstByH(records: readonly TheoryRecord[], y: string): { readonly x: number; readonly y: number }[] {
  const worst = new Map<number, number>();
  for (const record of records) {
    const x = numberIn(record, "H");
    worst.set(x, Math.max(worst.get(x) ?? Number.NEGATIVE_INFINITY, numberIn(record, y)));
  }
  return [...worst].map(([x, value]) => ({ x, y: value }));
}
