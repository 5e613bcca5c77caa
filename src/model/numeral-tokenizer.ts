/** The tokenizer of the graph-reasoning tasks (App. C): one token a node name, and three separators. */
import { checkTokens, type Tokenizer } from "./tokenizer.ts";

/** In the order of their numbers, m + 1, m + 2, m + 3. */
export const numeralSeparators = ["|", "/", "="] as const;
const padding = 0;
/** Fills prompts on the left to one length. */
const paddingSymbol = "_";
const mostNumerals = 1 << 20;

/**
 * Node names 1 … m are the tokens of the same number; `|`, `/` and `=` follow as m + 1, m + 2, m + 3; 0 is padding,
 * written `_` and left out in decoding. Numbers are set apart by spaces, separators need none.
 *
 * @param largest m, the largest node name
 * @throws RangeError for m beyond its limits; `encode` throws RangeError naming what is no token.
 * @example
 * const tokenizer = numeralTokenizer(99);
 * tokenizer.encode("17 4 | 4 52 / 17 52 ="); // [17, 4, 100, 4, 52, 101, 17, 52, 102]
 * tokenizer.decode([17, 4, 52]); // "17 4 52"
 * tokenizer.encode("17 100"); // throws RangeError: token is "100": must be a number between 1 and 99, |, /, = or _
 */
export function numeralTokenizer(largest: number): Tokenizer {
  if (!Number.isInteger(largest) || largest < 1 || largest > mostNumerals) {
    throw new RangeError(`largest is ${largest}: must be an integer between 1 and ${mostNumerals}`);
  }
  const vocabularySize = largest + numeralSeparators.length + 1;
  const separatorId = new Map<string, number>(
    numeralSeparators.map((separator, index) => [separator, largest + 1 + index]),
  );
  const tokenId = (word: string): number => {
    if (word === paddingSymbol) return padding;
    const separator = separatorId.get(word);
    if (separator !== undefined) return separator;
    const value = Number(word);
    if (/^[1-9][0-9]*$/.test(word) && value <= largest) return value;
    throw new RangeError(
      `token is ${JSON.stringify(word.slice(0, 40))}: must be a number between 1 and ${largest}, |, /, = or _`,
    );
  };
  return {
    description: { kind: "numerals", largest },
    vocabularySize,
    padding,
    addsBeginning: false,
    encode: (text) => (text.match(/[|/=_]|[^|/=_\s]+/g) ?? []).map(tokenId),
    decode(ids) {
      const tokens = [...ids];
      checkTokens(tokens, vocabularySize);
      return tokens
        .filter((id) => id !== padding)
        .map((id) => numeralSeparators[id - largest - 1] ?? String(id))
        .join(" ");
    },
  };
}
