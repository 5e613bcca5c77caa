/** The distribution of X over prompts and responses as a whole: ascending values and the share at or above each. */
import type { LogRatioSample } from "./log-ratio.ts";
import { promptClusters } from "./profile-clusters.ts";

/** The distribution of X over records as a step function, made by `logRatioDistribution`. */
export interface LogRatioDistribution {
  /** Distinct X in ascending order, in nats. */
  readonly values: Float64Array;
  /** Share at or above each value: the first is 1, and after the last none is left. */
  readonly sharesFrom: Float64Array;
}

/**
 * The distribution that weights prompts equally, and the responses of a prompt equally.
 *
 * @example
 * const sample = upperBoundLogRatios({ model: "a", logProbabilities: [-1, -1, -3] });
 * logRatioDistribution(sample, [0, 0, 1]).sharesFrom; // [1, 0.5]
 */
export function logRatioDistribution(
  sample: LogRatioSample,
  prompts: ArrayLike<number> | undefined,
): LogRatioDistribution {
  const clusters = promptClusters({ records: sample.values.length, prompts });
  const order = Array.from(sample.values.keys());
  // Differences of infinities are NaN, which sorts as equal.
  order.sort((left, right) => sample.values[left]! - sample.values[right]! || 0);
  const values: number[] = [];
  const weights: number[] = [];
  for (const record of order) {
    const value = sample.values[record]!;
    if (value !== values.at(-1)) {
      values.push(value);
      weights.push(0);
    }
    weights[weights.length - 1]! += 1 / (clusters.prompts * clusters.sizes[clusters.promptOf[record]!]!);
  }
  const sharesFrom = new Float64Array(values.length);
  let share = 0;
  for (let index = values.length - 1; index >= 0; index--) {
    share += weights[index]!;
    sharesFrom[index] = Math.min(1, share);
  }
  sharesFrom[0] = 1;
  return { values: Float64Array.from(values), sharesFrom };
}

/**
 * C = sup_{N > 1} Cov_N·log N and log W, the largest X, in nats: what Proposition D.3 takes. Of the distribution given, so
 * from a sample both are at most the population's.
 *
 * @example
 * const sample = upperBoundLogRatios({ model: "a", logProbabilities: [-1, -1, -3] });
 * uniformDecay(logRatioDistribution(sample, undefined)); // { decay: 1, logLargestRatio: 3 }
 */
export function uniformDecay(distribution: LogRatioDistribution): {
  readonly decay: number;
  readonly logLargestRatio: number;
} {
  const { values, sharesFrom } = distribution;
  let decay = 0;
  for (let index = 0; index < values.length; index++) {
    if (values[index]! > 0) decay = Math.max(decay, sharesFrom[index]! * values[index]!);
  }
  return { decay, logLargestRatio: values[values.length - 1]! };
}
