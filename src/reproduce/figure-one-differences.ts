/** Differences between checkpoints on the same evaluation prompts, for one seed and for the mean of several. */
import { logLikelihoodDifference, logRatios } from "../coverage/index.ts";
import type { ScoredCheckpoint } from "./figure-one-data.ts";
import { classSample, passProbabilities } from "./figure-one-measures.ts";
import { type IntervalEstimate, weightedDifference, weightedStrata } from "./weighted-strata.ts";

/** Two checkpoints of one seed. */
export interface CheckpointPair {
  readonly left: ScoredCheckpoint;
  readonly right: ScoredCheckpoint;
}

type PromptValues = (scores: ScoredCheckpoint["classes"][number]) => Float64Array;

/** The mean of left − right over the given pairs, one a seed: prompts are the same for all seeds. */
function meanDifference(
  pairs: readonly CheckpointPair[],
  valuesOf: PromptValues,
  level: number,
): IntervalEstimate {
  const [first] = pairs;
  if (first === undefined) throw new RangeError("pairs is empty: must hold at least one seed");
  const strata = first.left.classes.map(({ weight }, index) => ({
    weight,
    left: meanOver(pairs.map(({ left }) => valuesOf(left.classes[index]!))),
    right: meanOver(pairs.map(({ right }) => valuesOf(right.classes[index]!))),
  }));
  return weightedDifference(strata, { level });
}

function meanOver(columns: readonly Float64Array[]): Float64Array {
  const [first] = columns;
  return Float64Array.from(
    first ?? [],
    (_, index) => columns.reduce((sum, column) => sum + column[index]!, 0) / columns.length,
  );
}

/** pass@N of the left checkpoints minus that of the right ones. */
export const passDifference = (pairs: readonly CheckpointPair[], n: number, level = 0.95): IntervalEstimate =>
  meanDifference(pairs, ({ logProbabilities }) => passProbabilities(logProbabilities, n), level);

/** Cov_N of the left checkpoints minus that of the right ones. */
export const coverageDifference = (
  pairs: readonly CheckpointPair[],
  n: number,
  level = 0.95,
): IntervalEstimate => meanDifference(pairs, (scores) => uncovered(scores, n), level);

/** 1 where X ≥ log N within the tolerance of the profile. */
function uncovered(scores: ScoredCheckpoint["classes"][number], n: number): Float64Array {
  const { values, tolerances } = classSample(scores);
  return values.map((value, index) => (value >= Math.log(n) - tolerances[index]! ? 1 : 0));
}

/** KL of the left checkpoint minus that of the right one. */
export function klDifference({ left, right }: CheckpointPair, level = 0.95): IntervalEstimate {
  return weightedStrata(
    left.classes.map(({ weight, logProbabilities }, index) => {
      const sample = logRatios({
        kind: "empirical",
        reference: { model: "right", logProbabilities: right.classes[index]!.logProbabilities },
        model: { model: "left", logProbabilities },
      });
      const { estimate = 0, lower = estimate, upper = estimate } = logLikelihoodDifference(sample, { level });
      return { weight, estimate, lower, upper };
    }),
  );
}
