/** A vocabulary in llama.cpp's terms. */

/** llama.cpp's numbers of token types. */
export const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What a vocabulary needs in a GGUF file. */
export interface GgufVocabulary {
  /** Byte-level BPE, SentencePiece's BPE and SentencePiece's unigrams, by the names of models that had them first. */
  readonly model: "gpt2" | "llama" | "t5";
  /** How byte-level BPE cuts text before merging. */
  readonly pre?: string;
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly scores?: readonly number[];
  readonly merges?: readonly string[];
  readonly addSpacePrefix: boolean;
  readonly notes: readonly string[];
}
