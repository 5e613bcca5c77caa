/** Which checkpoint tournament and cross-entropy choose, on prompts that nothing is measured on. */
import { coverageAt, upperBoundLogRatios } from "../coverage/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import {
  crossEntropySelection,
  type LikelihoodTable,
  likelihoodTable,
  tournament,
  winFrequencies,
} from "../selection/index.ts";
import type { ScoredSeed } from "./figure-one-data.ts";

export interface TournamentChoice {
  readonly n: number;
  /** Position among the checkpoints. */
  readonly position: number;
  readonly score: number;
  /** Checkpoints with that score, the chosen one among them. */
  readonly tied: number;
  /** Score of the checkpoint of least cross-entropy. */
  readonly scoreOfLeastLoss: number;
  /** Share of 200 resampled sets of prompts in which the checkpoint of least cross-entropy has the least score. */
  readonly leastLossWins: number;
}

export interface SeedChoice {
  readonly table: LikelihoodTable;
  /** Position of the least cross-entropy on the selection set, which is the least KL there. */
  readonly leastLoss: number;
  tournamentAt(n: number): TournamentChoice;
  /** Position of the least Cov_N on the selection set, the earliest of several. */
  turnAt(n: number): number;
}

const modelName = (step: number) => `step ${String(step).padStart(8, "0")}`;

export function seedChoice({ seed, checkpoints }: ScoredSeed): SeedChoice {
  const table = likelihoodTable({
    candidates: checkpoints.map(({ step, selection }) => ({
      model: modelName(step),
      logProbabilities: selection,
    })),
  });
  const positionOf = (model: string | undefined) => table.models.indexOf(model ?? "");
  const leastLoss = positionOf(crossEntropySelection(table).winner);
  const known = new Map<number, TournamentChoice>();
  return {
    table,
    leastLoss,
    tournamentAt(n) {
      const found = known.get(n);
      if (found !== undefined) return found;
      const { winner, score, tied, scores } = tournament(table, { n });
      const generator = randomGenerator(`figure 1, wins at ${n}, seed ${seed}`);
      const wins = winFrequencies(table, { n, generator, replicates: 200 });
      const choice = {
        n,
        position: positionOf(winner),
        score,
        tied: tied.length,
        scoreOfLeastLoss: scores[leastLoss]!.score,
        leastLossWins: wins[leastLoss]!.frequency,
      };
      known.set(n, choice);
      return choice;
    },
    turnAt(n) {
      // The response is certain given the class, so that the bound is Cov_N itself.
      const coverage = checkpoints.map(({ selection: logProbabilities, step }) =>
        coverageAt(upperBoundLogRatios({ model: modelName(step), logProbabilities }), { n }),
      );
      return coverage.indexOf(Math.min(...coverage));
    },
  };
}
