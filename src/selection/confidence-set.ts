/** Which models cannot be told from the best one on these problems? */
import {
  compensatedSum,
  type RandomGenerator,
  regularizedIncompleteBeta,
  studentQuantile,
} from "../numeric/index.ts";
import { checkValues, standardErrorOfDifference } from "./paired-difference.ts";

/** One model's values, aligned with the other models' by problem. */
export interface ModelValues {
  readonly model: string;
  readonly values: Float64Array;
}

/** One model in a confidence set or out of it. */
export interface SetMember {
  readonly model: string;
  /** Mean over problems. */
  readonly estimate: number;
  /** How far below the best observed mean; at least 0. */
  readonly difference: number;
  /** Of the difference; undefined with one problem. */
  readonly standardError: number | undefined;
  /** True if the model cannot be told from the best. */
  readonly inSet: boolean;
}

/** The models that cannot be told from the best, made by `confidenceSet`. */
export interface ConfidenceSet {
  /** The model of the highest mean, the first of several. */
  readonly best: string;
  /** In the given order. */
  readonly members: readonly SetMember[];
  readonly problems: number;
  /** The critical value of difference / standardError in the last step; undefined with one problem. */
  readonly critical: number | undefined;
}

/** Options of `confidenceSet` and `passAtKComparison`. */
export interface ConfidenceSetOptions {
  readonly generator: RandomGenerator;
  /** Probability with which the set holds all truly best models, 0.95 where absent. */
  readonly level?: number;
  /** Bootstrap samples, 1000 where absent. */
  readonly replicates?: number;
}

/**
 * The studentized confidence set of the best models, over the population that the problems were drawn from: it holds
 * all truly best models together with probability `level`, also where many tie.
 *
 * With ŵ the model of the highest mean, d_π = mean(ŵ) − mean(π) and se² = s²/m + 1/m² of the m paired differences, the
 * set keeps d_π/se_{ŵπ} ≤ c. c is the `level` quantile of max |d⋆_{πρ} − d_{πρ}|/se_{πρ} over samples of problems with
 * replacement (all models on the same sample) and over all pairs π, ρ of models not dropped so far; dropping repeats
 * until none is dropped (step-down as in Romano and Wolf, Econometrica 73, 2005). As se is held fixed in the samples,
 * the quantile is carried over from the normal to Student's t with m − 1 degrees of freedom. Comparisons with ŵ alone would keep
 * each best model with that probability, not all of them, as ŵ was chosen for being ahead. A model that equals ŵ on
 * every problem is always kept.
 *
 * Time: models · problems · (replicates + models / 2) additions; 81 models × 10⁴ problems × 1000 samples take seconds.
 * With one problem nothing can be told and every model is kept.
 *
 * @throws RangeError for no models, unequal lengths, no problems, a value outside [0, 1], or replicates < 1.
 * @example
 * const values = [
 *   { model: "a", values: Float64Array.of(1, 1, 0, 1, 1, 1) },
 *   { model: "b", values: Float64Array.of(0, 1, 0, 0, 0, 0) },
 * ];
 * confidenceSet(values, { generator: randomGenerator("seed 1") }).best; // "a"
 */
export function confidenceSet(models: readonly ModelValues[], options: ConfidenceSetOptions): ConfidenceSet {
  const { generator, level = 0.95, replicates = 1000 } = options;
  const problems = checkModels(models);
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`level is ${level}: must lie between 0 and 1, both excluded`);
  }
  if (!Number.isSafeInteger(replicates) || replicates < 1) {
    throw new RangeError(`replicates is ${replicates}: must be an integer of at least 1`);
  }
  const estimates = Float64Array.from(models, ({ values }) => compensatedSum(values) / problems);
  const best = estimates.indexOf(Math.max(...estimates));
  const errors = pairStandardErrors(models);
  const errorBehindBest = (model: number) => errors?.[best * models.length + model];
  const difference = (model: number) => Math.max(0, estimates[best]! - estimates[model]!);

  let kept = models.map((_, index) => index);
  let critical: number | undefined;
  if (errors) {
    const deviations = bootstrapDeviations({ models, estimates, generator, replicates });
    for (;;) {
      const normal = criticalValue({ kept, deviations, errors, width: models.length, level });
      critical = studentFromNormal({ value: normal, degreesOfFreedom: problems - 1 });
      const limit = critical;
      const left = kept.filter((model) => difference(model) <= limit * errorBehindBest(model)!);
      if (left.length === kept.length) break;
      kept = left;
    }
  }
  const members = models.map(({ model }, index) => ({
    model,
    estimate: estimates[index]!,
    difference: difference(index),
    standardError: errorBehindBest(index),
    inSet: kept.includes(index),
  }));
  return { best: models[best]!.model, members, problems, critical };
}

