/** Means over prompts with Student's t intervals: responses of one prompt are a cluster. */
import { compensatedSum, studentQuantile } from "../numeric/index.ts";
import { checkLevel } from "./interval.ts";
import { type PromptClusters, promptMeans } from "./profile-clusters.ts";

/** A mean over prompts with Student's t interval for the population of prompts. */
export interface MeanEstimate {
  /** Undefined where the logs contradict the quantity's definition. */
  readonly estimate: number | undefined;
  /** Undefined where the prompts cannot show their spread: a single one, or all of one value. */
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  readonly prompts: number;
  readonly responses: number;
}

/** Options of the estimators that are means over prompts. */
export interface ClusterOptions {
  /** The prompt of each record, as a number; without it each record is a prompt of its own. */
  readonly prompts?: ArrayLike<number>;
  /** Confidence level, 0.95 where absent. */
  readonly level?: number;
}

/** The mean over prompts of the mean of their records' values; an infinite value makes all of it infinite. */
export function clusteredMean(input: {
  readonly clusters: PromptClusters;
  readonly values: Float64Array;
  readonly level: number;
}): MeanEstimate {
  const { clusters, values, level } = input;
  checkLevel(level);
  const { prompts } = clusters;
  const responses = values.length;
  const means = promptMeans(clusters, values);
  const estimate = compensatedSum(means) / prompts;
  if (!Number.isFinite(estimate)) return { estimate, lower: estimate, upper: estimate, prompts, responses };
  const half = halfWidth({ means, center: estimate, level });
  if (half === undefined) return { estimate, lower: undefined, upper: undefined, prompts, responses };
  return { estimate, lower: estimate - half, upper: estimate + half, prompts, responses };
}

/** Half of a Student t interval for the mean of independent values; undefined where they show no spread. */
export function halfWidth(input: {
  readonly means: Float64Array;
  readonly center: number;
  readonly level: number;
}): number | undefined {
  const { means, center, level } = input;
  const count = means.length;
  if (count < 2 || means.every((mean) => mean === means[0])) return undefined;
  const squares = compensatedSum(means.map((mean) => (mean - center) ** 2));
  const quantile = studentQuantile({ probability: (1 + level) / 2, degreesOfFreedom: count - 1 });
  return quantile * Math.sqrt(squares / (count - 1) / count);
}
