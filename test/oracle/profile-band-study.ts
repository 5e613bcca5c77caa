/** Simulations of the bands of coverage profiles: critical values, and how often intervals hold the truth. */
import { clopperPearson, coverageProfile, logRatios } from "../../src/coverage/index.ts";
import { normalQuantile, type RandomGenerator } from "../../src/numeric/index.ts";

/** Values of sup_t n·kl(F̂(t)‖F(t)) from n uniforms in ascending order, drawn by exponential spacings. */
export function simulatedStatistics(input: {
  readonly n: number;
  readonly repeats: number;
  readonly random: RandomGenerator;
}): Float64Array {
  const { n, repeats, random } = input;
  const sums = new Float64Array(n + 1);
  return Float64Array.from({ length: repeats }, () => {
    let sum = 0;
    for (let index = 0; index <= n; index++) {
      sum -= Math.log(random.uniform());
      sums[index] = sum;
    }
    let largest = 0;
    for (let index = 0; index < n; index++) {
      const u = sums[index]! / sum;
      for (let below = index; below <= index + 1; below++) {
        const success = below === 0 ? 0 : below * Math.log(below / n / u);
        const failure = below === n ? 0 : (n - below) * Math.log((1 - below / n) / (1 - u));
        largest = Math.max(largest, success + failure);
      }
    }
    return largest;
  }).sort();
}

/** The truth-holding shares of one world: pointwise and naive at `focus`, simultaneous over all N. */
export interface BandStudy {
  readonly pointwise: number;
  /** Clopper–Pearson over responses, as if they were independent. */
  readonly naive: number;
  readonly simultaneous: number;
  /** Mean width of the pointwise interval and of the simultaneous band at `focus`. */
  readonly widths: { readonly pointwise: number; readonly simultaneous: number };
}

/**
 * X of a response is normal; X of two responses to a prompt correlate by `correlation`. The N asked for are those at which
 * Cov_N takes the values `coverages`; the first of them is the focus.
 */
export function bandStudy(input: {
  readonly prompts: number;
  readonly responses: number;
  readonly correlation: number;
  readonly coverages: readonly number[];
  readonly repeats: number;
  readonly random: RandomGenerator;
  readonly level?: number;
}): BandStudy {
  const { prompts, responses, correlation, coverages, repeats, random, level = 0.95 } = input;
  // X = 20 + 4·normal, so that every N asked for is above 1.
  const [center, spread] = [20, 4];
  const thresholds = coverages.map((coverage) => center - spread * normalQuantile(coverage));
  const ns = thresholds.map(Math.exp);
  const owner = Int32Array.from({ length: prompts * responses }, (_, record) =>
    Math.floor(record / responses),
  );
  const reference = new Float64Array(owner.length);
  let [pointwise, naive, simultaneous, pointwiseWidth, simultaneousWidth] = [0, 0, 0, 0, 0];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const own = Float64Array.from({ length: prompts }, () => random.normal());
    const logProbabilities = Float64Array.from(owner, (prompt) => {
      const value = Math.sqrt(correlation) * own[prompt]! + Math.sqrt(1 - correlation) * random.normal();
      return Math.min(0, -(center + spread * value));
    });
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: reference },
      model: { model: "π̂", logProbabilities },
    });
    const { profile } = coverageProfile(sample, { ns, prompts: owner, level });
    const [focus] = profile;
    const truth = coverages[0]!;
    if (focus!.lower <= truth && truth <= focus!.upper) pointwise += 1;
    const hits = Math.round(focus!.coverage * owner.length);
    const plain = clopperPearson({ successes: hits, trials: owner.length, level });
    if (plain.lower <= truth && truth <= plain.upper) naive += 1;
    const all = profile.every(
      (point, index) =>
        point.simultaneousLower <= coverages[index]! && coverages[index]! <= point.simultaneousUpper,
    );
    if (all) simultaneous += 1;
    pointwiseWidth += focus!.upper - focus!.lower;
    simultaneousWidth += focus!.simultaneousUpper - focus!.simultaneousLower;
  }
  return {
    pointwise: pointwise / repeats,
    naive: naive / repeats,
    simultaneous: simultaneous / repeats,
    widths: { pointwise: pointwiseWidth / repeats, simultaneous: simultaneousWidth / repeats },
  };
}
