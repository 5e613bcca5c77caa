/**
 * Linear classes (3) whose tokens are independent given the prompt: a response matters only by how often each token
 * occurs, so that a response of 32,768 tokens costs no more than one of 64, and coverage is a sum over counts.
 */
import { logGamma, type RandomGenerator, regularizedIncompleteBeta } from "../numeric/index.ts";

export interface CountedPrompt {
  readonly name: string;
  /** μ(x). */
  readonly weight: number;
  /** φ(x, a) of every token a, row-major [vocabulary, dimension]. */
  readonly features: Float64Array;
}

/** A class and the data to be learned; π_D is the member `target`. */
export interface CountedInstance {
  readonly dimension: number;
  readonly vocabularySize: number;
  /** H, tokens of a response. */
  readonly horizon: number;
  readonly prompts: readonly CountedPrompt[];
  /** θ⋆ [dimension]. */
  readonly target: Float64Array;
  /** Where training starts [dimension]. */
  readonly start: Float64Array;
}

/** Exact numbers of an instance; Cov_N of a prompt's responses takes a ratio as reached as `linearCoverage` does. */
export interface CountedClass {
  readonly instance: CountedInstance;
  /** σ⋆² = E Σ_h ‖φ(x, y_h) − E φ‖² under π_D (8). */
  readonly inherentVariance: number;
  /** log π_θ(a | x) of every token [vocabulary]. */
  tokenLogProbabilities(parameters: Float64Array, prompt: number, into: Float64Array): Float64Array;
  /** Adds scale·Σ_a (counts_a − m·π_θ(a|x))·φ(x, a), m = Σ counts: the gradient of log π_θ of a response with these counts. */
  addGradient(parameters: Float64Array, response: CountedResponse, scale: number, into: Float64Array): void;
  /** KL(π_D(·|x) ‖ π_θ(·|x)) of one token, nats; H times that for a response. */
  tokenDivergence(parameters: Float64Array, prompt: number): number;
  /** P_{y ~ π_D(·|x)}[log π_D(y|x)/π_θ(y|x) ≥ logN]. */
  promptCoverage(parameters: Float64Array, prompt: number, logN: number): number;
  drawPrompt(generator: RandomGenerator): number;
  /** Counts of `tokens` tokens of π_D(·|x). */
  drawCounts(prompt: number, tokens: number, generator: RandomGenerator, into: Float64Array): void;
}

export interface CountedResponse {
  readonly prompt: number;
  /** [vocabulary]. */
  readonly counts: ArrayLike<number>;
}

/** Probability that an enumeration of counts may leave out. */
const leftOut = 1e-16;
const mostCounts = 1e5;

export function countedClass(instance: CountedInstance): CountedClass {
  return new TokenCounts(instance);
}

class TokenCounts implements CountedClass {
  readonly instance: CountedInstance;
  readonly inherentVariance: number;
  /** log π_D(a|x) of each prompt. */
  readonly #target: readonly Float64Array[];
  /** Tokens of each prompt from the least probable to the most probable. */
  readonly #rising: readonly (readonly number[])[];
  /** Counts that π_D draws, made where needed. */
  readonly #support: (readonly WeightedCounts[] | undefined)[];
  readonly #model: Float64Array;

  constructor(instance: CountedInstance) {
    this.instance = instance;
    this.#model = new Float64Array(instance.vocabularySize);
    this.#target = instance.prompts.map((_, prompt) =>
      this.tokenLogProbabilities(instance.target, prompt, new Float64Array(instance.vocabularySize)),
    );
    this.#rising = this.#target.map((values) =>
      Array.from(values.keys()).toSorted((left, right) => values[left]! - values[right]!),
    );
    this.#support = instance.prompts.map(() => undefined);
    this.inherentVariance = instance.prompts.reduce(
      (sum, { weight, features }, prompt) =>
        sum + weight * instance.horizon * spread(features, this.#target[prompt]!, instance.dimension),
      0,
    );
  }

  tokenLogProbabilities(parameters: Float64Array, prompt: number, into: Float64Array): Float64Array {
    const { dimension, vocabularySize, prompts } = this.instance;
    const { features } = prompts[prompt]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < vocabularySize; token++) {
      let product = 0;
      for (let i = 0; i < dimension; i++) product += parameters[i]! * features[token * dimension + i]!;
      into[token] = product;
      if (product > largest) largest = product;
    }
    let total = 0;
    for (let token = 0; token < vocabularySize; token++) total += Math.exp(into[token]! - largest);
    const shift = largest + Math.log(total);
    for (let token = 0; token < vocabularySize; token++) into[token]! -= shift;
    return into;
  }

  addGradient(
    parameters: Float64Array,
    { prompt, counts }: CountedResponse,
    scale: number,
    into: Float64Array,
  ): void {
    const { dimension, vocabularySize, prompts } = this.instance;
    const { features } = prompts[prompt]!;
    const model = this.tokenLogProbabilities(parameters, prompt, this.#model);
    let tokens = 0;
    for (let token = 0; token < vocabularySize; token++) tokens += counts[token]!;
    for (let token = 0; token < vocabularySize; token++) {
      const factor = scale * (counts[token]! - tokens * Math.exp(model[token]!));
      for (let i = 0; i < dimension; i++) into[i]! += factor * features[token * dimension + i]!;
    }
  }

  tokenDivergence(parameters: Float64Array, prompt: number): number {
    const target = this.#target[prompt]!;
    const model = this.tokenLogProbabilities(parameters, prompt, this.#model);
    let divergence = 0;
    for (let token = 0; token < target.length; token++) {
      divergence += Math.exp(target[token]!) * (target[token]! - model[token]!);
    }
    return Math.max(0, divergence);
  }

  promptCoverage(parameters: Float64Array, prompt: number, logN: number): number {
    const target = this.#target[prompt]!;
    const model = this.tokenLogProbabilities(parameters, prompt, this.#model);
    if (target.length === 2) return this.#twoTokens(target, model, logN);
    let coverage = 0;
    for (const { counts, probability, reach } of this.#supportOf(prompt)) {
      let logRatio = reach;
      for (let token = 0; token < counts.length; token++) {
        if (counts[token]! > 0) logRatio += counts[token]! * (target[token]! - model[token]!);
      }
      if (logRatio >= logN) coverage += probability;
    }
    return Math.min(1, coverage);
  }

  drawPrompt(generator: RandomGenerator): number {
    const { prompts } = this.instance;
    let rest = generator.uniform();
    for (let prompt = 0; prompt < prompts.length - 1; prompt++) {
      rest -= prompts[prompt]!.weight;
      if (rest < 0) return prompt;
    }
    return prompts.length - 1;
  }

  drawCounts(prompt: number, tokens: number, generator: RandomGenerator, into: Float64Array): void {
    const target = this.#target[prompt]!;
    const rising = this.#rising[prompt]!;
    let left = tokens;
    let mass = 1;
    for (let place = 0; place < rising.length - 1; place++) {
      const token = rising[place]!;
      const probability = Math.exp(target[token]!);
      const count = generator.binomial(left, Math.min(1, probability / mass));
      into[token] = count;
      left -= count;
      mass -= probability;
    }
    into[rising.at(-1)!] = left;
  }

  /** The ratio is monotone in the count of token 1: a tail of a binomial distribution. */
  #twoTokens(target: Float64Array, model: Float64Array, logN: number): number {
    const H = this.instance.horizon;
    const zero = target[0]! - model[0]!;
    const step = target[1]! - model[1]! - zero;
    const tolerance = 1e-9 * (1 - H * Math.min(target[0]!, target[1]!));
    const needed = logN - tolerance - H * zero;
    if (step === 0) return needed <= 0 ? 1 : 0;
    const limit = needed / step;
    return step > 0
      ? upperTail(H, Math.exp(target[1]!), Math.ceil(limit))
      : upperTail(H, Math.exp(target[0]!), Math.ceil(H - limit));
  }

  #supportOf(prompt: number): readonly WeightedCounts[] {
    this.#support[prompt] ??= enumerated(this.#target[prompt]!, this.#rising[prompt]!, this.instance.horizon);
    return this.#support[prompt];
  }
}

