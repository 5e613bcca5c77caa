/** The autoregressive linear class (3) in float64: π_θ(y_h | x, y_<h) ∝ exp⟨θ, φ(x, y_≤h)⟩. */
import type { RandomGenerator } from "../numeric/index.ts";

export type Tokens = ArrayLike<number>;
export type Numbers = ArrayLike<number>;

/** What defines a class: its sizes and its feature map. */
export interface LinearClassDefinition<Prompt> {
  /** d, entries of θ and φ. */
  readonly dimension: number;
  /** Tokens are 0 … vocabularySize − 1. */
  readonly vocabularySize: number;
  /** H, tokens of a response. */
  readonly horizon: number;
  /**
   * φ(x, y_≤h) with h = `length`: of the response's first `length` tokens, the last of which is the predicted one. The
   * result is read before the next call, so that one array may be written again and again; entries of `response` from
   * `length` on mean nothing.
   */
  readonly features: (prompt: Prompt, response: Tokens, length: number) => Numbers;
  /** φ depends on x and y_h only: tokens are independent given x, and features are computed once a response. */
  readonly memoryless?: boolean;
}

/**
 * An autoregressive linear class with its exact numbers, without projection. Methods write into arrays where given and
 * otherwise keep no garbage: one class must not be used from within its own feature map.
 */
export interface LinearClass<Prompt> extends LinearClassDefinition<Prompt> {
  /** log π_θ(a | x, y_<h) of every token a [vocabulary], h − 1 = `length` tokens of the response being given. */
  nextTokenLogProbabilities(
    given: { readonly parameters: Numbers; readonly prompt: Prompt; readonly response: Tokens },
    length: number,
    into?: Float64Array,
  ): Float64Array;
  /** φ(x, y_<h, a) of every token a, row-major [vocabulary, dimension]. */
  nextTokenFeatures(prompt: Prompt, response: Tokens, length: number, into?: Float64Array): Float64Array;
  /** log π_θ(y_h | x, y_<h) of each token of a response, which may be shorter than H. */
  tokenLogProbabilities(given: LinearExample<Prompt>, into?: Float64Array): Float64Array;
  /** log π_θ(y | x), nats. */
  logProbability(given: LinearExample<Prompt>): number;
  /** ∇ log π_θ(y | x) = Σ_h [φ(x, y_≤h) − E φ(x, y_<h, ·)]. */
  gradient(given: LinearExample<Prompt>): Float64Array;
  /** Adds `scale`·∇ log π_θ(y | x) to `into` and returns log π_θ(y | x). */
  addGradient(given: LinearExample<Prompt>, scale: number, into: Float64Array): number;
  /** Adds `scale`·∇ log π_θ(y_h | x, y_<h), h = `position` + 1, to `into` and returns the log-probability. */
  addTokenGradient(given: LinearExample<Prompt>, position: number, scale: number, into: Float64Array): number;
  /** Draws H tokens, one uniform a token. */
  sample(
    given: {
      readonly parameters: Numbers;
      readonly prompt: Prompt;
      readonly generator: RandomGenerator;
    },
    into?: Int32Array,
  ): Int32Array;
}

/** A response under parameters θ [dimension]. */
export interface LinearExample<Prompt> {
  readonly parameters: Numbers;
  readonly prompt: Prompt;
  readonly response: Tokens;
}

/**
 * The class of a feature map. One token costs vocabulary · dimension products.
 *
 * @throws RangeError naming a size that is no positive integer. Methods throw RangeError for parameters of another
 * length, a token outside the vocabulary and a response longer than H.
 * @example
 * const coins = linearClass<number>({
 *   dimension: 1,
 *   vocabularySize: 2,
 *   horizon: 3,
 *   features: (x, response, length) => [x * response[length - 1]!],
 * });
 * const given = { parameters: [Math.log(3)], prompt: 1, response: [1, 1, 0] };
 * Math.exp(coins.logProbability(given)); // 9 / 64
 * coins.gradient(given); // [-0.25]
 */
export function linearClass<Prompt>(definition: LinearClassDefinition<Prompt>): LinearClass<Prompt> {
  return new FeatureMapClass(definition);
}

