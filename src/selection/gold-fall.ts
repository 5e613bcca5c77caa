/** Does a larger N make the pick worse? Reward over-optimisation of Best-of-N, told from chance. */
import { bestOfNValue, type ScoredDraws } from "../coverage/best-of-n.ts";
import { studentQuantile } from "../numeric/index.ts";
import { type ConfidenceSetOptions, confidenceSet } from "./confidence-set.ts";

/** How far gold falls from the best N to the largest, and whether that is told from chance. */
export interface GoldFall {
  /** The N of the highest gold, the smallest of several. */
  readonly from: number;
  /** The largest N. */
  readonly to: number;
  /** How much gold falls on the way, at least 0; the interval holds for all pairs of N together. */
  readonly estimate: number;
  /** Undefined for a single problem. */
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** How much the proxy rises on the way, at least 0. */
  readonly proxyRise: number;
  /** The fall is told from none: the reward is over-optimised. */
  readonly isShown: boolean;
  readonly problems: number;
}

/**
 * How far Best-of-N's gold reward lies at the largest N below its highest value, in paired differences within problems;
 * undefined where it is highest at the largest N.
 *
 * The N of the highest gold is chosen on the same problems, so the interval is the simultaneous one of `confidenceSet`
 * over all the N (gold scaled to [0, 1] by its range among all draws), and no narrower than Student's for this pair. The
 * proxy never falls with N, on any pool.
 *
 * Reward over-optimisation: arXiv 2210.10760.
 *
 * @throws RangeError as `bestOfNCurve` does.
 * @example
 * // The draw that the reward likes best is wrong on each of 30 problems, the next best is right.
 * const problems = Array.from({ length: 30 }, () => ({ proxy: [1, 2, 3], gold: [0, 1, 0] }));
 * goldFall(problems, [1, 2, 3], { generator: randomGenerator("seed 1") })?.isShown; // true
 */
export function goldFall(
  problems: readonly ScoredDraws[],
  ns: readonly number[],
  options: ConfidenceSetOptions,
): GoldFall | undefined {
  const sorted = [...new Set(ns)].sort((left, right) => left - right);
  const to = sorted.at(-1);
  if (problems.length === 0 || to === undefined) return undefined;
  const { least, range } = extentOfGold(problems);
  if (range === 0) return undefined;
  const curves = sorted.map((n) => ({
    model: String(n),
    values: Float64Array.from(problems, (problem) => {
      const scaled = (bestOfNValue({ ...problem, n }) - least) / range;
      // A weighted mean of zeros and ones may leave [0, 1] by a rounding error.
      return Math.min(1, Math.max(0, scaled));
    }),
  }));
  const set = confidenceSet(curves, options);
  const last = set.members.at(-1);
  if (last === undefined || set.best === last.model || last.difference < 1e-12) return undefined;
  const from = Number(set.best);
  const margin = marginOf({ ...set, standardError: last.standardError, level: options.level ?? 0.95 });
  const proxyAt = (n: number) =>
    problems.reduce((sum, { proxy }) => sum + bestOfNValue({ proxy, gold: proxy, n }), 0) / problems.length;
  return {
    from,
    to,
    estimate: last.difference * range,
    lower: margin === undefined ? undefined : (last.difference - margin) * range,
    upper: margin === undefined ? undefined : (last.difference + margin) * range,
    proxyRise: Math.max(0, proxyAt(to) - proxyAt(from)),
    isShown: margin !== undefined && last.difference > margin,
    problems: problems.length,
  };
}

/** At least that of the pair alone: where the problems hardly vary, samples of them vary too little for few problems. */
function marginOf(set: {
  readonly critical: number | undefined;
  readonly standardError: number | undefined;
  readonly problems: number;
  readonly level: number;
}): number | undefined {
  const { critical, standardError, problems, level } = set;
  if (critical === undefined || standardError === undefined) return undefined;
  const alone = studentQuantile({ probability: (1 + level) / 2, degreesOfFreedom: problems - 1 });
  return Math.max(critical, alone) * standardError;
}

function extentOfGold(problems: readonly ScoredDraws[]): { least: number; range: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { gold } of problems) {
    for (let index = 0; index < gold.length; index++) {
      least = Math.min(least, gold[index]!);
      most = Math.max(most, gold[index]!);
    }
  }
  return { least, range: most - least };
}
