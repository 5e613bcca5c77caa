/** A decoder of any function of the tokens read so far: small exact models, and the oracle of the cached ones. */
import type { FloatArray } from "../tensor/index.ts";
import { checkPrompt, checkTokens, type Decoder, type DecodingBatch, type TokenIds } from "./decoder.ts";

/** What a model says after a prefix: log-odds of the next token, and the state that the output head multiplies. */
export interface PrefixPrediction {
  readonly logits: FloatArray;
  readonly hidden?: FloatArray;
}

/** A model as a function of the tokens read so far, for `prefixDecoder`. */
export interface PrefixModel {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly width?: number;
  readonly predict: (prefix: readonly number[]) => PrefixPrediction;
}

/**
 * A decoder that asks `predict` for every row at every step.
 *
 * @example
 * const coin = prefixDecoder({ vocabularySize: 2, contextLength: 8, predict: () => ({ logits: Float64Array.of(0, 0) }) });
 * (await coin.begin([[0]], { reserve: 1 })).logits(0).length; // 2
 */
export function prefixDecoder(model: PrefixModel): Decoder {
  const { vocabularySize, contextLength, width } = model;
  return {
    vocabularySize,
    contextLength,
    width,
    largestBatch: undefined,
    async begin(prompts) {
      for (const prompt of prompts) checkPrompt(prompt, model);
      return new PrefixBatch(
        prompts.map((prompt) => Array.from(prompt)),
        model,
      );
    },
    async release() {},
  };
}

class PrefixBatch implements DecodingBatch {
  #prefixes: number[][];
  #predictions: (PrefixPrediction | undefined)[];
  readonly #model: PrefixModel;

  constructor(prefixes: number[][], model: PrefixModel) {
    this.#prefixes = prefixes;
    this.#predictions = prefixes.map(() => undefined);
    this.#model = model;
  }

  get rows(): number {
    return this.#prefixes.length;
  }

  logits(row: number): FloatArray {
    return this.#predictionOf(row).logits;
  }

  hidden(row: number): FloatArray {
    const { hidden } = this.#predictionOf(row);
    if (hidden === undefined) throw new Error("this model gives no hidden states");
    return hidden;
  }

  async read(tokens: TokenIds): Promise<void> {
    checkTokens(tokens, this.#model.vocabularySize);
    this.#prefixes.forEach((prefix, row) => {
      prefix.push(tokens[row]!);
    });
    this.#predictions = this.#prefixes.map(() => undefined);
  }

  keep(rows: readonly number[]): void {
    this.#prefixes = rows.map((row) => this.#prefixes[row]!);
    this.#predictions = rows.map((row) => this.#predictions[row]);
  }

  #predictionOf(row: number): PrefixPrediction {
    this.#predictions[row] ??= this.#model.predict(this.#prefixes[row]!);
    return this.#predictions[row];
  }
}
