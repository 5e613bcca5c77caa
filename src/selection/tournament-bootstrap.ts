/** How often would each candidate win on other prompts? For display: the frequencies are no confidence set. */
import type { RandomGenerator } from "../numeric/index.ts";
import { checkN, type LikelihoodTable } from "./likelihood-table.ts";
import { tieDecision } from "./tie.ts";
import { exactCandidates } from "./tournament.ts";
import { exactHits, prunedHits, tournamentField } from "./tournament-hits.ts";
import { candidatesInReach, hitPrompts } from "./tournament-prompt-hits.ts";

/** How often a candidate wins when prompts are resampled. */
export interface WinFrequency {
  readonly model: string;
  /** Share of the resampled prompt sets on which its score is the least; ties share equally. */
  readonly frequency: number;
}

/** Copies of each prompt in all samples are kept in one byte each, up to this many at a time. */
const largestMatrix = 2 ** 27;

/**
 * The share of bootstrap samples of prompts (all responses of a prompt together) in which each candidate has the least
 * score max_π' Ĉov_N(π'‖π), maximised anew in every sample; tied candidates share the sample. In the table's order.
 *
 * Shown beside a choice, never used as a set: with 30 candidates tied exactly, those above 5% leave out most of them.
 * `studentizedSet` is the set. Candidates more than 8 standard errors behind the winner are given 0 unseen.
 *
 * Time: replicates · (hits of all opponents against the candidates in reach).
 *
 * @throws RangeError for N below 1 or replicates below 1.
 * @example
 * const table = likelihoodTable({
 *   candidates: [
 *     { model: "a", logProbabilities: new Float64Array(50).fill(-1) },
 *     { model: "b", logProbabilities: new Float64Array(50).fill(-4) },
 *   ],
 * });
 * winFrequencies(table, { n: 8, generator: randomGenerator("seed 1") })[0]; // { model: "a", frequency: 1 }
 */
export function winFrequencies(
  table: LikelihoodTable,
  options: {
    readonly n: number;
    readonly generator: RandomGenerator;
    /** 200 where absent. */
    readonly replicates?: number;
  },
): WinFrequency[] {
  const { n, generator, replicates = 200 } = options;
  checkN("n", n);
  if (!Number.isSafeInteger(replicates) || replicates < 1) {
    throw new RangeError(`replicates is ${replicates}: must be an integer of at least 1`);
  }
  const field = tournamentField(table);
  const run = table.models.length <= exactCandidates ? exactHits(field, n) : prunedHits(field, n);
  const { winner } = tieDecision({ field, n, tied: run.tied });
  const reached = candidatesInReach(table, { n, opponent: run.opponent, winner });
  const wins = new Float64Array(table.models.length);
  const batch = Math.max(1, Math.min(replicates, Math.floor(largestMatrix / table.promptCount)));
  for (let done = 0; done < replicates; done += batch) {
    const samples = Math.min(batch, replicates - done);
    const copies = promptCopies({ prompts: table.promptCount, samples, generator });
    const scores = reached.map((candidate) => resampledScores({ table, candidate, n, copies, samples }));
    for (let sample = 0; sample < samples; sample++) {
      const least = scores.reduce((smallest, score) => Math.min(smallest, score[sample]!), Infinity);
      const winners = reached.filter((_, place) => scores[place]![sample] === least);
      for (const candidate of winners) wins[candidate]! += 1 / winners.length;
    }
  }
  return table.models.map((model, index) => ({ model, frequency: wins[index]! / replicates }));
}

/** How often each prompt is drawn in each sample, one row a prompt. The first sample may be all prompts once instead. */
export function promptCopies(input: {
  readonly prompts: number;
  readonly samples: number;
  readonly generator: RandomGenerator;
  readonly firstComplete?: boolean;
}): Uint8Array {
  const { prompts, samples, generator, firstComplete = false } = input;
  const copies = new Uint8Array(prompts * samples);
  if (firstComplete) for (let prompt = 0; prompt < prompts; prompt++) copies[prompt * samples] = 1;
  for (let sample = firstComplete ? 1 : 0; sample < samples; sample++) {
    for (let draw = 0; draw < prompts; draw++) copies[generator.integer(prompts) * samples + sample]!++;
  }
  return copies;
}

/** The candidate's most hits by any opponent, in each sample. */
export function resampledScores(input: {
  readonly table: LikelihoodTable;
  readonly candidate: number;
  readonly n: number;
  readonly copies: Uint8Array;
  readonly samples: number;
}): Float64Array {
  const { table, candidate, n, copies, samples } = input;
  const most = new Float64Array(samples);
  const hits = new Float64Array(samples);
  table.models.forEach((_, opponent) => {
    if (opponent === candidate) return;
    hits.fill(0);
    for (const prompt of hitPrompts(table, { candidate, opponent, n })) {
      const start = prompt * samples;
      for (let sample = 0; sample < samples; sample++) hits[sample]! += copies[start + sample]!;
    }
    for (let sample = 0; sample < samples; sample++) most[sample] = Math.max(most[sample]!, hits[sample]!);
  });
  return most;
}
