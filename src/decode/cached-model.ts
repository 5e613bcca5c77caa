/** What generation with a cache needs of a model, as graphs; the cached decoder owns the numbers. */
import type { Graph, NamedShapes, NamedTensors, Tensor } from "../tensor/index.ts";

/** A layer's keys and values. */
export interface KeysAndValues {
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** A transformer as generation with a key-value cache needs it: reading prompts and one token more, as graphs. */
export interface CachedModel {
  readonly parameterShapes: NamedShapes;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /**
   * Reads whole prompts: tokens [batch, length] padded on the right, and the flat index of each prompt's last token
   * [batch]. Gives what comes after the last token, and each layer's keys and values [batch, heads, length, width/heads].
   */
  prefill(
    graph: Graph,
    parameters: NamedTensors,
    inputs: { readonly tokens: Tensor; readonly last: Tensor },
  ): CachedOutput;
  /**
   * Reads one more token of each row: tokens and positions [batch], each layer's cache [batch, heads, time, width/heads],
   * and a mask [batch, 1, time] to add, −∞ where a row has no entry. Keys and values come out as
   * [batch, heads, 1, width/heads].
   */
  step(
    graph: Graph,
    parameters: NamedTensors,
    inputs: {
      readonly tokens: Tensor;
      readonly positions: Tensor;
      readonly mask: Tensor;
      readonly cache: readonly KeysAndValues[];
    },
  ): CachedOutput;
}

/** What either graph of a cached model gives. */
export interface CachedOutput {
  /** Log-odds of the next token [batch, vocabulary]. */
  readonly logits: Tensor;
  /** Last hidden states [batch, width]. */
  readonly hidden: Tensor;
  readonly layers: readonly KeysAndValues[];
}
