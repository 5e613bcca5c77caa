/** Compares models by pass@k on the problems that all of them tried. */
import type { ProblemCount } from "../coverage/counts.ts";
import { largestCommonK, passAtKValues } from "../coverage/pass-at-k.ts";
import { alignProblems } from "./alignment.ts";
import { type ConfidenceSetOptions, confidenceSet, type SetMember } from "./confidence-set.ts";
import { type DifferenceEstimate, pairedDifferences } from "./paired-difference.ts";

/** One model's counts of draws by problem. */
export interface ModelCounts {
  readonly model: string;
  readonly problems: readonly (ProblemCount & { readonly problem: string })[];
}

/** One model in a comparison at one k. */
export interface ComparedModel extends SetMember {
  /** best − this model with its Student t interval for this pair alone; the best was chosen on the same data. */
  readonly behindBest: DifferenceEstimate;
}

/** The models compared at one k. */
export interface ComparisonAtK {
  readonly k: number;
  readonly best: string;
  readonly members: readonly ComparedModel[];
}

/** pass@k of several models on their common problems, made by `passAtKComparison`. */
export interface PassAtKComparison {
  /** One entry a k that can be estimated for every common problem of every model. */
  readonly comparisons: readonly ComparisonAtK[];
  /** The problems that all models hold. */
  readonly problems: number;
  /** Problems of each model that are not common, and so not compared. */
  readonly left: readonly { readonly model: string; readonly problems: number }[];
  /** The largest k that can be compared: the fewest draws of a common problem; undefined without one. */
  readonly largestK: number | undefined;
  /** The k asked for that are above `largestK`. */
  readonly refused: readonly number[];
}

/**
 * At each k, the paired differences of pass@k to the best model and the set that cannot be told from it
 * (`confidenceSet`). Only common problems are compared, only at k up to their fewest draws: a larger k would keep
 * the problems that happen to have enough draws, which selects on the outcome.
 *
 * @throws RangeError for a k that is not an integer of at least 1, wrong counts, or a problem held twice.
 * @example
 * passAtKComparison(
 *   [
 *     { model: "a", problems: [{ problem: "1", draws: 4, correct: 1 }, { problem: "2", draws: 4, correct: 3 }] },
 *     { model: "b", problems: [{ problem: "1", draws: 4, correct: 0 }, { problem: "2", draws: 4, correct: 2 }] },
 *   ],
 *   [1, 4, 10],
 *   { generator: randomGenerator("seed 1") },
 * ).refused; // [10]
 */
export function passAtKComparison(
  models: readonly ModelCounts[],
  ks: readonly number[],
  options: ConfidenceSetOptions,
): PassAtKComparison {
  for (const k of ks) {
    if (!Number.isSafeInteger(k) || k < 1)
      throw new RangeError(`k is ${k}: must be an integer of at least 1`);
  }
  const aligned = alignProblems(
    models.map(({ model, problems }) => ({
      model,
      problems: problems.map((count) => ({ problem: count.problem, value: count })),
    })),
  );
  const problems = aligned.problems.length;
  const left = aligned.models.map((entry) => ({ model: entry.model, problems: entry.left }));
  if (problems === 0) return { comparisons: [], problems, left, largestK: undefined, refused: ks };
  const largestK = largestCommonK(aligned.models.flatMap(({ values }) => values));
  const level = options.level === undefined ? {} : { level: options.level };
  const comparisons = ks
    .filter((k) => k <= largestK)
    .map((k) => {
      const values = aligned.models.map((entry) => ({
        model: entry.model,
        values: passAtKValues(entry.values, k),
      }));
      const set = confidenceSet(values, { ...options, generator: options.generator.split(`k = ${k}`) });
      const best = values.find(({ model }) => model === set.best)!;
      const members = set.members.map((member, index) => ({
        ...member,
        behindBest: pairedDifferences({ left: best.values, right: values[index]!.values }, level),
      }));
      return { k, best: set.best, members };
    });
  return { comparisons, problems, left, largestK, refused: ks.filter((k) => k > largestK) };
}
