/** How much less clustered responses say than independent ones, where the hits at one N are too few to show it. */
import { kornGraubard } from "./interval.ts";
import { fewestPrompts, type PromptClusters, promptMeans } from "./profile-clusters.ts";

const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Whether enough prompts hit, and enough miss, for their variance to be trusted. */
export function showsVariance(means: Float64Array): boolean {
  let hit = 0;
  let missed = 0;
  for (const mean of means) {
    if (mean > 0) hit += 1;
    if (mean < 1) missed += 1;
  }
  return hit >= fewestPrompts && missed >= fewestPrompts;
}

/**
 * The largest design effect (responses over effective trials) among the deciles of X at which variance shows; where
 * there is none, that of prompts that count as one trial each.
 */
export function largestDesignEffect(input: {
  readonly clusters: PromptClusters;
  readonly values: Float64Array;
  readonly level: number;
}): number {
  const { clusters, values, level } = input;
  const { prompts, sizes } = clusters;
  const responses = values.length;
  if (prompts === responses) return 1;
  const ascending = Float64Array.from(values).sort();
  const thresholds = new Set(shares.map((share) => ascending[Math.floor(share * responses)]!));
  let largest: number | undefined;
  for (const threshold of thresholds) {
    const means = promptMeans(
      clusters,
      values.map((value) => (value >= threshold ? 1 : 0)),
    );
    if (!showsVariance(means)) continue;
    const { effectiveTrials } = kornGraubard({ means, sizes, level });
    largest = Math.max(largest ?? 0, responses / effectiveTrials);
  }
  return largest ?? responses / prompts;
}
