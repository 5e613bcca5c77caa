/**
 * X = log π/π̂ on recorded responses, in nats: what every profile and divergence is made of. A sample knows what its
 * numbers may be called (its kind), where float noise may decide, and which records have no ratio.
 */
import { checkedLogProbabilities, type ModelLogProbabilities } from "./log-ratio-validation.ts";

/**
 * - `reference`: the responses were drawn from π itself, so X is observed and Cov_N, KL and Hellinger are estimated;
 * - `empirical`: the responses are data and π is another model: Ĉov_N(π‖π̂) of equation (28);
 * - `envelope`: the responses are data and π is the pointwise largest of the candidates;
 * - `upper-bound`: π is unknown, and π ≤ 1 gives Cov_N(π‖π̂) ≤ P[π̂ ≤ 1/N], exact where π is deterministic.
 */
export type ProfileKind = "reference" | "empirical" | "envelope" | "upper-bound";

/** X = log π − log π̂ of every record: what profiles, divergences and bounds are computed from. */
export interface LogRatioSample {
  readonly kind: ProfileKind;
  /** The model π̂ whose coverage is asked about. */
  readonly model: string;
  /** X of each record in nats; +∞ where only π̂ is 0, −∞ where only π is 0 and where both are. */
  readonly values: Float64Array;
  /** How far below log N each X may lie and still count as reaching it. */
  readonly tolerances: Float64Array;
  /** Records with π = π̂ = 0: no ratio, counted as not reaching any N. */
  readonly undefinedRatios: number;
  /** Records with π = 0 < π̂: if π drew the responses, its log-probability of them cannot be right. */
  readonly impossibleRecords: number;
  /** Log-probabilities that lay above 0 by float noise and became 0. */
  readonly clamped: number;
}

/** The tolerance at atoms: `absolute` nats and a share `relative` of |log p|. */
export const toleranceAtAtoms = { absolute: 1e-9, relative: 1e-7 } as const;

/**
 * The stated tolerance at atoms, in nats: X ≥ log N is decided as X ≥ log N − (1e-9 + 1e-7·|log p|), where |log p| is the
 * larger magnitude of the finite log-probabilities in X (**our choice**: logs hold them as float32).
 *
 * @example
 * atomTolerance({ reference: -2, model: -10 }); // 1.001e-6
 */
export function atomTolerance(logProbabilities: {
  readonly reference: number;
  readonly model: number;
}): number {
  const { reference, model } = logProbabilities;
  const magnitude = Math.max(
    Number.isFinite(reference) ? -reference : 0,
    Number.isFinite(model) ? -model : 0,
  );
  return toleranceAtAtoms.absolute + toleranceAtAtoms.relative * magnitude;
}

/**
 * X = log π − log π̂ of each record (equations (1) and (28)), −∞ by the rules of `LogRatioSample`.
 *
 * @throws RangeError for unequal lengths, no records, or a log-probability that is none (naming model and example).
 * @example
 * const sample = logRatios({
 *   kind: "reference",
 *   reference: { model: "teacher", logProbabilities: [-1, -2] },
 *   model: { model: "student", logProbabilities: [-3, -2] },
 * });
 * [...sample.values]; // [2, 0]
 */
export function logRatios(input: {
  readonly kind: "reference" | "empirical" | "envelope";
  readonly reference: ModelLogProbabilities;
  readonly model: ModelLogProbabilities;
  readonly examples?: readonly string[];
}): LogRatioSample {
  const { kind, examples } = input;
  const names = examples === undefined ? {} : { examples };
  const reference = checkedLogProbabilities({ ...input.reference, ...names });
  const model = checkedLogProbabilities({ ...input.model, ...names });
  const { length } = model.values;
  if (reference.values.length !== length) {
    throw new RangeError(
      `${JSON.stringify(input.reference.model)} scored ${reference.values.length} records and ${JSON.stringify(input.model.model)} ${length}: both must score the same`,
    );
  }
  const values = new Float64Array(length);
  const tolerances = new Float64Array(length);
  let undefinedRatios = 0;
  let impossibleRecords = 0;
  for (let index = 0; index < length; index++) {
    const above = reference.values[index]!;
    const below = model.values[index]!;
    tolerances[index] = atomTolerance({ reference: above, model: below });
    values[index] = above === Number.NEGATIVE_INFINITY ? above : above - below;
    if (above !== Number.NEGATIVE_INFINITY) continue;
    if (below === Number.NEGATIVE_INFINITY) undefinedRatios += 1;
    else impossibleRecords += 1;
  }
  const clamped = reference.clamped + model.clamped;
  return { kind, model: input.model.model, values, tolerances, undefinedRatios, impossibleRecords, clamped };
}

/**
 * −log π̂ of each record, the largest that X can be: with it a profile is the upper bound P[π̂ ≤ 1/N] on Cov_N(π‖π̂)
 * for the unknown π that the responses come from (**beyond** the paper), exact where π is deterministic given the prompt.
 *
 * @throws RangeError for no records or a log-probability that is none (naming model and example).
 * @example
 * [...upperBoundLogRatios({ model: "a", logProbabilities: [-1, -2] }).values]; // [1, 2]
 */
export function upperBoundLogRatios(
  input: ModelLogProbabilities & { readonly examples?: readonly string[] },
): LogRatioSample {
  const { values, clamped } = checkedLogProbabilities(input);
  return {
    kind: "upper-bound",
    model: input.model,
    values: values.map((value) => 0 - value),
    tolerances: values.map((value) => atomTolerance({ reference: 0, model: value })),
    undefinedRatios: 0,
    impossibleRecords: 0,
    clamped,
  };
}

/**
 * The largest log-probability that any candidate gives each record.
 *
 * @throws RangeError for no candidates, unequal lengths, or a log-probability that is none.
 * @example
 * [...candidateEnvelope([
 *   { model: "a", logProbabilities: [-1, -5] },
 *   { model: "b", logProbabilities: [-2, -3] },
 * ])]; // [-1, -3]
 */
export function candidateEnvelope(candidates: readonly ModelLogProbabilities[]): Float64Array {
  const first = candidates[0];
  if (first === undefined) throw new RangeError("candidates is empty: must hold at least one model");
  const { length } = first.logProbabilities;
  const largest = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
  for (const candidate of candidates) {
    const { values } = checkedLogProbabilities(candidate);
    if (values.length !== length) {
      throw new RangeError(
        `${JSON.stringify(candidate.model)} scored ${values.length} records and ${JSON.stringify(first.model)} ${length}: all must score the same`,
      );
    }
    for (let index = 0; index < length; index++) largest[index] = Math.max(largest[index]!, values[index]!);
  }
  return largest;
}

/**
 * max_π' log π' − log π of each record, over the candidates that made the envelope: with it a profile is
 * P[max_π' ℓ(π') − ℓ(π) ≥ log N], at least the score of π in the simple tournament (29) at the same N.
 *
 * @throws RangeError for unequal lengths, no records, or a log-probability that is none.
 * @example
 * const a = { model: "a", logProbabilities: [-1, -5] };
 * const b = { model: "b", logProbabilities: [-2, -3] };
 * [...envelopeLogRatios({ envelope: candidateEnvelope([a, b]), model: a }).values]; // [0, 2]
 */
export function envelopeLogRatios(input: {
  readonly envelope: ArrayLike<number>;
  readonly model: ModelLogProbabilities;
}): LogRatioSample {
  const reference = { model: "envelope of the candidates", logProbabilities: input.envelope };
  return logRatios({ kind: "envelope", reference, model: input.model });
}
