/** The one place where tokens are drawn. */
import type { RandomGenerator } from "../numeric/index.ts";
import type { FloatArray } from "../tensor/index.ts";
import { finiteTotal } from "./filters.ts";

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

/** A token drawn from a model's own distribution, and its log-probability there, in nats. */
export interface DrawnToken {
  readonly token: number;
  readonly logProbability: number;
}

/**
 * `chooseToken` on the softmax of log-odds, without an array of its own: `room` has a place for each token and is written.
 *
 * @throws RangeError where no entry is above −∞ or one is NaN or +∞.
 * @example
 * drawToken(Float64Array.of(Number.NEGATIVE_INFINITY, 5), randomGenerator("seed 1"), new Float64Array(2));
 * // { token: 1, logProbability: 0 }
 */
export function drawToken(logits: FloatArray, generator: RandomGenerator, room: Float64Array): DrawnToken {
  let largest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logits.length; token++) {
    if (logits[token]! > largest) largest = logits[token]!;
  }
  let sum = 0;
  for (let token = 0; token < logits.length; token++) {
    const weight = Math.exp(logits[token]! - largest);
    room[token] = weight;
    sum += weight;
  }
  const total = finiteTotal(largest + Math.log(sum));
  const threshold = generator.uniform() * sum;
  let cumulative = 0;
  let token = -1;
  for (let next = 0; next < logits.length && !(cumulative > threshold); next++) {
    if (!(room[next]! > 0)) continue;
    token = next;
    cumulative += room[next]!;
  }
  return { token, logProbability: logits[token]! - total };
}
