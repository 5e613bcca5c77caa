/** How improbable a model finds its worst share of responses: the inverse of the upper-bound profile. */
import type { ClusterOptions } from "./divergence-mean.ts";
import { clopperPearson, kornGraubard } from "./interval.ts";
import { checkedLogProbabilities, type ModelLogProbabilities } from "./log-ratio-validation.ts";
import { promptClusters, promptMeans } from "./profile-clusters.ts";
import { showsVariance } from "./profile-design-effect.ts";

/** A quantile of a model's log-probabilities with its interval, made by `likelihoodQuantile`. */
export interface LikelihoodQuantile {
  readonly epsilon: number;
  /** log Q(ε) in nats: −log N for the N at which the upper-bound profile falls to ε. */
  readonly logProbability: number;
  /** −∞ where the records cannot exclude any smaller quantile. */
  readonly lower: number;
  /** 0 where they cannot exclude any larger one. */
  readonly upper: number;
  readonly prompts: number;
  readonly responses: number;
}

/**
 * log Q(ε) in nats, the ε-quantile of log π̂(y|x) over the responses (**beyond** the paper; arXiv 2603.06957): the smallest
 * recorded t with P[log π̂ ≤ t] ≥ ε, a share being the mean over prompts of the shares of their responses.
 *
 * The interval holds every t at which ε lies in the Clopper–Pearson interval of that share, at the Korn–Graubard
 * effective size at the quantile (a prompt counts as one trial where fewer than 5 prompts lie on one of its sides): the
 * exact order-statistic interval for independent responses, or one order statistic wider.
 *
 * @throws RangeError for ε outside (0, 1) or a log-probability that is none (naming model and example).
 * @example
 * likelihoodQuantile({ model: "a", logProbabilities: [-1, -2, -3, -4], epsilon: 0.5 }).logProbability; // -3
 */
export function likelihoodQuantile(
  input: ModelLogProbabilities & ClusterOptions & { readonly epsilon: number },
): LikelihoodQuantile {
  const { epsilon, level = 0.95 } = input;
  if (!(epsilon > 0 && epsilon < 1)) {
    throw new RangeError(`epsilon is ${epsilon}: must lie between 0 and 1, both excluded`);
  }
  const { values } = checkedLogProbabilities(input);
  const responses = values.length;
  const clusters = promptClusters({ records: responses, prompts: input.prompts });
  const { prompts, sizes, promptOf } = clusters;
  const order = Array.from(values.keys()).sort((left, right) => values[left]! - values[right]! || 0);
  // Distinct values in ascending order, and the share of responses at or below each.
  const levels: number[] = [];
  const shares: number[] = [];
  let share = 0;
  for (const record of order) {
    share += 1 / (prompts * sizes[promptOf[record]!]!);
    if (values[record] !== levels.at(-1)) {
      levels.push(values[record]!);
      shares.push(0);
    }
    shares[shares.length - 1] = Math.min(1, share);
  }
  shares[shares.length - 1] = 1;
  const rounding = 1e-12;
  const position = shares.findIndex((value) => value >= epsilon - rounding);
  const logProbability = levels[position]!;
  const means = promptMeans(
    clusters,
    values.map((value) => (value <= logProbability ? 1 : 0)),
  );
  const trials = effectiveTrials({ means, sizes, level });
  const interval = (value: number) =>
    clopperPearson({ successes: Math.min(trials, value * trials), trials, level });
  const first = firstWhere(shares, (value) => interval(value).upper >= epsilon);
  const last = firstWhere(shares, (value) => interval(value).lower > epsilon);
  return {
    epsilon,
    logProbability,
    lower: interval(0).upper >= epsilon ? Number.NEGATIVE_INFINITY : levels[first]!,
    upper: levels[last] ?? 0,
    prompts,
    responses,
  };
}

/** The first index at which a condition holds that, once true, stays true; the length where it never is. */
function firstWhere(ascending: readonly number[], condition: (value: number) => boolean): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (condition(ascending[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A prompt counts as one trial where too few prompts lie on one side to show their variance. */
function effectiveTrials(input: {
  readonly means: Float64Array;
  readonly sizes: Float64Array;
  readonly level: number;
}): number {
  return showsVariance(input.means) ? kornGraubard(input).effectiveTrials : input.means.length;
}
