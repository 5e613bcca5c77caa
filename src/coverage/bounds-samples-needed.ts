/** The number of draws that a measured profile calls for, where the KL law asks for exp(KL/ε). */
import { checkAtLeast } from "./bounds-argument.ts";
import type { LogRatioSample } from "./log-ratio.ts";
import { type LogRatioDistribution, logRatioDistribution } from "./profile-distribution.ts";

/**
 * The regret that N draws are sure to leave to π: the least Cov_M + (1 − Cov_M)·e^(−N/M) over M ≥ 1 (`regretBound` at the best
 * M), on the profile of the sample; 0 for N = 0 is never reached, 1 means that nothing is sure.
 *
 * @throws RangeError for N below 0 or a sample whose kind is not `reference`.
 * @example
 * const sample = logRatios({
 *   kind: "reference",
 *   reference: { model: "teacher", logProbabilities: [Math.log(0.5), Math.log(0.5)] },
 *   model: { model: "student", logProbabilities: [Math.log(0.25), Math.log(0.25)] },
 * });
 * regretFromProfile(sample, { n: 4 }); // Math.exp(-2)
 */
export function regretFromProfile(
  sample: LogRatioSample,
  options: { readonly n: number; readonly prompts?: ArrayLike<number> },
): number {
  checkAtLeast("n", options.n, 0);
  requireReference(sample);
  let least = 1;
  for (const { logM, coverage } of steps(logRatioDistribution(sample, options.prompts))) {
    least = Math.min(least, coverage + (1 - coverage) * Math.exp(-options.n / Math.exp(logM)));
  }
  return least;
}

/**
 * The least real number of draws at which `regretFromProfile` is at most the regret asked for: min over M with Cov_M < regret
 * of M·log(1/ε), ε = (regret − Cov_M)/(1 − Cov_M). Undefined where more than that regret lies out of any reach (X = +∞).
 *
 * From a sample it is an estimate: at a regret near or below one over the number of prompts it rests on single records.
 *
 * @throws RangeError for a regret outside (0, 1) or a sample whose kind is not `reference`.
 * @example
 * const sample = logRatios({
 *   kind: "reference",
 *   reference: { model: "teacher", logProbabilities: [Math.log(0.5), Math.log(0.5)] },
 *   model: { model: "student", logProbabilities: [Math.log(0.25), Math.log(0.25)] },
 * });
 * samplesFromProfile(sample, { regret: Math.exp(-2) }); // 4
 */
export function samplesFromProfile(
  sample: LogRatioSample,
  options: { readonly regret: number; readonly prompts?: ArrayLike<number> },
): number | undefined {
  const { regret } = options;
  if (!(regret > 0 && regret < 1)) {
    throw new RangeError(`regret is ${regret}: must lie between 0 and 1, both excluded`);
  }
  requireReference(sample);
  let least: number | undefined;
  for (const { logM, coverage } of steps(logRatioDistribution(sample, options.prompts))) {
    if (coverage >= regret) continue;
    const samples = Math.exp(logM) * Math.log((1 - coverage) / (regret - coverage));
    least = Math.min(least ?? samples, samples);
  }
  return least;
}

/**
 * The M ≥ 1 just below which a response is lost, with Cov just above: the bound holds there too, as rejection sampling
 * also accepts ratios equal to M, and between them a smaller M is better.
 */
function steps(distribution: LogRatioDistribution): { logM: number; coverage: number }[] {
  const { values, sharesFrom } = distribution;
  const list: { logM: number; coverage: number }[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value === Number.POSITIVE_INFINITY) continue;
    const next = values[index + 1];
    if (value < 0 && next !== undefined && next <= 0) continue;
    list.push({ logM: Math.max(0, value), coverage: sharesFrom[index + 1] ?? 0 });
  }
  return list;
}

function requireReference(sample: LogRatioSample): void {
  if (sample.kind === "reference") return;
  throw new RangeError(
    `the sample is of kind ${sample.kind}: the regret to the reference needs responses that it drew`,
  );
}
