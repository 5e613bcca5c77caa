/** Where the response begins among the tokens of prompt and response together. */

export interface Boundary {
  /** Index of the first token that counts to the response. */
  readonly first: number;
  /** Tokens of the prompt on its own that the joint tokenisation does not keep. */
  readonly straddling: number;
}

/**
 * A token belongs to the prompt only if the prompt's own tokenisation has it at that place; the first that differs
 * begins the response. Where the tokeniser merges the end of the prompt with the beginning of the response, the
 * merged token so belongs to the response, and `straddling` counts the prompt's tokens that it replaces.
 *
 * Throws RangeError if nothing is left for the response: it would score 0 and look certain.
 *
 * @example
 * boundaryByTokens({ joint: [1, 7, 9, 4], prompt: [1, 7, 8] }); // { first: 2, straddling: 1 }
 */
export function boundaryByTokens<Token>(input: {
  readonly joint: readonly Token[];
  readonly prompt: readonly Token[];
}): Boundary {
  const { joint, prompt } = input;
  let first = 0;
  while (first < prompt.length && first < joint.length && joint[first] === prompt[first]) first += 1;
  if (first >= joint.length) {
    throw new RangeError("the response is 0 tokens long: nothing to score after the prompt");
  }
  return { first, straddling: prompt.length - first };
}

/**
 * The same from the offset of each token in code points, where a server gives no tokens for the prompt alone:
 * the response begins with the first token that ends after the prompt.
 *
 * @example
 * boundaryByOffsets({ offsets: [0, 4, 9], promptLength: 6, length: 12 }); // { first: 1, end: 3, straddling: 1 }
 */
export function boundaryByOffsets(input: {
  readonly offsets: readonly number[];
  /** Code points of the prompt, and of prompt and response together. */
  readonly promptLength: number;
  readonly length: number;
}): Boundary & { readonly end: number } {
  const { offsets, promptLength, length } = input;
  let end = offsets.length;
  while (end > 0 && (offsets[end - 1] as number) >= length) end -= 1;
  let first = 0;
  while (first < end && (offsets[first] as number) < promptLength) first += 1;
  const begins = first === end ? length : (offsets[first] as number);
  const straddles = first > 0 && begins > promptLength;
  if (straddles) first -= 1;
  if (first >= end) throw new RangeError("the response is 0 tokens long: nothing to score after the prompt");
  return { first, end, straddling: straddles ? 1 : 0 };
}

/** Length in code points, as servers written in Python count. */
export function codePoints(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}
