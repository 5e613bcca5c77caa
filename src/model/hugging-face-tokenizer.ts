/** Any tokenizer.json of Hugging Face's, through their own library. */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import type { SpecialTokenIds } from "./checkpoint-config.ts";
import { UnusableCheckpointError } from "./checkpoint-error.ts";
import { checkTokens, type Tokenizer } from "./tokenizer.ts";

/**
 * The tokenizer in a parsed tokenizer.json.
 *
 * @param source.config the parsed tokenizer_config.json, which names the special tokens
 * @param source.special their ids where the configuration does not name them, as config.json has them
 * @param source.place names the file in errors
 * @throws UnusableCheckpointError for one that the library cannot use.
 */
export function huggingFaceTokenizer(source: {
  readonly json: unknown;
  readonly config?: unknown;
  readonly special?: SpecialTokenIds | undefined;
  readonly place: string;
}): Tokenizer {
  const { json, config, special = {}, place } = source;
  const library = libraryTokenizer(json, config ?? {}, place);
  const ids = [...library.get_vocab(true).values(), ...library.get_added_tokens_decoder().keys()];
  const vocabularySize = ids.reduce((largest, id) => Math.max(largest, id), -1) + 1;
  if (!ids.every((id) => Number.isInteger(id) && id >= 0) || vocabularySize === 0) {
    throw new UnusableCheckpointError(`${place}: has no vocabulary of token ids`);
  }
  const idOf = (key: string, otherwise: number | undefined): number | undefined => {
    const token = tokenNamed(config, key);
    const id = token === undefined ? otherwise : library.token_to_id(token);
    return id !== undefined && id < vocabularySize ? id : undefined;
  };
  // What the tokenizer puts around an empty text begins every text.
  const [around] = library.encode("", { add_special_tokens: true }).ids;
  const beginningOfSequence = idOf("bos_token", special.beginningOfSequence ?? around);
  return {
    description: { kind: "hugging-face", json, ...(config !== undefined && { config }) },
    vocabularySize,
    beginningOfSequence,
    endOfSequence: idOf("eos_token", special.endOfSequence),
    padding: idOf("pad_token", special.padding),
    addsBeginning: around !== undefined && around === beginningOfSequence,
    encode(text) {
      const encoded = library.encode(text, { add_special_tokens: false }).ids;
      if (encoded.includes(undefined as unknown as number)) {
        throw new RangeError(`text is ${JSON.stringify(text.slice(0, 40))}: the vocabulary cannot hold it`);
      }
      return encoded;
    },
    decode(tokens) {
      const list = [...tokens];
      checkTokens(list, vocabularySize);
      return list.length === 0 ? "" : library.decode(list, { skip_special_tokens: true });
    },
  };
}

function libraryTokenizer(json: unknown, config: unknown, place: string): LibraryTokenizer {
  const model = (json as { model?: { vocab?: unknown } } | null)?.model;
  if (typeof model?.vocab !== "object" || model.vocab === null) {
    throw new UnusableCheckpointError(`${place}: has no model.vocab: not a tokenizer.json`);
  }
  try {
    return new LibraryTokenizer(json as object, config as object);
  } catch (error) {
    throw new UnusableCheckpointError(`${place}: cannot be used: ${(error as Error).message}`);
  }
}

/** A special token of tokenizer_config.json: a text, or an object with its content. */
function tokenNamed(config: unknown, key: string): string | undefined {
  const value = (config as Record<string, unknown> | undefined)?.[key];
  if (typeof value === "string") return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : undefined;
}
