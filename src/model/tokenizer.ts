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

/** Text to token ids and back. */
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

/**
 * Throws RangeError naming the id that is outside the vocabulary.
 *
 * @example
 * checkTokens([5], 4); // throws RangeError: token is 5: must be an integer between 0 and 3
 */
export function checkTokens(ids: Iterable<number>, vocabularySize: number): void {
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) {
      throw new RangeError(`token is ${id}: must be an integer between 0 and ${vocabularySize - 1}`);
    }
  }
}

/** A prompt and its response as one sequence of token ids, made by `tokenizePair`. */
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

/**
 * The tokens of a prompt to be continued: with the beginning-of-sequence token under the conditions of `tokenizePair`.
 *
 * @throws RangeError for an empty prompt where the tokenizer has no token to begin with.
 * @example
 * tokenizePrompt(byteTokenizer(), "ab"); // [97, 98]
 * tokenizePrompt(byteTokenizer(), ""); // [256]
 */
export function tokenizePrompt(
  tokenizer: Pick<Tokenizer, "addsBeginning" | "beginningOfSequence" | "endOfSequence" | "encode">,
  prompt: string,
): readonly number[] {
  const ids = tokenizer.encode(prompt);
  if (!tokenizer.addsBeginning && ids.length > 0) return ids;
  const first = tokenizer.beginningOfSequence ?? tokenizer.endOfSequence;
  if (first !== undefined) return [first, ...ids];
  throw new RangeError("the prompt is 0 tokens long: the tokenizer has no token to begin with");
}

/**
 * The text that tokens add to a prompt's. A tokenizer may write the first token of a text in another way than one within
 * it, without its space for instance: so this is their own text if prompt and it are tokenised as these tokens, else what
 * the text of all tokens has after the prompt's.
 *
 * @example
 * const tokenizer = numeralTokenizer(9);
 * continuationText(tokenizer, { prompt: tokenizer.encode("1 2 ="), response: [1, 2] }); // "1 2"
 */
export function continuationText(
  tokenizer: Pick<Tokenizer, "beginningOfSequence" | "endOfSequence" | "encode" | "decode">,
  tokens: { readonly prompt: readonly number[]; readonly response: readonly number[] },
): string {
  const { prompt, response } = tokens;
  const alone = tokenizer.decode(response);
  const before = tokenizer.decode(prompt);
  const whole = tokenizer.decode([...prompt, ...response]);
  if (!whole.startsWith(before)) return alone;
  const within = whole.slice(before.length);
  if (within === alone) return alone;
  const { beginningOfSequence, endOfSequence } = tokenizer;
  const begins = prompt[0] !== undefined && [beginningOfSequence, endOfSequence].includes(prompt[0]);
  const joint = [...prompt.slice(begins ? 1 : 0), ...response];
  return isTokenised(tokenizer, before + alone, joint) ? alone : within;
}

function isTokenised(tokenizer: Pick<Tokenizer, "encode">, text: string, tokens: readonly number[]): boolean {
  try {
    const ids = tokenizer.encode(text);
    return ids.length === tokens.length && ids.every((id, index) => id === tokens[index]);
  } catch {
    return false;
  }
}
