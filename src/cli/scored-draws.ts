/** The draws that a reward can choose among: proxy, gold and answer, a problem at a time. */
import type { CountGroup, DrawDetail } from "../store/index.ts";

export interface ProblemPool {
  readonly problem: string;
  readonly proxy: readonly number[];
  readonly gold: readonly number[];
  readonly answers: readonly (string | undefined)[];
  readonly correct: readonly boolean[];
}

export interface Pools {
  /** Problems whose draws have a reward, and a gold reward or a verdict. */
  readonly problems: readonly ProblemPool[];
  /** Draws without a reward, or without both gold and verdict: in no estimate here. */
  readonly left: number;
  readonly answered: boolean;
}

const goldOf = ({ gold, verdict }: DrawDetail): number | undefined =>
  gold ?? (verdict === "unscored" ? undefined : Number(verdict === "correct"));

export function scoredPools(group: CountGroup): Pools {
  let left = 0;
  let answered = false;
  const problems: ProblemPool[] = [];
  for (const { problem, details = [] } of group.problems) {
    const usable = details.filter((draw) => draw.reward !== undefined && goldOf(draw) !== undefined);
    left += details.length - usable.length;
    if (usable.length === 0) continue;
    if (usable.some(({ answer }) => answer !== undefined)) answered = true;
    problems.push({
      problem,
      proxy: usable.map(({ reward }) => reward ?? 0),
      gold: usable.map((draw) => goldOf(draw) ?? 0),
      answers: usable.map(({ answer }) => answer),
      correct: usable.map(({ verdict }) => verdict === "correct"),
    });
  }
  return { problems, left, answered };
}
