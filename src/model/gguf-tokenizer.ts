/**
 * Tokenizers as GGUF describes them. llama.cpp has fixed kinds of tokenizer; ours are said in their terms: bytes as
 * byte-level BPE without merges; characters and numerals as unigrams of equal score, whose kind knows an unknown token:
 * the others throw inside llama.cpp at text that they cannot hold. Tokens of other kinds keep their ids, and a note says
 * that text is not tokenized alike.
 */
import type { GgufValue } from "./gguf-container.ts";
import { huggingFaceGgufTokenizer } from "./gguf-tokenizer-json.ts";
import { type GgufVocabulary, tokenType } from "./gguf-vocabulary.ts";
import { numeralSeparators } from "./numeral-tokenizer.ts";
import type { Tokenizer, TokenizerDescription } from "./tokenizer.ts";
import { byteCharacters, endOfSequenceText, paddingText } from "./tokenizer-json.ts";

/** The metadata of a tokenizer, of as many tokens as the model has; where there is none, ids only. */
export function ggufTokenizer(
  tokenizer: Tokenizer | undefined,
  vocabularySize: number,
): { readonly metadata: readonly (readonly [string, GgufValue])[]; readonly notes: readonly string[] } {
  const vocabulary =
    tokenizer === undefined ? bareVocabulary(vocabularySize) : vocabularyOf(tokenizer.description);
  const { tokens, types } = filled(vocabulary, vocabularySize);
  const { model, pre, scores, merges } = vocabulary;
  const end = tokenizer?.endOfSequence ?? tokenizer?.padding ?? tokenizer?.beginningOfSequence;
  const notes = [...vocabulary.notes];
  if (end === undefined) {
    notes.push(
      `no token ends a sequence, and llama.cpp needs one: it stops at token ${vocabularySize - 1} unless asked to ignore it (ignore_eos)`,
    );
  }
  // llama.cpp would take ids of Llama's or Falcon's vocabulary for these where they are absent.
  const stop = end ?? vocabularySize - 1;
  const metadata: [string, GgufValue][] = [
    ["model", { type: "string", value: model }],
    ...(pre === undefined ? [] : [["pre", { type: "string", value: pre }] as [string, GgufValue]]),
    ["tokens", { type: "strings", value: tokens }],
    ["token_type", { type: "int32s", value: types }],
    ...(scores === undefined
      ? []
      : [
          ["scores", { type: "float32s", value: paddedScores(scores, vocabularySize) }] as [
            string,
            GgufValue,
          ],
        ]),
    ...(merges === undefined ? [] : [["merges", { type: "strings", value: merges }] as [string, GgufValue]]),
    ["bos_token_id", { type: "uint32", value: tokenizer?.beginningOfSequence ?? stop }],
    ["eos_token_id", { type: "uint32", value: stop }],
    ["unknown_token_id", { type: "uint32", value: unknownToken(types) ?? stop }],
    ["padding_token_id", { type: "uint32", value: tokenizer?.padding ?? stop }],
    ["add_bos_token", { type: "bool", value: tokenizer?.addsBeginning ?? false }],
    ["add_eos_token", { type: "bool", value: false }],
    ["add_space_prefix", { type: "bool", value: vocabulary.addSpacePrefix }],
  ];
  return { metadata: metadata.map(([key, value]) => [`tokenizer.ggml.${key}`, value]), notes };
}

function vocabularyOf(description: TokenizerDescription): GgufVocabulary {
  switch (description.kind) {
    case "bytes":
      return {
        model: "gpt2",
        pre: "gpt-2",
        tokens: [...byteCharacters, endOfSequenceText],
        types: [...byteCharacters.map(() => tokenType.normal), tokenType.control],
        merges: [],
        addSpacePrefix: false,
        notes: [],
      };
    case "characters":
      return characterVocabulary(description.characters);
    case "numerals":
      return numeralVocabulary(description.largest);
    case "hugging-face":
      return huggingFaceGgufTokenizer(description.json);
  }
}

/** SentencePiece, of whose kinds unigrams are one, writes a space so. */
const space = "▁";

function characterVocabulary(characters: readonly string[]): GgufVocabulary {
  const hasBoth = characters.includes(" ") && characters.includes(space);
  const text = (character: string): string => {
    if (character === " ") return space;
    return hasBoth && character === space ? "<U+2581>" : character;
  };
  return {
    model: "t5",
    tokens: [...characters.map(text), endOfSequenceText],
    types: [...characters.map(() => tokenType.normal), tokenType.control],
    scores: [...characters, ""].map(() => 0),
    addSpacePrefix: false,
    notes: [
      "where lmcov refuses a character that is not in the vocabulary, llama.cpp puts the end-of-sequence token",
      ...(hasBoth ? [`llama.cpp takes ${space} in a text for a space`] : []),
    ],
  };
}

function numeralVocabulary(largest: number): GgufVocabulary {
  const numerals = Array.from({ length: largest }, (_, index) => String(index + 1));
  const words = [...numerals, ...numeralSeparators];
  return {
    model: "t5",
    tokens: [paddingText, ...words.map((word) => space + word)],
    types: [tokenType.control, ...words.map(() => tokenType.normal)],
    scores: [0, ...words.map(() => 0)],
    // Every word follows a space; the first one is given one.
    addSpacePrefix: true,
    notes: [
      `llama.cpp needs numerals and separators set apart by single spaces, and puts ${paddingText} where lmcov refuses a text`,
    ],
  };
}

function bareVocabulary(size: number): GgufVocabulary {
  return {
    model: "t5",
    tokens: Array.from({ length: size }, (_, id) => `<${id}>`),
    types: Array.from({ length: size }, () => tokenType.normal),
    scores: Array.from({ length: size }, () => 0),
    addSpacePrefix: false,
    notes: ["the checkpoint has no tokenizer: llama.cpp can be given token ids, and no text"],
  };
}

/** As many tokens as the model has embeddings, no two of one text. */
function filled(vocabulary: GgufVocabulary, size: number): { tokens: string[]; types: number[] } {
  const taken = new Set<string>();
  const tokens: string[] = [];
  const types: number[] = [];
  for (let id = 0; id < size; id++) {
    const text = vocabulary.tokens[id];
    const isFree = text !== undefined && !taken.has(text);
    tokens.push(isFree ? text : `[PAD${id}]`);
    types.push(isFree ? (vocabulary.types[id] ?? tokenType.normal) : tokenType.unused);
    taken.add(tokens[id] as string);
  }
  return { tokens, types };
}

const paddedScores = (scores: readonly number[], size: number): number[] =>
  Array.from({ length: size }, (_, id) => scores[id] ?? 0);

function unknownToken(types: readonly number[]): number | undefined {
  const found = types.indexOf(tokenType.unknown);
  return found < 0 ? undefined : found;
}