interface WeightedCounts {
  readonly counts: Float64Array;
  readonly probability: number;
  /** How far below log N a log-ratio still counts as reaching it: 1e-9·(1 − log π_D(y|x)). */
  readonly reach: number;
}

/** All counts of H tokens but for some of total probability near 1e-16. */
function enumerated(logProbabilities: Float64Array, rising: readonly number[], H: number): WeightedCounts[] {
  const found: WeightedCounts[] = [];
  const counts = new Float64Array(logProbabilities.length);
  const walk = (place: number, left: number, mass: number, logProbability: number): void => {
    const token = rising[place]!;
    if (place === rising.length - 1) {
      counts[token] = left;
      let response = 0;
      for (let a = 0; a < counts.length; a++) {
        if (counts[a]! > 0) response += counts[a]! * logProbabilities[a]!;
      }
      found.push({
        counts: counts.slice(),
        probability: Math.exp(logProbability),
        reach: 1e-9 * (1 - response),
      });
      if (found.length <= mostCounts) return;
      throw new RangeError(`number of counts is above ${mostCounts}: must be fewer to be enumerated`);
    }
    const probability = Math.exp(logProbabilities[token]!);
    const share = Math.min(1, probability / mass);
    for (const [count, logMass] of binomialWindow(left, share)) {
      if (logProbability + logMass < Math.log(leftOut)) continue;
      counts[token] = count;
      walk(place + 1, left - count, mass - probability, logProbability + logMass);
    }
  };
  walk(0, H, 1, 0);
  return found;
}

/** Counts of a binomial distribution with their log-probabilities, both tails below e⁻⁴⁵ left out. */
function* binomialWindow(n: number, p: number): Generator<readonly [number, number]> {
  if (p >= 1) {
    yield [n, 0];
    return;
  }
  const logOdds = Math.log(p) - Math.log1p(-p);
  const mode = Math.floor((n + 1) * p);
  const atMode =
    logGamma(n + 1) -
    logGamma(mode + 1) -
    logGamma(n - mode + 1) +
    mode * Math.log(p) +
    (n - mode) * Math.log1p(-p);
  let logMass = atMode;
  for (let count = mode; count <= n && logMass > atMode - 45; count++) {
    yield [count, logMass];
    logMass += logOdds + Math.log((n - count) / (count + 1));
  }
  logMass = atMode;
  for (let count = mode - 1; count >= 0; count--) {
    logMass -= logOdds + Math.log((n - count) / (count + 1));
    if (logMass <= atMode - 45) return;
    yield [count, logMass];
  }
}

/** P[Binomial(n, p) ≥ count]. */
function upperTail(n: number, p: number, count: number): number {
  if (count <= 0) return 1;
  if (count > n) return 0;
  return regularizedIncompleteBeta({ x: p, alpha: count, beta: n - count + 1 });
}

/** E ‖φ − E φ‖² of one token. */
function spread(features: Float64Array, logProbabilities: Float64Array, dimension: number): number {
  let total = 0;
  for (let i = 0; i < dimension; i++) {
    let mean = 0;
    logProbabilities.forEach((value, token) => {
      mean += Math.exp(value) * features[token * dimension + i]!;
    });
    logProbabilities.forEach((value, token) => {
      total += Math.exp(value) * (features[token * dimension + i]! - mean) ** 2;
    });
  }
  return total;
}
