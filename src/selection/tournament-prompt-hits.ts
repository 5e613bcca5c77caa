/** Where, by prompt, one candidate is beaten by another by a factor N: what resampling prompts works on. */
import { comparedColumn, type LikelihoodTable, ratioRule } from "./likelihood-table.ts";

/** The prompt of each hit of `opponent` against `candidate`, one entry a record that hits. */
export function hitPrompts(
  table: LikelihoodTable,
  pair: { readonly candidate: number; readonly opponent: number; readonly n: number },
): Int32Array {
  const { slope, base } = ratioRule(pair.n);
  const below = comparedColumn(table.columns[pair.candidate]!);
  const above = table.columns[pair.opponent]!;
  const { promptOf } = table;
  const prompts = new Int32Array(table.records);
  let count = 0;
  for (let record = 0; record < table.records; record++) {
    prompts[count] = promptOf === undefined ? record : promptOf[record]!;
    count += +(above[record]! >= slope * below[record]! + base);
  }
  return prompts.slice(0, count);
}

/** Hits of `opponent` against `candidate` by prompt; none for the opponent −1. */
export function promptHits(
  table: LikelihoodTable,
  pair: { readonly candidate: number; readonly opponent: number; readonly n: number },
): Float64Array {
  const counts = new Float64Array(table.promptCount);
  if (pair.opponent < 0) return counts;
  for (const prompt of hitPrompts(table, pair)) counts[prompt]!++;
  return counts;
}

/** How far a candidate's score is above the winner's, both against a given opponent. */
export interface Lead {
  /** Difference of the scores. */
  readonly difference: number;
  /** √(m·s² + L²)/records: s² the variance over the m prompts of the paired difference of hits, L a prompt's most records. */
  readonly standardError: number;
}

/** What pairs each candidate with an opponent. */
export interface Opponents {
  readonly n: number;
  readonly opponent: Int32Array;
  readonly winner: number;
}

/** The lead over the winner of each candidate asked for. */
export function leads(table: LikelihoodTable, run: Opponents, candidates: readonly number[]): Lead[] {
  const { n, opponent, winner } = run;
  const { promptCount, records } = table;
  const unit = largestPrompt(table);
  const ofWinner = promptHits(table, { candidate: winner, opponent: opponent[winner]!, n });
  return candidates.map((candidate) => {
    const hits = promptHits(table, { candidate, opponent: opponent[candidate]!, n });
    let sum = 0;
    let squares = 0;
    for (let prompt = 0; prompt < promptCount; prompt++) {
      const difference = hits[prompt]! - ofWinner[prompt]!;
      sum += difference;
      squares += difference * difference;
    }
    const variance = promptCount > 1 ? (squares - (sum * sum) / promptCount) / (promptCount - 1) : 0;
    return {
      difference: sum / records,
      standardError: Math.sqrt(promptCount * variance + unit ** 2) / records,
    };
  });
}

/** Records of the prompt with most. */
export function largestPrompt({ promptOf, promptCount }: LikelihoodTable): number {
  if (promptOf === undefined) return 1;
  const sizes = new Int32Array(promptCount);
  for (const prompt of promptOf) sizes[prompt]!++;
  return sizes.reduce((most, size) => Math.max(most, size), 1);
}

/** A candidate further behind the winner than this many standard errors is in no set and wins no sample. */
const outOfReach = 8;

/** Candidates whose given opponent does not already put them out of reach of the winner, the winner first. */
export function candidatesInReach(table: LikelihoodTable, run: Opponents): number[] {
  const others = table.models
    .map((_, candidate) => candidate)
    .filter((candidate) => candidate !== run.winner);
  const ahead = leads(table, run, others);
  return [
    run.winner,
    ...others.filter((_, place) => ahead[place]!.difference <= outOfReach * ahead[place]!.standardError),
  ];
}
