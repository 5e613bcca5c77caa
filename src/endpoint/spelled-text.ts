/** The text that token ids are the tokens of, where they are those of a text. */

/**
 * The text whose own tokens these are, from what a server makes of them; undefined where its tokeniser would write that
 * text by others. A server may put a space before what it says that is no part of the text.
 */
export async function spelledText(
  tokens: readonly number[],
  said: string,
  tokensOf: (text: string) => Promise<readonly number[]>,
): Promise<string | undefined> {
  for (const text of said.startsWith(" ") ? [said, said.slice(1)] : [said]) {
    const own = await tokensOf(text);
    if (own.length === tokens.length && own.every((token, index) => token === tokens[index])) return text;
  }
  return undefined;
}
