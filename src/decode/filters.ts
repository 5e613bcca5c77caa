/**
 * Filters: from log-probabilities of the next token to those of a restricted or sharpened distribution. A filter is a
 * pure function whose result is normalised, so filters compose; −∞ marks a token that cannot be drawn.
 */
import { logSumExp } from "../numeric/index.ts";
import type { FloatArray } from "../tensor/index.ts";
import { kthLargest } from "./kth-largest.ts";

/** Takes natural log-probabilities (or log-odds) of all tokens, gives normalised ones in a new array. */
export type Filter = (logProbabilities: FloatArray) => Float64Array;

/** What `samplingFilter` composes; an absent field does not restrict. */
export interface FilterSettings {
  /** 0 takes the most probable token; 1, the default, leaves the model as it is. */
  readonly temperature?: number;
  /** Tokens kept; 0 for all. */
  readonly topK?: number;
  /** Mass kept; 1 for all. */
  readonly topP?: number;
  /** Least probability kept, as a share of the largest; 0 for all. */
  readonly minP?: number;
}

/**
 * log softmax in float64: log-odds up to a constant become log-probabilities.
 *
 * @throws RangeError where no entry is above −∞ or one is NaN or +∞.
 * @example
 * logSoftmax(Float64Array.of(0, Math.log(3))); // [Math.log(0.25), Math.log(0.75)]
 */
export function logSoftmax(logits: FloatArray): Float64Array {
  const total = finiteTotal(logSumExp(logits));
  const normal = new Float64Array(logits.length);
  for (let token = 0; token < logits.length; token++) normal[token] = logits[token]! - total;
  return normal;
}

/** The log-sum of a distribution, which only log-odds of one have. */
export function finiteTotal(total: number): number {
  if (Number.isFinite(total)) return total;
  throw new RangeError(
    `the log-sum of a distribution is ${total}: log-odds must be below Infinity, no NaN, and one above -Infinity`,
  );
}

/**
 * Raises probabilities to the power 1/temperature. Temperature 0 gives the most probable token all the mass: the one
 * with the smallest id where several are equal.
 *
 * @throws RangeError for a temperature that is negative or not finite.
 * @example
 * temperature(0.5)(Float64Array.of(Math.log(0.25), Math.log(0.75))); // [Math.log(0.1), Math.log(0.9)]
 */
export function temperature(value: number): Filter {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`temperature is ${value}: must be finite and at least 0`);
  }
  return (logProbabilities) => {
    const normal = logSoftmax(logProbabilities);
    if (value === 1) return normal;
    const best = indexOfLargest(normal);
    if (value === 0) return normal.map((_, token) => (token === best ? 0 : Number.NEGATIVE_INFINITY));
    const largest = normal[best]!;
    return logSoftmax(normal.map((entry) => (entry - largest) / value));
  };
}

/**
 * Keeps the k most probable tokens, exactly: among equal ones those with smaller ids.
 *
 * @throws RangeError unless k is an integer of at least 1.
 * @example
 * topK(2)(Float64Array.of(Math.log(0.5), Math.log(0.25), Math.log(0.25))).map(Math.exp); // [2 / 3, 1 / 3, 0]
 */
export function topK(k: number): Filter {
  if (!Number.isSafeInteger(k) || k < 1)
    throw new RangeError(`top-k is ${k}: must be an integer of at least 1`);
  return (logProbabilities) => {
    const normal = logSoftmax(logProbabilities);
    if (k >= normal.length) return normal;
    const threshold = kthLargest(normal, k);
    let ties = k;
    for (const value of normal) if (value > threshold) ties -= 1;
    return kept(normal, (value) => value > threshold || (value === threshold && ties-- > 0));
  };
}

/**
 * Keeps the smallest set of most probable tokens whose mass reaches p (the nucleus; the token that crosses p belongs to
 * it). Equal tokens enter by ascending id.
 *
 * @throws RangeError unless 0 < p ≤ 1.
 * @example
 * topP(0.6)(Float64Array.of(Math.log(0.5), Math.log(0.25), Math.log(0.25))).map(Math.exp); // [2 / 3, 1 / 3, 0]
 */
export function topP(p: number): Filter {
  if (!(p > 0 && p <= 1)) throw new RangeError(`top-p is ${p}: must be above 0 and at most 1`);
  return (logProbabilities) => {
    const normal = logSoftmax(logProbabilities);
    if (p === 1) return normal;
    // Tokens below this together have less than half of 1 − p, so the nucleus is without them and the sort is short.
    const floor = Math.log((1 - p) / (2 * normal.length));
    const candidates: number[] = [];
    for (let token = 0; token < normal.length; token++) if (normal[token]! >= floor) candidates.push(token);
    candidates.sort((left, right) => normal[right]! - normal[left]! || left - right);
    const nucleus = new Uint8Array(normal.length);
    let mass = 0;
    for (const token of candidates) {
      nucleus[token] = 1;
      mass += Math.exp(normal[token]!);
      if (mass >= p) break;
    }
    return kept(normal, (_, token) => nucleus[token] === 1);
  };
}

/**
 * Keeps tokens whose probability is at least `share` of the largest.
 *
 * @throws RangeError unless 0 ≤ share ≤ 1.
 * @example
 * minP(0.4)(Float64Array.of(Math.log(0.6), Math.log(0.3), Math.log(0.1))).map(Math.exp); // [2 / 3, 1 / 3, 0]
 */
export function minP(share: number): Filter {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`min-p is ${share}: must be between 0 and 1`);
  const offset = Math.log(share);
  return (logProbabilities) => {
    const normal = logSoftmax(logProbabilities);
    const floor = normal[indexOfLargest(normal)]! + offset;
    return kept(normal, (value) => value >= floor);
  };
}

/**
 * The filters one after the other; none at all normalises.
 *
 * @example
 * composed([topK(3), minP(0.5)])(Float64Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2))).map(Math.exp); // [0.625, 0.375, 0]
 */
export function composed(filters: readonly Filter[]): Filter {
  const [first = logSoftmax, ...rest] = filters;
  return (logProbabilities) => rest.reduce((values, filter) => filter(values), first(logProbabilities));
}

/**
 * Temperature, then top-k, then top-p, then min-p: the order of Hugging Face's generation, in which the later filters see
 * the tempered and already restricted distribution. Undefined where the settings leave the model as it is.
 *
 * @throws RangeError naming a setting outside its limits.
 * @example
 * samplingFilter({ temperature: 1, topP: 1 }); // undefined
 */
export function samplingFilter(settings: FilterSettings): Filter | undefined {
  const filters: Filter[] = [];
  if (settings.temperature !== undefined && settings.temperature !== 1) {
    filters.push(temperature(settings.temperature));
  }
  if (settings.topK !== undefined && settings.topK !== 0) filters.push(topK(settings.topK));
  if (settings.topP !== undefined && settings.topP !== 1) filters.push(topP(settings.topP));
  if (settings.minP !== undefined && settings.minP !== 0) filters.push(minP(settings.minP));
  return filters.length === 0 ? undefined : composed(filters);
}

/** Index of the largest entry, the first of several. */
function indexOfLargest(values: FloatArray): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}

function kept(values: FloatArray, keep: (value: number, token: number) => boolean): Float64Array {
  const result = new Float64Array(values.length).fill(Number.NEGATIVE_INFINITY);
  for (let token = 0; token < values.length; token++) {
    const value = values[token]!;
    if (keep(value, token)) result[token] = value;
  }
  return logSoftmax(result);
}
