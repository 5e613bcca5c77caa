/** Cross-entropy of a model on data: the loss that pre-training lowers, a sequence or a token, in nats. */
import { compensatedSum } from "../numeric/index.ts";
import { type ClusterOptions, clusteredMean, halfWidth, type MeanEstimate } from "./divergence-mean.ts";
import { checkedLogProbabilities, type ModelLogProbabilities } from "./log-ratio-validation.ts";
import { type PromptClusters, promptClusters, promptMeans } from "./profile-clusters.ts";

/** Cross-entropy of one model on the responses, made by `crossEntropyEstimate`. */
export interface CrossEntropy {
  /** E[−log π̂(y|x)], nats a response. */
  readonly sequence: MeanEstimate;
  /** The same divided by the mean number of tokens, nats a token; undefined without token counts. */
  readonly perToken: MeanEstimate | undefined;
}

/**
 * Cross-entropy E_πD[−log π̂(y|x)] in nats (§3), the mean over prompts, with Student's t interval over prompts. A
 * log-probability of −∞ makes it +∞. Per token it is a ratio of two means; its interval linearises the ratio.
 *
 * @throws RangeError for a log-probability that is none (naming model and example) or a token count below 1.
 * @example
 * const { sequence, perToken } = crossEntropyEstimate({ model: "a", logProbabilities: [-6, -2], tokenCounts: [3, 1] });
 * [sequence.estimate, perToken?.estimate]; // [4, 2]
 */
export function crossEntropyEstimate(
  input: ModelLogProbabilities &
    ClusterOptions & { readonly tokenCounts?: ArrayLike<number>; readonly examples?: readonly string[] },
): CrossEntropy {
  const { level = 0.95, tokenCounts } = input;
  const losses = checkedLogProbabilities(input).values.map((value) => 0 - value);
  const clusters = promptClusters({ records: losses.length, prompts: input.prompts });
  return {
    sequence: clusteredMean({ clusters, values: losses, level }),
    perToken: tokenCounts && perTokenMean({ clusters, losses, tokenCounts, level }),
  };
}

function perTokenMean(input: {
  readonly clusters: PromptClusters;
  readonly losses: Float64Array;
  readonly tokenCounts: ArrayLike<number>;
  readonly level: number;
}): MeanEstimate {
  const { clusters, losses, tokenCounts, level } = input;
  const responses = losses.length;
  if (tokenCounts.length !== responses) {
    throw new RangeError(
      `tokenCounts has length ${tokenCounts.length}: must have one a record, ${responses}`,
    );
  }
  for (let record = 0; record < responses; record++) {
    const count = tokenCounts[record]!;
    if (!(count >= 1 && count < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`tokenCounts[${record}] is ${count}: must be finite and at least 1`);
    }
  }
  const { prompts } = clusters;
  const lossMeans = promptMeans(clusters, losses);
  const tokenMeans = promptMeans(clusters, tokenCounts);
  const tokens = compensatedSum(tokenMeans) / prompts;
  const estimate = compensatedSum(lossMeans) / prompts / tokens;
  if (!Number.isFinite(estimate)) return { estimate, lower: estimate, upper: estimate, prompts, responses };
  const means = lossMeans.map((loss, prompt) => (loss - estimate * tokenMeans[prompt]!) / tokens);
  const half = halfWidth({ means, center: 0, level });
  if (half === undefined) return { estimate, lower: undefined, upper: undefined, prompts, responses };
  return { estimate, lower: estimate - half, upper: estimate + half, prompts, responses };
}