/** √(s²/m + 1/m²) of the paired differences of every two models, a square matrix by rows; undefined for one problem. */
function pairStandardErrors(models: readonly ModelValues[]): Float64Array | undefined {
  const width = models.length;
  const errors = new Float64Array(width * width);
  for (let row = 0; row < width; row++) {
    for (let column = row; column < width; column++) {
      const error = standardErrorOfDifference({ left: models[row]!.values, right: models[column]!.values });
      if (error === undefined) return undefined;
      errors[row * width + column] = error;
      errors[column * width + row] = error;
    }
  }
  return errors;
}

/** mean⋆ − mean of every model on samples of problems with replacement, one row a sample. */
function bootstrapDeviations(input: {
  readonly models: readonly ModelValues[];
  readonly estimates: Float64Array;
  readonly generator: RandomGenerator;
  readonly replicates: number;
}): Float64Array {
  const { models, estimates, generator, replicates } = input;
  const width = models.length;
  const problems = models[0]!.values.length;
  const rows = new Float64Array(problems * width);
  // The bootstrap's variance is (m − 1)/m of the unbiased one that the standard errors use.
  const scale = problems > 1 ? 1 / Math.sqrt(problems * (problems - 1)) : 0;
  models.forEach(({ values }, model) => {
    for (let problem = 0; problem < problems; problem++) {
      rows[problem * width + model] = (values[problem]! - estimates[model]!) * scale;
    }
  });
  const deviations = new Float64Array(replicates * width);
  const copies = new Uint32Array(problems);
  for (let replicate = 0; replicate < replicates; replicate++) {
    const sums = deviations.subarray(replicate * width, (replicate + 1) * width);
    copies.fill(0);
    for (let draw = 0; draw < problems; draw++) copies[generator.integer(problems)]!++;
    for (let problem = 0; problem < problems; problem++) {
      const weight = copies[problem]!;
      if (weight === 0) continue;
      const start = problem * width;
      for (let model = 0; model < width; model++) sums[model]! += weight * rows[start + model]!;
    }
  }
  return deviations;
}

/** The level quantile of the largest studentized pair among the kept models: the ⌈level·(B + 1)⌉-th smallest of B. */
function criticalValue(input: {
  readonly kept: readonly number[];
  readonly deviations: Float64Array;
  readonly errors: Float64Array;
  readonly width: number;
  readonly level: number;
}): number {
  const { kept, deviations, errors, width, level } = input;
  const replicates = deviations.length / width;
  const largest = new Float64Array(replicates);
  for (let replicate = 0; replicate < replicates; replicate++) {
    const start = replicate * width;
    let maximum = 0;
    for (let left = 0; left < kept.length; left++) {
      const row = kept[left]!;
      for (let right = left + 1; right < kept.length; right++) {
        const column = kept[right]!;
        const deviation = Math.abs(deviations[start + row]! - deviations[start + column]!);
        maximum = Math.max(maximum, deviation / errors[row * width + column]!);
      }
    }
    largest[replicate] = maximum;
  }
  largest.sort();
  return largest[Math.min(replicates, Math.ceil(level * (replicates + 1))) - 1]!;
}

/** So many degrees of freedom are normal to a relative 1e-4 of the tail up to value 4. */
const nearlyNormal = 1e6;

/** Student's t with the tail probability of a normal value. */
export function studentFromNormal(input: {
  readonly value: number;
  readonly degreesOfFreedom: number;
}): number {
  const { value, degreesOfFreedom } = input;
  const bothTails = regularizedIncompleteBeta({
    x: nearlyNormal / (nearlyNormal + value ** 2),
    alpha: nearlyNormal / 2,
    beta: 0.5,
  });
  return bothTails === 0
    ? Number.POSITIVE_INFINITY
    : -studentQuantile({ probability: bothTails / 2, degreesOfFreedom });
}

/** The number of problems. */
function checkModels(models: readonly ModelValues[]): number {
  const problems = models[0]?.values.length;
  if (problems === undefined) throw new RangeError("models is empty: must hold at least one model");
  if (problems === 0) throw new RangeError("models[0].values is empty: must hold at least one problem");
  models.forEach(({ values }, index) => {
    if (values.length !== problems) {
      throw new RangeError(
        `models[${index}].values has length ${values.length}: must be ${problems} as the first`,
      );
    }
    checkValues(`models[${index}].values`, values);
  });
  return problems;
}
