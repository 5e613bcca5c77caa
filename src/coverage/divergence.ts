/** Divergences from responses that the reference drew: KL, squared Hellinger distance, stopped KL. All in nats. */
import { type ClusterOptions, clusteredMean, type MeanEstimate } from "./divergence-mean.ts";
import type { LogRatioSample } from "./log-ratio.ts";
import { promptClusters } from "./profile-clusters.ts";

/**
 * KL(π‖π̂) = E_π[X] in nats (§3): the mean over prompts of the mean X of responses drawn from π, with Student's t interval
 * over prompts. One drawn X of +∞ makes it +∞. By chance the estimate may lie below 0.
 *
 * The interval trusts the sample variance, which misses a heavy tail that was never drawn: where KL comes from rare
 * responses with a large X it is too short, and coverage is the quantity to look at.
 *
 * The estimate is undefined if a record has π = 0: π cannot have drawn it.
 *
 * @throws RangeError for a sample of another kind (the mean of X on data is a log-likelihood difference, not a KL).
 * @example
 * const sample = logRatios({
 *   kind: "reference",
 *   reference: { model: "teacher", logProbabilities: [-1, -2] },
 *   model: { model: "student", logProbabilities: [-3, -3] },
 * });
 * klDivergence(sample).estimate; // 1.5
 */
export function klDivergence(sample: LogRatioSample, options: ClusterOptions = {}): MeanEstimate {
  requireReference(sample, "the KL divergence");
  return meanOfRatios(sample, sample.values, options);
}

/**
 * (1/n)·Σ [log π(y_i) − log π̂(y_i)] on data: how much more log-likelihood in nats π gives a response than π̂ does. Not a KL
 * divergence, as neither model drew the data. Undefined if a record has π = 0.
 *
 * @throws RangeError for a sample of another kind than `empirical`.
 * @example
 * const sample = logRatios({
 *   kind: "empirical",
 *   reference: { model: "a", logProbabilities: [-1, -2] },
 *   model: { model: "b", logProbabilities: [-3, -1] },
 * });
 * logLikelihoodDifference(sample).estimate; // 0.5
 */
export function logLikelihoodDifference(sample: LogRatioSample, options: ClusterOptions = {}): MeanEstimate {
  if (sample.kind !== "empirical") {
    throw new RangeError(`the sample is of kind ${sample.kind}: a log-likelihood difference needs empirical`);
  }
  return meanOfRatios(sample, sample.values, options);
}

/**
 * The squared Hellinger distance D_H² = ½·Σ (√π − √π̂)² = 1 − E_π[e^{−X/2}] (App. B), from responses drawn from π, in [0, 1];
 * by chance the estimate may lie outside. e^{−X/2} has a second moment of at most 1, so the interval is safe.
 *
 * The estimate is undefined if a record has π = 0: π cannot have drawn it.
 *
 * @throws RangeError for a sample of another kind.
 * @example
 * const sample = logRatios({
 *   kind: "reference",
 *   reference: { model: "teacher", logProbabilities: [-1, -1] },
 *   model: { model: "student", logProbabilities: [-1, -Infinity] },
 * });
 * squaredHellinger(sample).estimate; // 0.5
 */
export function squaredHellinger(sample: LogRatioSample, options: ClusterOptions = {}): MeanEstimate {
  requireReference(sample, "the Hellinger distance");
  return meanOfRatios(
    sample,
    sample.values.map((value) => -Math.expm1(-value / 2)),
    options,
  );
}

/**
 * The stopped KL D_seq,N = E_π min{log N, Σ_h KL(π(·|x,y_<h) ‖ π̂(·|x,y_<h))} (equation (50)) in nats, from the KL divergence
 * at every step of responses that π drew.
 *
 * @throws RangeError for N below 1, a step divergence that is negative or NaN, or no responses.
 * @example
 * stoppedKl({ n: Math.exp(2), stepDivergences: [[0.5, 0.25], [1, 4]] }).estimate; // 1.375
 */
export function stoppedKl(
  input: ClusterOptions & {
    readonly n: number;
    /** One array a response, one KL divergence a token, in nats. */
    readonly stepDivergences: readonly ArrayLike<number>[];
  },
): MeanEstimate {
  const { n, stepDivergences, level = 0.95 } = input;
  if (!(n >= 1 && n < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`n is ${n}: must be a finite number of at least 1`);
  }
  if (stepDivergences.length === 0) throw new RangeError("stepDivergences is empty: must hold a response");
  const largest = Math.log(n);
  const values = Float64Array.from(stepDivergences, (steps, response) =>
    Math.min(largest, sumOfSteps(steps, `stepDivergences[${response}]`)),
  );
  const clusters = promptClusters({ records: values.length, prompts: input.prompts });
  return clusteredMean({ clusters, values, level });
}

/** The sum of nonnegative step divergences. */
export function sumOfSteps(steps: ArrayLike<number>, name: string): number {
  let sum = 0;
  for (let step = 0; step < steps.length; step++) {
    const value = steps[step]!;
    if (!(value >= 0)) throw new RangeError(`${name}[${step}] is ${value}: must be at least 0`);
    sum += value;
  }
  return sum;
}

function requireReference(sample: LogRatioSample, quantity: string): void {
  if (sample.kind === "reference") return;
  throw new RangeError(
    `the sample is of kind ${sample.kind}: ${quantity} needs responses that the reference drew`,
  );
}

function meanOfRatios(sample: LogRatioSample, values: Float64Array, options: ClusterOptions): MeanEstimate {
  const clusters = promptClusters({ records: values.length, prompts: options.prompts });
  if (sample.undefinedRatios + sample.impossibleRecords > 0) {
    const unknown = { estimate: undefined, lower: undefined, upper: undefined };
    return { ...unknown, prompts: clusters.prompts, responses: values.length };
  }
  return clusteredMean({ clusters, values, level: options.level ?? 0.95 });
}
