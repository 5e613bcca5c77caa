/** Does pass@N rank the checkpoints as coverage does, or as KL does? */
import { randomGenerator } from "../numeric/index.ts";
import { rankCorrelation } from "../selection/index.ts";
import type { ScoredSeed } from "./figure-one-data.ts";
import { classSample, passProbabilities } from "./figure-one-measures.ts";
import { mean } from "./trend.ts";

export interface RankAgreement {
  /** The draws of pass@k. */
  readonly k: number;
  /** The N of Cov_N beside it. */
  readonly n: number;
  /** Spearman's correlation of pass@k with −Cov_N over the checkpoints, a mean over seeds. */
  readonly coverage: AgreementEstimate;
  /** The same with −KL. */
  readonly kl: AgreementEstimate;
  /** Coverage's minus KL's, in the same resampled prompts. */
  readonly difference: AgreementEstimate;
}

export interface AgreementEstimate {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

interface Pair {
  readonly k: number;
  readonly n: number;
}

/**
 * Correlations over the checkpoints of each seed, averaged over seeds, with 95% percentile intervals from resampling the
 * evaluation prompts within their classes, the same prompts for all seeds and measures. A correlation that is not
 * defined counts as 0. The interval is about noise in prompts, not about other trainings.
 */
export function rankAgreements(
  seeds: readonly ScoredSeed[],
  pairs: readonly Pair[],
  options: { readonly key: string; readonly replicates?: number },
): RankAgreement[] {
  const { replicates = 400 } = options;
  const weights = seeds[0]!.checkpoints[0]!.classes.map(({ weight, logProbabilities }) => ({
    weight,
    prompts: logProbabilities.length,
  }));
  const measures = seeds.map((seed) => measuresOf(seed, pairs));
  const random = randomGenerator(options.key);
  const samples = Array.from({ length: replicates + 1 }, (_, sample) =>
    weights.map(({ prompts }) => copiesOf(prompts, sample === 0 ? undefined : random)),
  );
  const inSample = samples.map((copies) => {
    const weighted = copies.map((counts, index) => ({ counts, weight: weights[index]!.weight }));
    const bySeed = measures.map((columns) => {
      const means = (rows: readonly (readonly Float64Array[])[]) =>
        rows.map((classes) => mixtureMean(classes, weighted));
      const kl = means(columns.kl);
      return pairs.map((_, index) => {
        const outcome = means(columns.pass[index]!);
        return {
          coverage: correlation(outcome, means(columns.coverage[index]!)),
          kl: correlation(outcome, kl),
        };
      });
    });
    return pairs.map((_, index) => ({
      coverage: mean(bySeed.map((entry) => entry[index]!.coverage)),
      kl: mean(bySeed.map((entry) => entry[index]!.kl)),
    }));
  });
  return pairs.map(({ k, n }, index) => {
    const estimateOf = (value: (entry: { coverage: number; kl: number }) => number) =>
      percentiles(inSample.map((entry) => value(entry[index]!)));
    return {
      k,
      n,
      coverage: estimateOf((entry) => entry.coverage),
      kl: estimateOf((entry) => entry.kl),
      difference: estimateOf((entry) => entry.coverage - entry.kl),
    };
  });
}

/** For each checkpoint the values of the prompts of each class. */
function measuresOf({ checkpoints }: ScoredSeed, pairs: readonly Pair[]) {
  const columns = (valuesOf: (scores: (typeof checkpoints)[number]["classes"][number]) => Float64Array) =>
    checkpoints.map(({ classes }) => classes.map(valuesOf));
  return {
    kl: columns(({ logProbabilities }) => logProbabilities.map((value) => -value)),
    pass: pairs.map(({ k }) => columns(({ logProbabilities }) => passProbabilities(logProbabilities, k))),
    coverage: pairs.map(({ n }) =>
      columns((scores) => {
        const { values, tolerances } = classSample(scores);
        return values.map((value, index) => (value >= Math.log(n) - tolerances[index]! ? 1 : 0));
      }),
    ),
  };
}

function copiesOf(prompts: number, random: { integer(limit: number): number } | undefined): Uint16Array {
  const copies = new Uint16Array(prompts);
  if (random === undefined) return copies.fill(1);
  for (let draw = 0; draw < prompts; draw += 1) copies[random.integer(prompts)]! += 1;
  return copies;
}

function mixtureMean(
  classes: readonly Float64Array[],
  samples: readonly { readonly counts: Uint16Array; readonly weight: number }[],
): number {
  return classes.reduce((total, values, index) => {
    const { counts, weight } = samples[index]!;
    let sum = 0;
    for (let prompt = 0; prompt < values.length; prompt += 1) sum += counts[prompt]! * values[prompt]!;
    return total + (weight * sum) / values.length;
  }, 0);
}

const correlation = (outcome: readonly number[], measure: readonly number[]): number =>
  rankCorrelation({ left: outcome, right: measure.map((value) => -value) }) ?? 0;

/** The first entry is the estimate, the rest are resampled. */
function percentiles([estimate = 0, ...resampled]: readonly number[]): AgreementEstimate {
  const sorted = resampled.sort((left, right) => left - right);
  const tail = Math.floor(0.025 * sorted.length);
  return { estimate, lower: sorted[tail] ?? estimate, upper: sorted[sorted.length - 1 - tail] ?? estimate };
}
