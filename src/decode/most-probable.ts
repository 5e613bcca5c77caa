/** The head of a distribution. */
import type { FloatArray } from "../tensor/index.ts";
import { kthLargest } from "./kth-largest.ts";

/** One of the likeliest tokens at a position. */
export interface TokenAlternative {
  readonly token: number;
  /** Nats. */
  readonly logProbability: number;
}

/**
 * The `count` most probable tokens, most probable first, equal ones by ascending id.
 *
 * @example
 * mostProbable(Float64Array.of(-2, -0.5, -2), 2); // [{ token: 1, logProbability: -0.5 }, { token: 0, logProbability: -2 }]
 */
export function mostProbable(logProbabilities: FloatArray, count: number): TokenAlternative[] {
  const size = Math.min(count, logProbabilities.length);
  if (size < 1) return [];
  const threshold = kthLargest(logProbabilities, size);
  const found: TokenAlternative[] = [];
  logProbabilities.forEach((logProbability, token) => {
    if (logProbability >= threshold) found.push({ token, logProbability });
  });
  return found
    .sort((left, right) => right.logProbability - left.logProbability || left.token - right.token)
    .slice(0, size);
}
