/** Which candidates cannot be told from the tournament's winner? */
import type { RandomGenerator } from "../numeric/index.ts";
import { confidenceSet } from "./confidence-set.ts";
import { checkN, type LikelihoodTable } from "./likelihood-table.ts";
import { tieDecision } from "./tie.ts";
import { exactCandidates } from "./tournament.ts";
import { exactHits, prunedHits, tournamentField } from "./tournament-hits.ts";
import { candidatesInReach, largestPrompt, leads, promptHits } from "./tournament-prompt-hits.ts";

/** One candidate against the tournament's winner. */
export interface StudentizedMember {
  readonly model: string;
  /** ŝ(π) − ŝ(ŵ) against each one's worst opponent; undefined where the score is not known exactly. */
  readonly difference: number | undefined;
  readonly standardError: number | undefined;
  readonly inSet: boolean;
}

/** The candidates that cannot be told from the tournament's winner, made by `studentizedSet`. */
export interface StudentizedSet {
  readonly n: number;
  readonly winner: string;
  /** The models not told from the winner, the winner first. */
  readonly models: readonly string[];
  /** In the table's order. */
  readonly members: readonly StudentizedMember[];
  /** Critical value of difference / standardError; undefined with a single prompt or nobody in reach. */
  readonly critical: number | undefined;
  readonly level: number;
  readonly prompts: number;
}

/**
 * The candidates that cannot be told from the winner ŵ of the simple tournament at N: with d_π = ŝ(π) − ŝ(ŵ), and
 * se_π from the paired hits of each one's worst opponent by prompt plus 1/m², those with d_π/se_π at most the
 * bootstrap's critical value (prompts resampled). The set of `confidenceSet` on these hits: all pairs of candidates
 * enter the critical value and hopeless ones are dropped from it step by step, so that the set holds *all* truly best
 * candidates together with probability `level`, also where 30 tie. (Comparisons with ŵ alone keep each of 30 tied
 * candidates in .98 of samples, but all of them in .68–.78 only.)
 *
 * Each worst opponent is the observed one and held fixed. Prompts with more records weigh more, as in the score.
 * Candidates more than 8 standard errors behind are out at once. Time as `confidenceSet`: candidates · prompts ·
 * replicates, over candidates in reach.
 *
 * @throws RangeError for N below 1, a level outside (0, 1) or replicates below 1.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "a", logProbabilities: new Float64Array(200).fill(-1) },
 *     { model: "b", logProbabilities: new Float64Array(200).fill(-1) },
 *     { model: "c", logProbabilities: new Float64Array(200).fill(-4) },
 *   ],
 * });
 * studentizedSet(table, { n: 8, generator: randomGenerator("seed 1") }).models; // ["a", "b"]
 */
export function studentizedSet(
  table: LikelihoodTable,
  options: {
    readonly n: number;
    readonly generator: RandomGenerator;
    /** 0.95 where absent. */
    readonly level?: number;
    /** 1000 where absent. */
    readonly replicates?: number;
  },
): StudentizedSet {
  const { n, generator, level = 0.95, replicates = 1000 } = options;
  checkN("n", n);
  const field = tournamentField(table);
  const few = table.models.length <= exactCandidates;
  const run = few ? exactHits(field, n) : prunedHits(field, n);
  const { winner } = tieDecision({ field, n, tied: run.tied });
  const reached = candidatesInReach(table, { n, opponent: run.opponent, winner });
  const exact = few ? run : exactHits(field, n, reached);

  // Hits a prompt, scaled into [0, 1] by one factor for all, which no studentized difference feels.
  const largest = largestPrompt(table);
  const set = confidenceSet(
    reached.map((candidate) => ({
      model: table.models[candidate]!,
      values: promptHits(table, { candidate, opponent: exact.opponent[candidate]!, n }).map(
        (hits) => 1 - hits / largest,
      ),
    })),
    { generator, level, replicates },
  );
  const inSet = new Set(set.members.filter((member) => member.inSet).map(({ model }) => model));
  const known = table.models.flatMap((_, index) => (exact.exact[index] === 1 ? [index] : []));
  const ahead = new Map(
    leads(table, { n, opponent: exact.opponent, winner }, known).map((lead, place) => [known[place]!, lead]),
  );
  return {
    n,
    winner: table.models[winner]!,
    models: [...inSet],
    members: table.models.map((model, index) => ({
      model,
      difference: ahead.get(index)?.difference,
      standardError: table.promptCount > 1 ? ahead.get(index)?.standardError : undefined,
      inSet: inSet.has(model),
    })),
    critical: reached.length > 1 ? set.critical : undefined,
    level,
    prompts: table.promptCount,
  };
}
