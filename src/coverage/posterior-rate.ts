/** What one problem's count says about its rate, with all problems' rates as the prior. */
import type { RandomGenerator } from "../numeric/index.ts";
import type { ProblemCount } from "./counts.ts";
import type { MixingDistribution } from "./mixing-distribution.ts";

/**
 * A success rate drawn from the mixing distribution given the problem's own count: what simulations of further draws
 * start from.
 *
 * @example
 * const fit = fitMixingDistribution([{ draws: 10, correct: 10 }]);
 * posteriorRate(fit, { count: { draws: 10, correct: 10 }, generator: randomGenerator("rate") }); // 1
 */
export function posteriorRate(
  fit: MixingDistribution,
  { count, generator }: { count: ProblemCount; generator: RandomGenerator },
): number {
  const { rates, weights } = fit;
  const logs = Array.from(rates, (rate, at) => {
    const weight = weights[at] ?? 0;
    if (weight <= 0) return Number.NEGATIVE_INFINITY;
    const right = count.correct === 0 ? 0 : count.correct * Math.log(rate);
    const wrong = count.draws === count.correct ? 0 : (count.draws - count.correct) * Math.log1p(-rate);
    return Math.log(weight) + right + wrong;
  });
  const largest = logs.reduce((most, log) => Math.max(most, log), Number.NEGATIVE_INFINITY);
  const masses = logs.map((log) => Math.exp(log - largest));
  let point = generator.uniform() * masses.reduce((sum, mass) => sum + mass, 0);
  for (let at = 0; at < masses.length; at++) {
    point -= masses[at] ?? 0;
    if (point <= 0) return rates[at] ?? 0;
  }
  return rates[rates.length - 1] ?? 0;
}
