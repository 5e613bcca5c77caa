/** Texts of single tokens and where they lie in the whole text, as the completions shape has them. */

/** What naming tokens needs of a tokenizer. */
export interface TokenDecoder {
  decode(tokens: readonly number[]): string;
}

/** Characters as clients in Python count them: code points. */
const characters = (text: string): number => [...text].length;

export interface TokenTexts {
  readonly tokens: readonly string[];
  /** Code points of the text before each token. */
  readonly offsets: readonly number[];
}

/**
 * The text of each token and its offset. A token that is no text by itself (part of a character, or nothing) is called
 * `token_id:N`, as is every token where `asIds` says so: names must tell tokens apart.
 */
export function tokenTexts(
  decoder: TokenDecoder,
  tokens: readonly number[],
  options: { readonly asIds: boolean },
): TokenTexts {
  const single = tokens.map((token) => decoder.decode([token]));
  const names = tokens.map((token, index) =>
    options.asIds ? tokenId(token) : tokenName(single[index]!, token),
  );
  const offsets: number[] = [];
  if (single.join("") === decoder.decode(tokens)) {
    let offset = 0;
    for (const text of single) {
      offsets.push(offset);
      offset += characters(text);
    }
    return { tokens: names, offsets };
  }
  // A part of a character decodes to a replacement character: it begins where the character does.
  const whole = [...decoder.decode(tokens)];
  for (let count = 0; count < tokens.length; count++) {
    const before = count === 0 ? [] : [...decoder.decode(tokens.slice(0, count))];
    const differing = before.findIndex((character, index) => character !== whole[index]);
    offsets.push(differing < 0 ? before.length : differing);
  }
  return { tokens: names, offsets };
}

/** The name of one token among alternatives. */
export function alternativeName(
  decoder: TokenDecoder,
  token: number,
  options: { readonly asIds: boolean },
): string {
  return options.asIds ? tokenId(token) : tokenName(decoder.decode([token]), token);
}

const tokenId = (token: number) => `token_id:${token}`;
const tokenName = (text: string, token: number) =>
  text === "" || text.includes("\ufffd") ? tokenId(token) : text;
