/**
 * Seeded random numbers whose stream is named by a text: the same key gives the same numbers on every machine, and
 * a generator splits into independent ones by name, whatever it has drawn before.
 */
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { keyHash } from "./key-hash.ts";

/** A seeded stream of random numbers, made by `randomGenerator`; splitting it gives independent streams by name. */
export interface RandomGenerator {
  /** Uniform on the open interval (0, 1), 52 random bits. */
  uniform(): number;
  /** A uniform integer in 0 … limit − 1. */
  integer(limit: number): number;
  /** Standard normal. */
  normal(): number;
  /** Gamma with this shape and scale 1. */
  gamma(shape: number): number;
  /** Beta(a, b); small shapes may give exactly 0 or 1 where a double can hold nothing nearer. */
  beta(a: number, b: number): number;
  /** Successes among n trials with success probability p; exact for every n. */
  binomial(n: number, p: number): number;
  /** An independent generator, determined by this one's key and the name, not by what was drawn. */
  split(name: string): RandomGenerator;
}

/** Up to this many expected successes the waiting-time method is faster than halving by order statistics. */
const waitingTimeLimit = 30;
const largestInteger = 2 ** 52;

/**
 * A generator for the stream named `key` (xoroshiro128+ from a 128-bit hash of the key).
 *
 * Two draws of 26 bits make a uniform; the generator's weak lowest bits are thrown away.
 *
 * @example
 * const random = randomGenerator("bootstrap, seed 7");
 * random.uniform() === randomGenerator("bootstrap, seed 7").uniform(); // true
 * random.split("model a").integer(10);
 */
export function randomGenerator(key: string): RandomGenerator {
  const source = xoroshiro128plusFromState(keyHash(key));
  let spareNormal: number | undefined;

  const bits = (): number => (source.next() >>> 6) * 2 ** 26 + (source.next() >>> 6);
  const uniform = (): number => (bits() + 0.5) / largestInteger;

  const integer = (limit: number): number => {
    if (!Number.isInteger(limit) || limit < 1 || limit > largestInteger) {
      throw new RangeError(`limit is ${limit}: must be an integer between 1 and 2^52`);
    }
    const accepted = largestInteger - (largestInteger % limit);
    for (;;) {
      const value = bits();
      if (value < accepted) return value % limit;
    }
  };

  /** Box–Muller. */
  const normal = (): number => {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };

  /** Marsaglia and Tsang (2000); a shape below 1 is raised by 1 and scaled by U^(1/shape), in logs: it underflows. */
  const logGammaVariate = (shape: number): number => {
    if (!(shape > 0 && shape < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`shape is ${shape}: must be positive and finite`);
    }
    if (shape < 1) return logGammaVariate(shape + 1) + Math.log(uniform()) / shape;
    const d = shape - 1 / 3;
    const spread = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const root = 1 + spread * x;
      if (root <= 0) continue;
      const cube = root ** 3;
      if (Math.log(uniform()) < 0.5 * x * x + d * (1 - cube + Math.log(cube))) return Math.log(d * cube);
    }
  };

  const beta = (a: number, b: number): number => 1 / (1 + Math.exp(logGammaVariate(b) - logGammaVariate(a)));

  const binomial = (n: number, p: number): number => {
    if (!Number.isInteger(n) || n < 0) throw new RangeError(`n is ${n}: must be an integer of at least 0`);
    if (!(p >= 0 && p <= 1)) throw new RangeError(`p is ${p}: must be between 0 and 1`);
    if (p === 0 || n === 0) return 0;
    if (p > 0.5) return n - binomial(n, 1 - p);
    if (n * p < waitingTimeLimit) {
      const logFailure = Math.log1p(-p);
      let trial = 0;
      for (let successes = 0; ; successes++) {
        trial += Math.floor(Math.log(uniform()) / logFailure) + 1;
        if (trial > n) return successes;
      }
    }
    // The i-th smallest of n uniforms is Beta(i, n + 1 − i): it says how many lie below p on one of its sides.
    const i = 1 + Math.floor(n / 2);
    const middle = beta(i, n + 1 - i);
    if (middle >= p) return binomial(i - 1, Math.min(1, p / middle));
    return i + binomial(n - i, (p - middle) / (1 - middle));
  };

  return {
    uniform,
    integer,
    normal,
    gamma: (shape) => Math.exp(logGammaVariate(shape)),
    beta,
    binomial,
    split: (name) => randomGenerator(`${key}/${name.length}:${name}`),
  };
}