class FeatureMapClass<Prompt> implements LinearClass<Prompt> {
  readonly dimension: number;
  readonly vocabularySize: number;
  readonly horizon: number;
  readonly features: (prompt: Prompt, response: Tokens, length: number) => Numbers;
  readonly memoryless: boolean;
  /** The response's beginning, ended by each token in turn. */
  readonly #beginning: Int32Array;
  /** φ of every next token [vocabulary, dimension], and what follows from it [vocabulary]. */
  readonly #rows: Float64Array;
  readonly #logProbabilities: Float64Array;
  readonly #probabilities: Float64Array;
  /** Factors of the rows that are still to be added to a gradient. */
  readonly #factors: Float64Array;

  constructor(definition: LinearClassDefinition<Prompt>) {
    for (const field of ["dimension", "vocabularySize", "horizon"] as const) {
      const value = definition[field];
      if (!Number.isInteger(value) || value < 1) {
        throw new RangeError(`${field} is ${value}: must be a positive integer`);
      }
    }
    this.dimension = definition.dimension;
    this.vocabularySize = definition.vocabularySize;
    this.horizon = definition.horizon;
    this.features = definition.features;
    this.memoryless = definition.memoryless ?? false;
    this.#beginning = new Int32Array(this.horizon);
    this.#rows = new Float64Array(this.vocabularySize * this.dimension);
    this.#logProbabilities = new Float64Array(this.vocabularySize);
    this.#probabilities = new Float64Array(this.vocabularySize);
    this.#factors = new Float64Array(this.vocabularySize);
  }

  nextTokenLogProbabilities(
    given: { readonly parameters: Numbers; readonly prompt: Prompt; readonly response: Tokens },
    length: number,
    into: Float64Array = new Float64Array(this.vocabularySize),
  ): Float64Array {
    this.#checkParameters(given.parameters);
    this.#begin(given.response, length);
    this.#predict(given.parameters, given.prompt, length);
    into.set(this.#logProbabilities);
    return into;
  }

  nextTokenFeatures(
    prompt: Prompt,
    response: Tokens,
    length: number,
    into: Float64Array = new Float64Array(this.#rows.length),
  ): Float64Array {
    this.#begin(response, length);
    this.#readFeatures(prompt, length);
    into.set(this.#rows);
    return into;
  }

  tokenLogProbabilities(
    given: LinearExample<Prompt>,
    into: Float64Array = new Float64Array(given.response.length),
  ): Float64Array {
    const { parameters, prompt, response } = given;
    this.#check(given);
    for (let position = 0; position < response.length; position++) {
      if (position === 0 || !this.memoryless) this.#predict(parameters, prompt, position);
      into[position] = this.#logProbabilities[response[position]!]!;
      this.#beginning[position] = response[position]!;
    }
    return into;
  }

  logProbability(given: LinearExample<Prompt>): number {
    const { parameters, prompt, response } = given;
    this.#check(given);
    let total = 0;
    for (let position = 0; position < response.length; position++) {
      if (position === 0 || !this.memoryless) this.#predict(parameters, prompt, position);
      total += this.#logProbabilities[response[position]!]!;
      this.#beginning[position] = response[position]!;
    }
    return total;
  }

  gradient(given: LinearExample<Prompt>): Float64Array {
    const gradient = new Float64Array(this.dimension);
    this.addGradient(given, 1, gradient);
    return gradient;
  }

  addGradient(given: LinearExample<Prompt>, scale: number, into: Float64Array): number {
    const { parameters, prompt, response } = given;
    this.#check(given);
    let total = 0;
    for (let position = 0; position < response.length; position++) {
      if (position === 0 || !this.memoryless) this.#predict(parameters, prompt, position);
      total += this.#collect(response[position]!, scale);
      if (!this.memoryless) this.#addRows(into);
      this.#beginning[position] = response[position]!;
    }
    if (this.memoryless) this.#addRows(into);
    return total;
  }

  addTokenGradient(
    given: LinearExample<Prompt>,
    position: number,
    scale: number,
    into: Float64Array,
  ): number {
    this.#checkParameters(given.parameters);
    this.#checkToken(given.response, position);
    this.#begin(given.response, position);
    this.#predict(given.parameters, given.prompt, position);
    const logProbability = this.#collect(given.response[position]!, scale);
    this.#addRows(into);
    return logProbability;
  }

  sample(
    given: {
      readonly parameters: Numbers;
      readonly prompt: Prompt;
      readonly generator: RandomGenerator;
    },
    into: Int32Array = new Int32Array(this.horizon),
  ): Int32Array {
    this.#checkParameters(given.parameters);
    for (let position = 0; position < this.horizon; position++) {
      if (position === 0 || !this.memoryless) this.#predict(given.parameters, given.prompt, position);
      const token = this.#choose(given.generator.uniform());
      this.#beginning[position] = token;
      into[position] = token;
    }
    return into;
  }

  /** Fills the rows with φ of every token after the first `length`. */
  #readFeatures(prompt: Prompt, length: number): void {
    const { dimension, vocabularySize } = this;
    const beginning = this.#beginning;
    const rows = this.#rows;
    for (let token = 0; token < vocabularySize; token++) {
      beginning[length] = token;
      const features = this.features(prompt, beginning, length + 1);
      const start = token * dimension;
      for (let i = 0; i < dimension; i++) rows[start + i] = features[i]!;
    }
  }

  /** Fills the rows and the distribution of the token after the first `length`. */
  #predict(parameters: Numbers, prompt: Prompt, length: number): void {
    this.#readFeatures(prompt, length);
    const { dimension, vocabularySize } = this;
    const rows = this.#rows;
    const logProbabilities = this.#logProbabilities;
    const probabilities = this.#probabilities;
    let largest = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < vocabularySize; token++) {
      let product = 0;
      const start = token * dimension;
      for (let i = 0; i < dimension; i++) product += parameters[i]! * rows[start + i]!;
      logProbabilities[token] = product;
      if (product > largest) largest = product;
    }
    let total = 0;
    for (let token = 0; token < vocabularySize; token++) {
      const weight = Math.exp(logProbabilities[token]! - largest);
      probabilities[token] = weight;
      total += weight;
    }
    const shift = largest + Math.log(total);
    for (let token = 0; token < vocabularySize; token++) {
      logProbabilities[token]! -= shift;
      probabilities[token]! /= total;
    }
  }

