/** A decoder whose output head takes a gradient step on every token that it reads after the prompt. */
import type { FloatArray } from "../tensor/index.ts";
import type { Decoder, DecodingBatch, TokenIds } from "./decoder.ts";
import { HeadSteps, type HeadStepsOptions } from "./head-steps.ts";

/**
 * Test-time training (22), (23) of the output head over another decoder: batched, each sequence with its own steps,
 * reset by `begin`. Sampling from it draws from π^TTT, and reading given tokens scores them under π^TTT.
 *
 * The head must be a matrix of its own: where it is tied to the token embeddings, a step would change the embeddings too,
 * which is test-time training of all weights.
 *
 * @throws RangeError for a step size that is not positive; Error where the decoder gives no hidden states.
 * @example
 * const hidden = Float64Array.of(1);
 * const logits = Float64Array.of(0, 0);
 * const coin = prefixDecoder({ vocabularySize: 2, contextLength: 8, width: 1, predict: () => ({ logits, hidden }) });
 * const stepping = headSteppingDecoder(coin, { stepSize: 2 });
 * const [scored] = await scoreByReading(stepping, [{ prompt: [0], response: [1, 1] }]);
 * scored?.logProbabilities; // [Math.log(0.5), -Math.log(1 + Math.exp(-2))]
 */
export function headSteppingDecoder(decoder: Decoder, options: HeadStepsOptions): Decoder {
  if (decoder.width === undefined) {
    throw new Error("test-time training of the output head needs a decoder that gives hidden states");
  }
  new HeadSteps(options);
  return {
    vocabularySize: decoder.vocabularySize,
    contextLength: decoder.contextLength,
    width: decoder.width,
    largestBatch: decoder.largestBatch,
    async begin(prompts, request) {
      return new HeadSteppingBatch(await decoder.begin(prompts, request), options);
    },
    release: () => decoder.release(),
  };
}

class HeadSteppingBatch implements DecodingBatch {
  readonly #inner: DecodingBatch;
  #steps: HeadSteps[];
  /** Stepped log-odds of the rows since the last token, where asked for. */
  #logits: (Float64Array | undefined)[];

  constructor(inner: DecodingBatch, options: HeadStepsOptions) {
    this.#inner = inner;
    this.#steps = Array.from({ length: inner.rows }, () => new HeadSteps(options));
    this.#logits = this.#steps.map(() => undefined);
  }

  get rows(): number {
    return this.#inner.rows;
  }

  logits(row: number): FloatArray {
    this.#logits[row] ??= this.#steps[row]!.logits(this.#inner.logits(row), this.#inner.hidden(row));
    return this.#logits[row];
  }

  hidden(row: number): FloatArray {
    return this.#inner.hidden(row);
  }

  async read(tokens: TokenIds): Promise<void> {
    this.#steps.forEach((steps, row) => {
      steps.step(tokens[row]!, this.logits(row), this.#inner.hidden(row));
    });
    this.#logits = this.#steps.map(() => undefined);
    await this.#inner.read(tokens);
  }

  keep(rows: readonly number[]): void {
    this.#steps = rows.map((row) => this.#steps[row]!);
    this.#logits = rows.map((row) => this.#logits[row]);
    this.#inner.keep(rows);
  }
}
