/** Our tokenizers as Hugging Face's tokenizer.json, so that other programs turn text into the same ids. */
import { numeralSeparators } from "./numeral-tokenizer.ts";
import type { OwnTokenizerDescription } from "./tokenizer.ts";

export const endOfSequenceText = "<|endoftext|>";
export const paddingText = "<pad>";

/** The contents of tokenizer.json and tokenizer_config.json. */
export interface TokenizerJson {
  readonly json: Record<string, unknown>;
  readonly config: Record<string, unknown>;
}

/**
 * A tokenizer.json that tokenizes as the described tokenizer does. Characters and numerals are of type WordLevel without
 * an unknown token: text outside the vocabulary is an error there too.
 */
export function equivalentTokenizerJson(description: OwnTokenizerDescription): TokenizerJson {
  if (description.kind === "bytes") {
    return tokenizerJson({
      special: { id: 256, content: endOfSequenceText, role: "eos_token" },
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: "",
        end_of_word_suffix: "",
        fuse_unk: false,
        byte_fallback: false,
        vocab: vocabulary([...byteCharacters, endOfSequenceText]),
        merges: [],
      },
    });
  }
  if (description.kind === "characters") {
    const { characters } = description;
    return tokenizerJson({
      special: { id: characters.length, content: endOfSequenceText, role: "eos_token" },
      pre_tokenizer: split("[\\s\\S]", "Isolated"),
      decoder: { type: "Fuse" },
      model: wordLevel([...characters, endOfSequenceText]),
    });
  }
  const numerals = Array.from({ length: description.largest }, (_, index) => String(index + 1));
  return tokenizerJson({
    special: { id: 0, content: paddingText, role: "pad_token" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "WhitespaceSplit" }, split("[|/=]", "Isolated")],
    },
    decoder: null,
    model: wordLevel([paddingText, ...numerals, ...numeralSeparators]),
  });
}

/** GPT-2's printable stand-ins for the 256 bytes: themselves where they print, else characters from U+0100 on. */
export const byteCharacters: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  isPrinting(byte) ? String.fromCodePoint(byte) : undefined,
).map(standIns());

function isPrinting(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

function standIns(): (own: string | undefined) => string {
  let next = 0x100;
  return (own) => own ?? String.fromCodePoint(next++);
}

const vocabulary = (tokens: readonly string[]): Record<string, number> =>
  Object.fromEntries(tokens.map((token, id) => [token, id]));

/** The unknown token must be named and is not in the vocabulary. */
const wordLevel = (tokens: readonly string[]) => ({
  type: "WordLevel",
  vocab: vocabulary(tokens),
  unk_token: "<unknown>",
});

const split = (pattern: string, behavior: string) => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior,
  invert: false,
});

function tokenizerJson(parts: {
  readonly special: { readonly id: number; readonly content: string; readonly role: string };
  readonly pre_tokenizer: unknown;
  readonly decoder: unknown;
  readonly model: unknown;
}): TokenizerJson {
  const { special, pre_tokenizer, decoder, model } = parts;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    json: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [{ id: special.id, content: special.content, ...flags }],
      normalizer: null,
      pre_tokenizer,
      post_processor: null,
      decoder,
      model,
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      [special.role]: special.content,
      clean_up_tokenization_spaces: false,
    },
  };
}

/**
 * The description of one of ours in a tokenizer.json that another program has written again; undefined for others.
 * Bytes need none: they are byte-level BPE.
 */
export function ownDescription(json: unknown): OwnTokenizerDescription | undefined {
  const file = json as { model?: { type?: unknown; vocab?: unknown } } | null;
  const { type, vocab } = file?.model ?? {};
  if (type !== "WordLevel" || typeof vocab !== "object" || vocab === null) return undefined;
  const tokens = Object.keys(vocab).sort((a, b) => idIn(vocab, a) - idIn(vocab, b));
  if (tokens.some((token, id) => idIn(vocab, token) !== id)) return undefined;
  const largest = tokens.length - numeralSeparators.length - 1;
  const candidates: OwnTokenizerDescription[] = [
    { kind: "numerals", largest },
    { kind: "characters", characters: tokens.slice(0, -1) },
  ];
  // Same tokens and same cuts: it is the one.
  return candidates.find((description) => {
    if (description.kind === "numerals" && largest < 1) return false;
    const { model, pre_tokenizer } = equivalentTokenizerJson(description).json;
    const own = model as { vocab: Record<string, number> };
    return (
      tokens.every((token, id) => own.vocab[token] === id) &&
      JSON.stringify(pre_tokenizer) === JSON.stringify((json as Record<string, unknown>).pre_tokenizer)
    );
  });
}

const idIn = (vocab: object, token: string): number => (vocab as Record<string, number>)[token] ?? Number.NaN;
