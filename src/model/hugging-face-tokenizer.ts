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
  const vocabularySize = checkedVocabularySize(json as TokenizerFile, place);
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

interface TokenizerFile {
  readonly model: { readonly type?: unknown; readonly vocab: object };
  readonly added_tokens?: unknown;
}

/** The library takes other types for one of these. */
const knownTypes = ["BPE", "WordPiece", "Unigram"];

function libraryTokenizer(json: unknown, config: unknown, place: string): LibraryTokenizer {
  const refuse = (reason: string): never => {
    throw new UnusableCheckpointError(`${place}: ${reason}`);
  };
  const model = (json as Partial<TokenizerFile> | null)?.model;
  if (typeof model?.vocab !== "object" || model.vocab === null) {
    return refuse("has no model.vocab: not a tokenizer.json");
  }
  if (!knownTypes.includes(model.type as string)) {
    const type = JSON.stringify(model.type)?.slice(0, 100) ?? "missing";
    return refuse(`model.type is ${type}: only ${knownTypes.join(", ")} are known here`);
  }
  try {
    return new LibraryTokenizer(json as object, config as object);
  } catch (error) {
    return refuse(`cannot be used: ${(error as Error).message}`);
  }
}

/** One more than the largest id, which must all be ids. */
function checkedVocabularySize({ model, added_tokens }: TokenizerFile, place: string): number {
  const added = Array.isArray(added_tokens) ? added_tokens : [];
  const ids: unknown[] = added.map((token: { id?: unknown } | null) => token?.id);
  // A Unigram vocabulary is a list, in the order of its ids.
  let size = Array.isArray(model.vocab) ? model.vocab.length : 0;
  if (!Array.isArray(model.vocab)) for (const id of Object.values(model.vocab)) ids.push(id);
  for (const id of ids) {
    if (!Number.isSafeInteger(id) || (id as number) < 0) {
      throw new UnusableCheckpointError(`${place}: the vocabulary has ${JSON.stringify(id)} as an id`);
    }
    size = Math.max(size, (id as number) + 1);
  }
  if (size === 0) throw new UnusableCheckpointError(`${place}: the vocabulary is empty`);
  return size;
}

/** A special token of tokenizer_config.json: a text, or an object with its content. */
function tokenNamed(config: unknown, key: string): string | undefined {
  const value = (config as Record<string, unknown> | undefined)?.[key];
  if (typeof value === "string") return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : undefined;
}
