/** What each token adds to a text. */

/**
 * The texts of tokens that follow others, such that together they spell what the tokens add: a token that leaves a character
 * incomplete is empty, and the one that completes it has the character. Special tokens, which `decode` leaves out, are empty.
 *
 * @example
 * const decode = (ids: Iterable<number>) => Buffer.from([...ids]).toString();
 * tokenTexts(decode, { before: [97], tokens: [98, 195, 169] }); // ["b", "", "é"]
 */
export function tokenTexts(
  decode: (ids: readonly number[]) => string,
  given: { readonly before: readonly number[]; readonly tokens: readonly number[] },
): string[] {
  // A few tokens before are enough for tokenizers that treat the beginning of a text in another way.
  const before = given.before.slice(-3);
  const all = [...before, ...given.tokens];
  const texts: string[] = [];
  let start = 0;
  let told = before.length;
  let known = decode(all.slice(start, told));
  for (let end = before.length + 1; end <= all.length; end += 1) {
    const text = decode(all.slice(start, end));
    const isLast = end === all.length;
    if (text.endsWith("\ufffd") && !isLast) {
      texts.push("");
      continue;
    }
    texts.push(text.slice(known.length));
    start = told;
    told = end;
    known = decode(all.slice(start, told));
  }
  return texts;
}
