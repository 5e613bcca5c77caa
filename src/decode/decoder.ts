/** What generation needs of a model: open some sequences, say what comes next, read one more token of each. */
import type { FloatArray } from "../tensor/index.ts";

/** Token ids in order. */
export type TokenIds = ArrayLike<number>;

/** A model read token by token, many sequences at a time. Wrappers change how it is read, such as test-time training. */
export interface Decoder {
  readonly vocabularySize: number;
  /** Tokens that the model can read: prompt and response, but for the response's last token, which is not read. */
  readonly contextLength: number;
  /** Width of the hidden states that `DecodingBatch.hidden` gives; undefined where it gives none. */
  readonly width: number | undefined;
  /** Sequences that may be open in one batch; undefined for any number. */
  readonly largestBatch: number | undefined;
  /**
   * Reads the prompts, each of at least one token. `reserve` says how many tokens will be read at most after a prompt.
   * One batch is open at a time.
   */
  begin(prompts: readonly TokenIds[], options: { readonly reserve: number }): Promise<DecodingBatch>;
  release(): Promise<void>;
}

/** Open sequences: rows 0 … rows − 1 in the order of the prompts. */
export interface DecodingBatch {
  readonly rows: number;
  /** Log-odds of one row's next token, valid until the next call. */
  logits(row: number): FloatArray;
  /** The last hidden state of one row, which the output head multiplies; valid until the next call. */
  hidden(row: number): FloatArray;
  /** Reads one more token of every row. */
  read(tokens: TokenIds): Promise<void>;
  /** Goes on with these rows only, which become rows 0 …; ascending. */
  keep(rows: readonly number[]): void;
}

/** Throws RangeError naming a prompt that is empty, too long or holds a token outside the vocabulary. */
export function checkPrompt(
  prompt: TokenIds,
  limits: { readonly vocabularySize: number; readonly contextLength: number },
): void {
  if (prompt.length === 0) {
    throw new RangeError("prompt length is 0: a model needs at least one token to say what comes next");
  }
  if (prompt.length > limits.contextLength) {
    throw new RangeError(
      `prompt length is ${prompt.length}: must be at most ${limits.contextLength}, the model's context length`,
    );
  }
  checkTokens(prompt, limits.vocabularySize);
}

/** Throws RangeError naming a token outside 0 … vocabularySize − 1. */
export function checkTokens(tokens: TokenIds, vocabularySize: number): void {
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
      throw new RangeError(
        `token ${index} is ${token}: must be an integer from 0 to ${vocabularySize - 1}, the model's vocabulary`,
      );
    }
  }
}
