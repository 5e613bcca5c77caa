/**
 * Tokenizers in the folder of a checkpoint. Hugging Face's are kept as they came: tokenizer.json and
 * tokenizer_config.json. Ours are described in lmcov_tokenizer.json, with a tokenizer.json beside it by which other
 * programs tokenize alike.
 */
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { byteTokenizer } from "./byte-tokenizer.ts";
import { characterTokenizer, corpusCharacters } from "./character-tokenizer.ts";
import type { SpecialTokenIds } from "./checkpoint-config.ts";
import { UnusableCheckpointError } from "./checkpoint-error.ts";
import { readJson } from "./checkpoint-file.ts";
import { huggingFaceTokenizer } from "./hugging-face-tokenizer.ts";
import { numeralTokenizer } from "./numeral-tokenizer.ts";
import type { OwnTokenizerDescription, Tokenizer } from "./tokenizer.ts";
import { equivalentTokenizerJson, ownDescription } from "./tokenizer-json.ts";

const ownTokenizerFile = "lmcov_tokenizer.json";
const tokenizerFile = "tokenizer.json";
const configFile = "tokenizer_config.json";
/** The largest published ones take about 40 MB. */
const longestFile = 256 << 20;

const schemaName = "lmcov/tokenizer@1";
const ownTokenizer = z.discriminatedUnion("kind", [
  z.strictObject({ schema: z.literal(schemaName), kind: z.literal("bytes") }),
  z.strictObject({
    schema: z.literal(schemaName),
    kind: z.literal("characters"),
    characters: z.array(z.string()),
  }),
  z.strictObject({ schema: z.literal(schemaName), kind: z.literal("numerals"), largest: z.int() }),
]);

/**
 * The files that say what a tokenizer is, name to text.
 *
 * @example
 * Object.keys(tokenizerFiles(byteTokenizer())); // ["lmcov_tokenizer.json", "tokenizer.json", "tokenizer_config.json"]
 */
export function tokenizerFiles(tokenizer: Tokenizer): Record<string, string> {
  const { description } = tokenizer;
  if (description.kind === "hugging-face") {
    return {
      [tokenizerFile]: jsonText(description.json),
      ...(description.config !== undefined && { [configFile]: jsonText(description.config) }),
    };
  }
  const { json, config } = equivalentTokenizerJson(description);
  return {
    [ownTokenizerFile]: jsonText({ schema: schemaName, ...description }),
    [tokenizerFile]: jsonText(json),
    [configFile]: jsonText(config),
  };
}

const jsonText = (value: unknown): string => `${JSON.stringify(value)}\n`;

/**
 * The tokenizer of a folder, or undefined where it has none.
 *
 * @param special ids of special tokens where the tokenizer's own files do not name them
 * @throws UnusableCheckpointError naming the file.
 */
export async function readTokenizer(
  folder: string,
  special?: SpecialTokenIds,
): Promise<Tokenizer | undefined> {
  const path = join(folder, ownTokenizerFile);
  const value = await readJson(path, longestFile);
  if (value === undefined) return readHuggingFace(join(folder, tokenizerFile), special);
  const parsed = ownTokenizer.safeParse(value);
  if (!parsed.success) throw new UnusableCheckpointError(`${path}: is no tokenizer of ${schemaName}`);
  return describedTokenizer(parsed.data, path);
}

function describedTokenizer(description: OwnTokenizerDescription, path: string): Tokenizer {
  try {
    if (description.kind === "bytes") return byteTokenizer();
    if (description.kind === "characters") return characterTokenizer(description.characters);
    return numeralTokenizer(description.largest);
  } catch (error) {
    throw new UnusableCheckpointError(`${path}: ${(error as Error).message}`);
  }
}

/**
 * The tokenizer in a tokenizer.json of Hugging Face's, with the special tokens of the tokenizer_config.json beside it.
 *
 * @throws UnusableCheckpointError naming the file that is missing or cannot be used.
 */
export async function tokenizerFromFile(path: string): Promise<Tokenizer> {
  const ours = basename(path) === ownTokenizerFile;
  const tokenizer = ours ? await readTokenizer(dirname(path)) : await readHuggingFace(path);
  if (tokenizer === undefined) throw new UnusableCheckpointError(`${path}: no such file`);
  return tokenizer;
}

async function readHuggingFace(path: string, special?: SpecialTokenIds): Promise<Tokenizer | undefined> {
  const json = await readJson(path, longestFile);
  if (json === undefined) return undefined;
  const own = ownDescription(json);
  if (own !== undefined) return describedTokenizer(own, path);
  const config = await readJson(join(dirname(path), configFile), longestFile);
  return huggingFaceTokenizer({ json, config, special, place: path });
}

/**
 * The tokenizer that a configuration names: `bytes`, `characters` (of the corpus), `numerals:LARGEST`, or the path of a
 * tokenizer.json.
 *
 * @throws UnusableCheckpointError for another name.
 */
export async function tokenizerNamed(name: string, corpus: Iterable<string> = []): Promise<Tokenizer> {
  if (name === "bytes") return byteTokenizer();
  const largest = /^numerals:([0-9]{1,9})$/.exec(name)?.[1];
  if (largest !== undefined) return numeralTokenizer(Number(largest));
  if (name === "characters") {
    const characters = corpusCharacters(corpus);
    if (characters.length === 0) {
      throw new UnusableCheckpointError("tokenizer characters: the training corpus has no characters");
    }
    return characterTokenizer(characters);
  }
  if (name.endsWith(".json")) return tokenizerFromFile(name);
  throw new UnusableCheckpointError(
    `tokenizer ${JSON.stringify(name)}: must be bytes, characters, numerals:LARGEST or the path of a tokenizer.json`,
  );
}

/**
 * Throws UnusableCheckpointError unless the tokenizer's ids are the model's. Models of others may have more embeddings
 * than their tokenizer has ids, as they are often padded to a round number.
 */
export function checkTokenizer(tokenizer: Tokenizer, vocabularySize: number, place: string): void {
  const ids = tokenizer.vocabularySize;
  const mayBeFewer = tokenizer.description.kind === "hugging-face";
  if (ids === vocabularySize || (mayBeFewer && ids < vocabularySize)) return;
  throw new UnusableCheckpointError(
    `${place}: the tokenizer has ${ids} tokens, the model ${vocabularySize}: they do not belong together`,
  );
}
