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

/** Σ(left − right) over prompts divided by its standard error √(m·s² + 1): hits by which left is ahead, studentized. */
export function studentizedLead(left: Float64Array, right: Float64Array): number {
  const prompts = left.length;
  let sum = 0;
  let squares = 0;
  for (let prompt = 0; prompt < prompts; prompt++) {
    const difference = left[prompt]! - right[prompt]!;
    sum += difference;
    squares += difference * difference;
  }
  const variance = prompts > 1 ? (squares - (sum * sum) / prompts) / (prompts - 1) : 0;
  return sum / Math.sqrt(prompts * variance + 1);
}

/** A candidate further behind the winner than this many standard errors is in no set and wins no sample. */
const outOfReach = 8;

/** Candidates whose known opponent does not already put them out of reach of the winner, the winner first. */
export function candidatesInReach(
  table: LikelihoodTable,
  run: { readonly n: number; readonly opponent: Int32Array; readonly winner: number },
): number[] {
  const { n, opponent, winner } = run;
  const ofWinner = promptHits(table, { candidate: winner, opponent: opponent[winner]!, n });
  const others = table.models.flatMap((_, candidate) => {
    if (candidate === winner) return [];
    const hits = promptHits(table, { candidate, opponent: opponent[candidate]!, n });
    return studentizedLead(hits, ofWinner) > outOfReach ? [] : [candidate];
  });
  return [winner, ...others];
}