  /** Collects `scale`·(1[a = token] − π(a)) for every token a; returns log π(token). */
  #collect(token: number, scale: number): number {
    const factors = this.#factors;
    for (let a = 0; a < factors.length; a++) factors[a]! -= scale * this.#probabilities[a]!;
    factors[token]! += scale;
    return this.#logProbabilities[token]!;
  }

  /** Adds the rows by their factors, which start anew. */
  #addRows(into: Float64Array): void {
    const { dimension } = this;
    const factors = this.#factors;
    for (let token = 0; token < factors.length; token++) {
      const factor = factors[token]!;
      const start = token * dimension;
      for (let i = 0; i < dimension; i++) into[i]! += factor * this.#rows[start + i]!;
      factors[token] = 0;
    }
  }

  #choose(uniform: number): number {
    const probabilities = this.#probabilities;
    const last = this.vocabularySize - 1;
    let below = 0;
    for (let token = 0; token < last; token++) {
      below += probabilities[token]!;
      if (uniform < below) return token;
    }
    return last;
  }

  #begin(response: Tokens, length: number): void {
    if (!(Number.isInteger(length) && length >= 0 && length < this.horizon)) {
      throw new RangeError(`length is ${length}: must be in 0 … ${this.horizon - 1}`);
    }
    if (this.memoryless) return;
    for (let position = 0; position < length; position++) this.#beginning[position] = response[position]!;
  }

  #check({ parameters, response }: LinearExample<Prompt>): void {
    this.#checkParameters(parameters);
    if (response.length > this.horizon) {
      throw new RangeError(`response length is ${response.length}: must be at most H, ${this.horizon}`);
    }
    for (let position = 0; position < response.length; position++) this.#checkToken(response, position);
  }

  #checkToken(response: Tokens, position: number): void {
    const token = response[position]!;
    if (token >= 0 && token < this.vocabularySize && Number.isInteger(token)) return;
    throw new RangeError(
      `token ${position} is ${token}: must be an integer from 0 to ${this.vocabularySize - 1}`,
    );
  }

  #checkParameters(parameters: Numbers): void {
    if (parameters.length === this.dimension) return;
    throw new RangeError(`number of parameters is ${parameters.length}: must be ${this.dimension}`);
  }
}
