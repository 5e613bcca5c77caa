/** Checkpoints of one model by their log-probabilities: where coverage turns in training while the loss still falls. */
import { logLikelihoodDifference, logRatios } from "../coverage/index.ts";
import type { LikelihoodAnalysis, ScoredCandidate } from "./likelihood-analysis.ts";
import type { LikelihoodOverN } from "./likelihood-over-n.ts";
import { countText } from "./number-text.ts";
import type { Cell, Section } from "./section.ts";
import { trainingChart } from "./training-chart.ts";
import { type TrainingOrder, trainingOrder } from "./training-order.ts";

interface ScoredCheckpoint {
  readonly at: number;
  readonly candidate: ScoredCandidate;
  /** Tournament score: the share of responses that the strongest opponent finds N times as probable. */
  readonly score: number;
  readonly crossEntropy: number;
  readonly inSet: boolean;
}

interface LikelihoodTrajectory {
  readonly model: string;
  readonly unit: TrainingOrder<ScoredCandidate>["unit"];
  /** From the earliest on. */
  readonly checkpoints: readonly ScoredCheckpoint[];
}

/** Models with at least three checkpoints among the candidates. */
function likelihoodTrajectories(analysis: LikelihoodAnalysis): LikelihoodTrajectory[] {
  const { task, tournament, crossEntropy, set } = analysis;
  const scored = task.candidates.map((candidate, index) => ({
    candidate,
    score: tournament.scores[index]?.score ?? 0,
    crossEntropy: crossEntropy.scores[index]?.score ?? Number.POSITIVE_INFINITY,
    inSet: set.models.includes(candidate.model),
  }));
  const names = [...new Set(task.candidates.map(({ name }) => name))];
  return names.flatMap((model) => {
    const family = scored.filter(({ candidate }) => candidate.name === model);
    const order = trainingOrder(family, ({ candidate }) => candidate);
    if (order === undefined) return [];
    const checkpoints = order.checkpoints.map(({ at, item }) => ({ at, ...item }));
    return [{ model, unit: order.unit, checkpoints }];
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
export function likelihoodTrajectorySections(
  analysis: LikelihoodAnalysis,
  over: LikelihoodOverN | undefined,
  prefix: string,
): Section[] {
  const { tournament, task } = analysis;
  return likelihoodTrajectories(analysis).map(({ model, unit, checkpoints }, index) => ({
    id: `${prefix}likelihood-trajectory-${index + 1}`,
    title: `Loss and coverage of ${model} over training · ${task.task}`,
    explanation:
      "Tournament score (the share of responses that some other checkpoint finds N times as probable) and cross-entropy by checkpoint; in the chart, aligned, what else is known of them, with 95% intervals over prompts or problems. Coverage is lost where the score, or Cov_N, rises while cross-entropy falls.",
    formula: {
      text: "score: max_{π′} Ĉov_N(π′ ‖ π);   cross-entropy: −(1/n)·Σᵢ log π(yᵢ|xᵢ);   KL: E_{π_D}[ log π_D(y|x) − log π(y|x) ]",
      source: "equation (29), sections 3 and 6 of arXiv 2510.15020",
    },
    ...(over !== undefined && {
      chart: trainingChart({
        analysis,
        over,
        unit,
        checkpoints: checkpoints.map(({ at, candidate }) => ({ at, model: candidate.model })),
      }),
    }),
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
