/** Sizes of a GPT-2-like transformer. */
export interface TransformerConfig {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** The output head is the token embedding. */
  readonly tiedEmbeddings: boolean;
  readonly layerNormEpsilon: number;
}
