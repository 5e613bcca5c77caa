/** One token a byte of UTF-8: any text, nothing to train. */
import { checkTokens, type Tokenizer } from "./tokenizer.ts";

const endOfSequence = 256;

/**
 * Tokens 0 … 255 are bytes of UTF-8, 256 ends a sequence. Bytes that are no UTF-8 decode to U+FFFD.
 *
 * @example
 * byteTokenizer().encode("é"); // [195, 169]
 * byteTokenizer().decode([195, 169, 256]); // "é"
 */
export function byteTokenizer(): Tokenizer {
  const vocabularySize = endOfSequence + 1;
  return {
    description: { kind: "bytes" },
    vocabularySize,
    endOfSequence,
    addsBeginning: false,
    encode: (text) => [...new TextEncoder().encode(text)],
    decode(ids) {
      const tokens = [...ids];
      checkTokens(tokens, vocabularySize);
      const bytes = tokens.filter((id) => id !== endOfSequence);
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
    },
  };
}
