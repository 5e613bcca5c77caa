/** The one place where a token is drawn. */
import type { RandomGenerator } from "../numeric/index.ts";
import type { FloatArray } from "../tensor/index.ts";

/**
 * Draws a token from normalised log-probabilities with one uniform: the first token, by id, at which the cumulative
 * probability passes it. A token of probability 0 is never drawn.
 *
 * @throws RangeError where no token has a probability above 0.
 * @example
 * chooseToken(Float64Array.of(Number.NEGATIVE_INFINITY, 0), randomGenerator("seed 1")); // 1
 */
export function chooseToken(logProbabilities: FloatArray, generator: RandomGenerator): number {
  const uniform = generator.uniform();
  let cumulative = 0;
  let last = -1;
  for (let token = 0; token < logProbabilities.length; token++) {
    const probability = Math.exp(logProbabilities[token]!);
    if (!(probability > 0)) continue;
    last = token;
    cumulative += probability;
    if (cumulative > uniform) return token;
  }
  if (last >= 0) return last;
  throw new RangeError(`the number of tokens with a probability above 0 is 0: must be at least 1`);
}
