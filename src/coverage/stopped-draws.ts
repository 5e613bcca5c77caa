/**
 * What sampling a problem until its s-th success would give, simulated: the numbers of the draws at which successes fall.
 * One simulation serves every cap, so that designs are compared on the same future.
 */
import type { RandomGenerator } from "../numeric/index.ts";
import type { ProblemCount } from "./counts.ts";

/** Draws from the start at which the missing successes of a problem fall; a rate of 0 has none. */
export type SuccessTimes = readonly number[];

/** The future of one problem with this success rate, as far as a stop at the s-th success needs it. */
export function futureSuccesses(
  count: ProblemCount,
  given: { readonly rate: number; readonly successes: number; readonly generator: RandomGenerator },
): SuccessTimes {
  const { rate, successes, generator } = given;
  const times: number[] = [];
  if (!(rate > 0)) return times;
  const logFailure = Math.log1p(-rate);
  let draw = count.draws;
  for (let success = count.correct; success < successes; success++) {
    // The waiting time of a success is geometric.
    draw += rate >= 1 ? 1 : 1 + Math.floor(Math.log(generator.uniform()) / logFailure);
    times.push(draw);
  }
  return times;
}

/** The problem's count once it has reached its s-th success or this many draws, whichever comes first. */
export function countAtCap(
  count: ProblemCount,
  given: { readonly times: SuccessTimes; readonly successes: number; readonly cap: number },
): ProblemCount {
  const { times, successes, cap } = given;
  if (count.correct >= successes || count.draws >= cap) return { draws: count.draws, correct: count.correct };
  const reached = times.filter((time) => time <= cap);
  const correct = count.correct + reached.length;
  const stopped = correct >= successes;
  const stopping = { kind: "successes" as const, successes, cap };
  return { draws: stopped ? (reached[reached.length - 1] ?? count.draws) : cap, correct, stopping };
}
