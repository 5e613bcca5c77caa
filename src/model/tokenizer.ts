/** What a model needs of a tokenizer, whatever is behind it; nothing here knows tensors. */

/** One of ours. */
export type OwnTokenizerDescription =
  | { readonly kind: "bytes" }
  | { readonly kind: "characters"; readonly characters: readonly string[] }
  | { readonly kind: "numerals"; readonly largest: number };

/** What a tokenizer is, as plain data: enough to write it to a file and to make it again. */
export type TokenizerDescription =
  | OwnTokenizerDescription
  /** The contents of Hugging Face's tokenizer.json and, where there is one, tokenizer_config.json. */
  | { readonly kind: "hugging-face"; readonly json: unknown; readonly config?: unknown };

export interface Tokenizer {
  readonly description: TokenizerDescription;
  /** One more than the largest token id. */
  readonly vocabularySize: number;
  readonly beginningOfSequence?: number | undefined;
  readonly endOfSequence?: number | undefined;
  readonly padding?: number | undefined;
  /** Whether a text's ids begin with `beginningOfSequence` by the tokenizer's own rule; `encode` leaves it out. */
  readonly addsBeginning: boolean;
  /** Token ids of a text, without special tokens. Throws RangeError naming what the vocabulary does not have. */
  encode(text: string): number[];
  /** The text of token ids, without special tokens. Throws RangeError for an id outside the vocabulary. */
  decode(ids: Iterable<number>): string;
}

/** Throws RangeError naming the id that is outside the vocabulary. */
export function checkTokens(ids: Iterable<number>, vocabularySize: number): void {
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) {
      throw new RangeError(`token is ${id}: must be an integer between 0 and ${vocabularySize - 1}`);
    }
  }
}

export interface TokenPair {
  readonly ids: readonly number[];
  /** Index of the response's first token. */
  readonly responseStart: number;
  /** Tokens of the prompt on its own that the joint tokenisation does not keep. */
  readonly straddling: number;
  /** Whether the ids begin with the beginning-of-sequence token. */
  readonly beginning: boolean;
}

/**
 * The tokens of a prompt and its response, tokenised together as one text. A token belongs to the prompt only if the
 * prompt's own tokenisation has it at that place; so a token that merges the end of one with the beginning of the other
 * belongs to the response, and `straddling` counts the prompt's tokens it replaces.
 *
 * Begins with the beginning-of-sequence token where the tokenizer's own rule says so, or where the prompt has no tokens,
 * as nothing else would precede the response; a tokenizer without one begins with its end-of-sequence token then.
 *
 * @throws RangeError for a response that adds no token, which would score 0 and look certain, and for an empty prompt
 * where the tokenizer has no token to begin with.
 * @example
 * tokenizePair(numeralTokenizer(9), { prompt: "1 2 / 1 2 =", response: "1 2" });
 * // { ids: [1, 2, 11, 1, 2, 12, 1, 2], responseStart: 6, straddling: 0, beginning: false }
 */
export function tokenizePair(
  tokenizer: Tokenizer,
  text: { readonly prompt: string; readonly response: string },
): TokenPair {
  const prompt = tokenizer.encode(text.prompt);
  const joint = tokenizer.encode(text.prompt + text.response);
  let kept = 0;
  while (kept < prompt.length && kept < joint.length && joint[kept] === prompt[kept]) kept += 1;
  const added = joint.length - kept;
  if (added === 0) throw new RangeError("the response is 0 tokens long: nothing to score after the prompt");
  const straddling = prompt.length - kept;
  const first = tokenizer.beginningOfSequence ?? tokenizer.endOfSequence;
  if (!tokenizer.addsBeginning && kept > 0) {
    return { ids: joint, responseStart: kept, straddling, beginning: false };
  }
  if (first === undefined) {
    throw new RangeError(
      "the prompt is 0 tokens long: the tokenizer has no token to begin with, so nothing precedes the response",
    );
  }
  return { ids: [first, ...joint], responseStart: kept + 1, straddling, beginning: true };
}
