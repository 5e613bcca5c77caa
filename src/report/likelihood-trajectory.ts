/** Checkpoints of one model by their log-probabilities: where coverage turns in training while the loss still falls. */
import { logLikelihoodDifference, logRatios } from "../coverage/index.ts";
import type { LikelihoodAnalysis, ScoredCandidate } from "./likelihood-analysis.ts";
import { countText } from "./number-text.ts";
import type { Cell, Section } from "./section.ts";

interface ScoredCheckpoint {
  readonly at: number;
  readonly candidate: ScoredCandidate;
  /** Tournament score: the share of responses that the strongest opponent finds N times as probable. */
  readonly score: number;
  readonly crossEntropy: number;
  readonly inSet: boolean;
}

export interface LikelihoodTrajectory {
  readonly model: string;
  readonly unit: "step" | "training tokens";
  /** From the earliest on. */
  readonly checkpoints: readonly ScoredCheckpoint[];
}

/** Fewer checkpoints make no trajectory. */
const fewestCheckpoints = 3;

/** Models with at least three checkpoints among the candidates. */
export function likelihoodTrajectories(analysis: LikelihoodAnalysis): LikelihoodTrajectory[] {
  const { task, tournament, crossEntropy, set } = analysis;
  const names = [...new Set(task.candidates.map(({ name }) => name))];
  return names.flatMap((name) => {
    for (const unit of ["step", "training tokens"] as const) {
      const family = task.candidates.filter((candidate) => candidate.name === name);
      const checkpoints = task.candidates.flatMap((candidate, index): ScoredCheckpoint[] => {
        const at = unit === "step" ? candidate.step : candidate.trainingTokens;
        const score = tournament.scores[index];
        const loss = crossEntropy.scores[index];
        if (candidate.name !== name || at === undefined || score === undefined || loss === undefined)
          return [];
        const inSet = set.models.includes(candidate.model);
        return [{ at, candidate, score: score.score, crossEntropy: loss.score, inSet }];
      });
      const distinct = new Set(checkpoints.map(({ at }) => at)).size;
      if (distinct < fewestCheckpoints || distinct !== family.length) continue;
      checkpoints.sort((left, right) => left.at - right.at);
      return [{ model: name, unit, checkpoints }];
    }
    return [];
  });
}

/**
 * Where coverage turns although the loss still falls: the tournament's winner is an earlier checkpoint, the last one is
 * outside the set around it, and the last one's loss is lower beyond noise. Undefined otherwise.
 */
export function likelihoodTurnSentence(analysis: LikelihoodAnalysis): string | undefined {
  const { task, tournament } = analysis;
  for (const { model, unit, checkpoints } of likelihoodTrajectories(analysis)) {
    const best = checkpoints.find(({ candidate }) => candidate.model === tournament.winner);
    const last = checkpoints.at(-1);
    if (best === undefined || last === undefined || best === last || last.inSet) continue;
    const sample = logRatios({ kind: "empirical", reference: last.candidate, model: best.candidate });
    const gain = logLikelihoodDifference(sample, { prompts: task.prompts });
    if (gain.lower === undefined || !(gain.lower > 0)) continue;
    const word = unit === "step" ? "step" : "token";
    const n = Number.isInteger(tournament.n) ? countText(tournament.n) : tournament.n.toPrecision(3);
    return `By log-probabilities, coverage of ${model} turns at ${word} ${countText(best.at)}: some checkpoint finds ${percent(last.score)} of the responses ${n} times as probable as the one at ${word} ${countText(last.at)}, against ${percent(best.score)} there, while the loss still falls from ${best.crossEntropy.toFixed(2)} to ${last.crossEntropy.toFixed(2)} nats a response.`;
  }
  return undefined;
}

/** Loss and coverage of each trajectory, a row a checkpoint. */
export function likelihoodTrajectorySections(analysis: LikelihoodAnalysis, prefix: string): Section[] {
  const { tournament, task } = analysis;
  return likelihoodTrajectories(analysis).map(({ model, unit, checkpoints }, index) => ({
    id: `${prefix}likelihood-trajectory-${index + 1}`,
    title: `Loss and coverage of ${model} over training · ${task.task}`,
    explanation:
      "Tournament score (the share of responses that some other checkpoint finds N times as probable) and cross-entropy by checkpoint. Coverage is lost where the score rises while cross-entropy falls.",
    table: {
      columns: [
        { key: "at", title: unit, kind: "count" as const },
        { key: "score", title: `score at N = ${Number(tournament.n.toPrecision(3))}`, kind: "text" as const },
        { key: "set", title: "from the winner", kind: "text" as const },
        { key: "loss", title: "cross-entropy, nats a response", kind: "text" as const },
      ],
      rows: checkpoints.map(
        ({ at, score, crossEntropy, inSet }): Record<string, Cell> => ({
          at,
          score: score.toFixed(4),
          set: inSet ? "not told apart" : "behind",
          loss: Number.isFinite(crossEntropy) ? crossEntropy.toFixed(3) : "∞",
        }),
      ),
    },
  }));
}

const percent = (share: number) => `${Number((100 * share).toPrecision(3))}%`;
