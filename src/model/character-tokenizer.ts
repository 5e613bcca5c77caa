/** One token a character of the training corpus. */
import { checkTokens, type Tokenizer } from "./tokenizer.ts";

/** More than Unicode has assigned of any script mix; a corpus of bytes read as text must not pass. */
const mostCharacters = 1 << 18;

/**
 * One token for each of these characters (Unicode code points), in this order; the token after them ends a sequence.
 *
 * @throws RangeError for no, repeated or unpaired characters; `encode` throws RangeError naming a character that the
 * vocabulary does not have.
 * @example
 * const tokenizer = characterTokenizer(["a", "b"]);
 * tokenizer.encode("abba"); // [0, 1, 1, 0]
 * tokenizer.endOfSequence; // 2
 * tokenizer.encode("abc"); // throws RangeError: character is "c" (U+0063): not among the 2 of the vocabulary
 */
export function characterTokenizer(characters: readonly string[]): Tokenizer {
  if (characters.length === 0 || characters.length > mostCharacters) {
    throw new RangeError(
      `number of characters is ${characters.length}: must be between 1 and ${mostCharacters}`,
    );
  }
  const ids = new Map<string, number>();
  for (const character of characters) {
    if ([...character].length !== 1 || /\p{Surrogate}/u.test(character)) {
      throw new RangeError(`character is ${JSON.stringify(character)}: must be one Unicode code point`);
    }
    if (ids.has(character)) {
      throw new RangeError(`character is ${named(character)}: must not be in the vocabulary twice`);
    }
    ids.set(character, ids.size);
  }
  const endOfSequence = ids.size;
  const vocabularySize = ids.size + 1;
  return {
    description: { kind: "characters", characters },
    vocabularySize,
    endOfSequence,
    addsBeginning: false,
    encode: (text) =>
      Array.from(text, (character) => {
        const id = ids.get(character);
        if (id !== undefined) return id;
        throw new RangeError(`character is ${named(character)}: not among the ${ids.size} of the vocabulary`);
      }),
    decode(tokens) {
      const list = [...tokens];
      checkTokens(list, vocabularySize);
      return list.map((id) => characters[id] ?? "").join("");
    },
  };
}

/**
 * The characters of a corpus in order of their code points, for `characterTokenizer`.
 *
 * @example
 * corpusCharacters(["ba", "ab!"]); // ["!", "a", "b"]
 */
export function corpusCharacters(corpus: Iterable<string>): string[] {
  const found = new Set<string>();
  for (const text of corpus) for (const character of text) found.add(character);
  return [...found].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
}

function named(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `${JSON.stringify(character)} (U+${code})`;
}
