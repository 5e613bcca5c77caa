/** How the texts of tokens lie in a response's text. Runs in a browser. */

/**
 * The lengths of the tokens' texts within a text that they spell, in UTF-16 units, so that the text stands once. The text may be
 * cut short; a first token that begins in the prompt counts from the text's beginning. Undefined where they spell another text.
 *
 * @example
 * tokenLengths(["The", " cat", ""], "The cat", { cut: false }); // [3, 4, 0]
 * tokenLengths([" a", "b"], "ab", { cut: false }); // [1, 1]
 * tokenLengths(["x"], "y", { cut: false }); // undefined
 */
export function tokenLengths(
  tokens: readonly string[],
  text: string,
  { cut }: { readonly cut: boolean },
): number[] | undefined {
  const spelt = tokens.join("");
  const lead = cut ? 0 : spelt.length - text.length;
  const first = tokens.find((token) => token !== "") ?? "";
  if (lead < 0 || (lead > 0 && lead >= first.length)) return undefined;
  if (spelt.slice(lead, lead + text.length) !== text) return undefined;
  let skip = lead;
  return tokens.map(({ length }) => {
    const skipped = Math.min(skip, length);
    skip -= skipped;
    return length - skipped;
  });
}

/**
 * The pieces of a text of these lengths; those beyond its end are empty.
 *
 * @example
 * textPieces("is Paris", [3, 5]); // ["is ", "Paris"]
 */
export function textPieces(text: string, lengths: readonly number[]): string[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return text.slice(at - length, at);
  });
}
