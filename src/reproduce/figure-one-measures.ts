/** KL, Cov_N and pass@N of a checkpoint on prompts of the two classes, weighted as the fine-tuning mixture weighs them. */
import { coverageProfile, klDivergence, type LogRatioSample, logRatios } from "../coverage/index.ts";
import { compensatedSum, studentQuantile } from "../numeric/index.ts";
import type { ClassScores, ScoredCheckpoint } from "./figure-one-data.ts";
import { type IntervalEstimate, weightedStrata } from "./weighted-strata.ts";

/** The response is certain given the class: log π_D = 0, so that X = −log π̂. */
export function classSample({ logProbabilities, name }: ClassScores): LogRatioSample {
  return logRatios({
    kind: "reference",
    reference: { model: `class ${name}`, logProbabilities: new Float64Array(logProbabilities.length) },
    model: { model: "checkpoint", logProbabilities },
  });
}

/** KL(π_D‖π̂) in nats a response, with the intervals of `klDivergence` within the classes. */
export function weightedKl({ classes }: Pick<ScoredCheckpoint, "classes">): IntervalEstimate {
  return weightedStrata(
    classes.map((scores) => {
      const { estimate = Number.NaN, lower = estimate, upper = estimate } = klDivergence(classSample(scores));
      return { weight: scores.weight, estimate, lower, upper };
    }),
  );
}

/** Cov_N at each N, with the pointwise intervals of `coverageProfile` within the classes. */
export function weightedCoverage(
  { classes }: Pick<ScoredCheckpoint, "classes">,
  ns: readonly number[],
): IntervalEstimate[] {
  const profiles = classes.map((scores) => ({
    weight: scores.weight,
    profile: coverageProfile(classSample(scores), { ns }).profile,
  }));
  return ns.map((_, index) =>
    weightedStrata(
      profiles.map(({ weight, profile }) => {
        const { coverage, lower, upper } = profile[index]!;
        return { weight, estimate: coverage, lower, upper };
      }),
    ),
  );
}

/**
 * 1 − (1 − π̂(y⋆|x))^N of each prompt: the probability that one of N draws is the right response (the exact link of §2).
 *
 * @example
 * passProbabilities([Math.log(0.5), Number.NEGATIVE_INFINITY], 2); // Float64Array.of(0.75, 0)
 */
export function passProbabilities(logProbabilities: ArrayLike<number>, n: number): Float64Array {
  return Float64Array.from(logProbabilities, (value) => -Math.expm1(n * Math.log1p(-Math.exp(value))));
}

/** pass@N at each N, with Student's t intervals over the prompts of each class. */
export function weightedPassAt(
  { classes }: Pick<ScoredCheckpoint, "classes">,
  ns: readonly number[],
): IntervalEstimate[] {
  return ns.map((n) =>
    weightedStrata(
      classes.map(({ weight, logProbabilities }) => ({
        weight,
        ...meanInterval(passProbabilities(logProbabilities, n)),
      })),
    ),
  );
}

function meanInterval(values: Float64Array): IntervalEstimate {
  const count = values.length;
  const estimate = compensatedSum(values) / count;
  if (count < 2) return { estimate, lower: estimate, upper: estimate };
  const squares = compensatedSum(values.map((value) => (value - estimate) ** 2));
  const half =
    studentQuantile({ probability: 0.975, degreesOfFreedom: count - 1 }) *
    Math.sqrt(squares / (count - 1) / count);
  return { estimate, lower: estimate - half, upper: estimate + half };
}

/** Where a checkpoint's mass is, on the prompts whose paths were all scored; means over the mixture. */
export interface PathShares {
  /** The path that π_D picks for the prompt's class. */
  readonly own: number;
  /** The path of the other class. */
  readonly otherClass: number;
  /** The two paths that neither class picks. */
  readonly mixed: number;
  /** Everything that is no path. */
  readonly invalid: number;
  /** Mass on G1's path, in prompts of either class alike. */
  readonly firstPath: number;
  readonly secondPath: number;
}

export function pathShares({ classes }: Pick<ScoredCheckpoint, "classes">): PathShares {
  const mean = (values: Float64Array) => compensatedSum(values.map(Math.exp)) / values.length;
  const shares = { own: 0, otherClass: 0, mixed: 0, firstPath: 0, secondPath: 0 };
  for (const { weight, name, logProbabilities, otherPaths } of classes) {
    const [other, ...mixed] = otherPaths.map(mean);
    const own = mean(logProbabilities.subarray(0, otherPaths[0]?.length ?? 0));
    shares.own += weight * own;
    shares.otherClass += weight * (other ?? 0);
    shares.mixed += weight * mixed.reduce((sum, value) => sum + value, 0);
    shares.firstPath += weight * (name === "G1" ? own : (other ?? 0));
    shares.secondPath += weight * (name === "G1" ? (other ?? 0) : own);
  }
  return { ...shares, invalid: 1 - shares.own - shares.otherClass - shares.mixed };
}
