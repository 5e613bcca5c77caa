/** What training, scoring and generation need of a model: its parameters' shapes and its forward pass as a graph. */
import type { Graph, NamedShapes, NamedTensors, Tensor } from "../tensor/index.ts";

export interface LanguageModel {
  readonly parameterShapes: NamedShapes;
  /** Inputs of one batch, such as tokens: int [batch, length]. */
  inputs(graph: Graph, shape: { readonly batch: number; readonly length: number }): NamedTensors;
  /** Log-odds of the next token before softmax [batch, length, vocabulary], and the last hidden states [batch, length, width]. */
  forward(
    graph: Graph,
    parameters: NamedTensors,
    inputs: NamedTensors,
  ): { readonly logits: Tensor; readonly hidden: Tensor };
}
