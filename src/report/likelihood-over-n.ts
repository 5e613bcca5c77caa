/** What log-probabilities say at every N that the slider offers: profiles, scores, winners, the mixture, rank correlations. */
import {
  type CoverageProfile,
  coverageProfile,
  crossEntropyEstimate,
  klDivergence,
  largestCommonK,
  logRatios,
  type MeanEstimate,
  type PassAtKEstimate,
  passAtKEstimates,
  upperBoundLogRatios,
} from "../coverage/index.ts";
import {
  type CheckpointMixture,
  checkpointMixture,
  likelihoodTable,
  rankCorrelation,
  type StudentizedSet,
  studentizedSet,
  type TournamentMatrix,
  tournamentMatrix,
  type WinnerAtN,
  winnerCurve,
} from "../selection/index.ts";
import { isSameCheckpoint, type LikelihoodAnalysis, type SelectionOptions } from "./likelihood-analysis.ts";
import type { ModelCounts } from "./model-counts.ts";

/** What log-probabilities say at every N of a slider, made by `likelihoodOverN`. */
export interface LikelihoodOverN {
  readonly ns: readonly number[];
  /** Cov_N of each candidate, or its upper bound where who drew the responses is not known. */
  readonly profiles: readonly CoverageProfile[];
  /** KL of each candidate from the distribution that drew the responses; empty without it. */
  readonly divergences: readonly MeanEstimate[];
  /** Cross-entropy of each candidate, nats a response. */
  readonly losses: readonly MeanEstimate[];
  readonly matrix: TournamentMatrix;
  readonly winners: readonly WinnerAtN[];
  /** At a few N only: each takes a bootstrap. */
  readonly sets: readonly StudentizedSet[];
  readonly mixture: CheckpointMixture | undefined;
  /** Candidates with verdicts, at the integers among `ns` that all of them measure; undefined with fewer than two. */
  readonly outcome: OutcomeOverN | undefined;
}

/** pass@N of the candidates beside their coverage and cross-entropy. */
export interface OutcomeOverN {
  readonly ns: readonly number[];
  readonly models: readonly { readonly model: string; readonly passAtN: readonly PassAtKEstimate[] }[];
  /** Spearman over these candidates at each N: −score and −cross-entropy with pass@N. */
  readonly coverage: readonly (number | undefined)[];
  readonly crossEntropy: readonly (number | undefined)[];
}

/** Comparisons of two log-probabilities that a report may take its time for, a few seconds. */
const largestWork = 4e8;
/** Candidates · prompts for which a bootstrap at one N is quick. */
const largestSetWork = 2e5;

/** Undefined where the candidates are too many for all pairs at all N. */
export function likelihoodOverN(
  analysis: LikelihoodAnalysis,
  models: readonly ModelCounts[],
  options: Pick<SelectionOptions, "level" | "generator"> & { readonly ns: readonly number[] },
): LikelihoodOverN | undefined {
  const { task, drawer, tournament } = analysis;
  const { candidates, prompts } = task;
  const { ns, level } = options;
  if (candidates.length ** 2 * task.records > largestWork) return undefined;
  const table = likelihoodTable({ candidates, prompts });
  const samples = candidates.map((model) =>
    drawer === undefined
      ? upperBoundLogRatios(model)
      : logRatios({ kind: "reference", reference: drawer, model }),
  );
  const matrix = tournamentMatrix(table, { ns });
  const setNs = ns.filter(
    (n) => n > 1 && (n === tournament.n || (n <= 1024 && Number.isInteger(Math.log2(n)))),
  );
  const quick = candidates.length * table.promptCount <= largestSetWork;
  return {
    ns,
    profiles: samples.map((sample) => coverageProfile(sample, { ns, prompts, level })),
    divergences:
      drawer === undefined ? [] : samples.map((sample) => klDivergence(sample, { prompts, level })),
    losses: candidates.map(
      ({ model, logProbabilities }) =>
        crossEntropyEstimate({ model, logProbabilities, prompts, level }).sequence,
    ),
    matrix,
    winners: winnerCurve(table, { ns }),
    sets: setNs
      .filter((n) => quick || n === tournament.n)
      .map((n) =>
        n === tournament.n
          ? analysis.set
          : studentizedSet(table, { n, level, generator: options.generator.split(`set at ${n}`) }),
      ),
    mixture: mixtureOf(table, ns),
    outcome: outcomeOverN(analysis, matrix, models, options),
  };
}

/** Undefined where no candidate gives any response mass. */
function mixtureOf(
  table: Parameters<typeof checkpointMixture>[0],
  ns: readonly number[],
): CheckpointMixture | undefined {
  const someMass = table.columns.some((column) => column.some((value) => value > Number.NEGATIVE_INFINITY));
  return someMass ? checkpointMixture(table, { ns }) : undefined;
}

function outcomeOverN(
  { task, crossEntropy }: LikelihoodAnalysis,
  matrix: TournamentMatrix,
  models: readonly ModelCounts[],
  { ns: all, level }: { readonly ns: readonly number[]; readonly level: number },
): OutcomeOverN | undefined {
  const counted = task.candidates.flatMap((candidate, index) => {
    const counts = models.find((model) => isSameCheckpoint(candidate, model));
    return counts === undefined || counts.problems.length === 0 ? [] : [{ index, candidate, counts }];
  });
  if (counted.length < 2) return undefined;
  const smallest = Math.min(...counted.map(({ counts }) => largestCommonK(counts.problems)));
  const ns = all.filter((n) => Number.isInteger(n) && n <= smallest);
  if (ns.length === 0) return undefined;
  const passing = counted.map(({ candidate, counts }) => ({
    model: candidate.model,
    passAtN: passAtKEstimates(counts.problems, ns, { level }),
  }));
  const correlations = (measure: (index: number, position: number) => number) =>
    ns.map((n, place) => {
      const position = all.indexOf(n);
      const left = counted.map(({ index }) => -measure(index, position));
      const right = passing.map(({ passAtN }) => passAtN[place]?.estimate ?? 0);
      return rankCorrelation({ left, right }, { kind: "spearman" });
    });
  return {
    ns,
    models: passing,
    coverage: correlations((candidate, n) => matrix.worst({ n, candidate }).hits),
    crossEntropy: correlations((index) => crossEntropy.scores[index]?.score ?? Number.POSITIVE_INFINITY),
  };
}
