/**
 * The autoregressive linear class (3) as a decoder, with test-time training (22), (23) as the paper writes it: the
 * parameter vector itself is stepped and projected after every token.
 */
import type { FloatArray } from "../tensor/index.ts";
import { checkPrompt, checkTokens, type Decoder, type DecodingBatch, type TokenIds } from "./decoder.ts";
import { logSoftmax } from "./filters.ts";
import { checkStepSize } from "./head-steps.ts";

/** A model of the autoregressive linear class (3): π(a | prefix) ∝ exp⟨θ, φ(prefix, a)⟩. */
export interface LinearModel {
  readonly vocabularySize: number;
  readonly contextLength: number;
  /** θ, [dimension]. */
  readonly parameters: FloatArray;
  /** φ(x, y_<h, a) for every next token a, row-major [vocabulary, dimension], from all tokens read so far. */
  readonly features: (prefix: readonly number[]) => FloatArray;
}

/** Test-time training of the whole parameter vector (22), (23). */
export interface LinearTestTimeTraining {
  /** η, the step size used in training. */
  readonly stepSize: number;
  /** Radius of the ball that θ is projected onto after every step; absent, no projection. */
  readonly radius?: number | undefined;
}

/**
 * A decoder of an autoregressive linear model; with `testTimeTraining` each sequence steps its own copy of θ:
 * θ ← Proj(θ + η·(φ(y) − E_{a ~ π_θ} φ(a))) after every token that is read behind the prompt. Float64.
 *
 * @throws RangeError for a step size or radius that is not positive.
 * @example
 * const features = () => Float64Array.of(0, 1);
 * const parameters = Float64Array.of(0);
 * const coin = linearDecoder({ vocabularySize: 2, contextLength: 8, parameters, features }, { stepSize: 2 });
 * const [scored] = await scoreByReading(coin, [{ prompt: [0], response: [1, 1] }]);
 * scored?.logProbabilities; // [Math.log(0.5), -Math.log(1 + Math.exp(-1))]
 */
export function linearDecoder(model: LinearModel, testTimeTraining?: LinearTestTimeTraining): Decoder {
  if (testTimeTraining !== undefined) {
    const { stepSize, radius } = testTimeTraining;
    checkStepSize(stepSize);
    if (radius !== undefined && !(radius > 0)) {
      throw new RangeError(`radius is ${radius}: must be positive`);
    }
  }
  return {
    vocabularySize: model.vocabularySize,
    contextLength: model.contextLength,
    width: undefined,
    largestBatch: undefined,
    async begin(prompts) {
      for (const prompt of prompts) checkPrompt(prompt, model);
      const rows = prompts.map((prompt) => new LinearRow(model, prompt, testTimeTraining));
      return new LinearBatch(rows, model.vocabularySize);
    },
    async release() {},
  };
}

class LinearRow {
  readonly #model: LinearModel;
  readonly #training: LinearTestTimeTraining | undefined;
  readonly #prefix: number[];
  readonly #parameters: Float64Array;
  #features: FloatArray;

  constructor(model: LinearModel, prompt: TokenIds, training: LinearTestTimeTraining | undefined) {
    this.#model = model;
    this.#training = training;
    this.#prefix = Array.from(prompt);
    this.#parameters = Float64Array.from(model.parameters);
    this.#features = model.features(this.#prefix);
  }

  logits(): Float64Array {
    const dimension = this.#parameters.length;
    return Float64Array.from({ length: this.#model.vocabularySize }, (_, token) => {
      let sum = 0;
      for (let index = 0; index < dimension; index++) {
        sum += this.#parameters[index]! * this.#features[token * dimension + index]!;
      }
      return sum;
    });
  }

  read(token: number): void {
    if (this.#training !== undefined) this.#step(token, this.#training);
    this.#prefix.push(token);
    this.#features = this.#model.features(this.#prefix);
  }

  #step(token: number, { stepSize, radius }: LinearTestTimeTraining): void {
    const parameters = this.#parameters;
    const dimension = parameters.length;
    const logProbabilities = logSoftmax(this.logits());
    logProbabilities.forEach((logProbability, other) => {
      const weight = stepSize * ((other === token ? 1 : 0) - Math.exp(logProbability));
      for (let index = 0; index < dimension; index++) {
        parameters[index]! += weight * this.#features[other * dimension + index]!;
      }
    });
    const norm = Math.sqrt(parameters.reduce((sum, value) => sum + value * value, 0));
    if (radius === undefined || norm <= radius) return;
    for (let index = 0; index < dimension; index++) parameters[index]! *= radius / norm;
  }
}

class LinearBatch implements DecodingBatch {
  #rows: readonly LinearRow[];
  readonly #vocabularySize: number;

  constructor(rows: readonly LinearRow[], vocabularySize: number) {
    this.#rows = rows;
    this.#vocabularySize = vocabularySize;
  }

  get rows(): number {
    return this.#rows.length;
  }

  logits(row: number): FloatArray {
    return this.#rows[row]!.logits();
  }

  hidden(): FloatArray {
    throw new Error("a linear model gives no hidden states");
  }

  async read(tokens: TokenIds): Promise<void> {
    checkTokens(tokens, this.#vocabularySize);
    this.#rows.forEach((row, index) => {
      row.read(tokens[index]!);
    });
  }

  keep(rows: readonly number[]): void {
    this.#rows = rows.map((row) => this.#rows[row]!);
  }
}
