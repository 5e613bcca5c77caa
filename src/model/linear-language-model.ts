/** The autoregressive linear class as a graph, so that update rules on graphs run on it. */
import { type NamedValues, shapeSize } from "../tensor/index.ts";
import type { LanguageModel } from "./language-model.ts";
import type { LinearClass, Tokens } from "./linear.ts";

/**
 * The class as a LanguageModel with the one parameter `theta` [dimension]. Its input is `features` [batch, length,
 * vocabulary, dimension], which `linearBatch` makes; log-odds are ⟨θ, φ⟩, and the hidden states are the features of all
 * tokens [batch, length, vocabulary · dimension].
 */
export function linearLanguageModel(sizes: {
  readonly dimension: number;
  readonly vocabularySize: number;
}): LanguageModel {
  const { dimension, vocabularySize } = sizes;
  return {
    parameterShapes: { theta: [dimension] },
    inputs: (graph, { batch, length }) => ({
      features: graph.input("features", [batch, length, vocabularySize, dimension]),
    }),
    forward(graph, parameters, inputs) {
      const features = inputs.features!;
      const [batch, length] = features.shape as [number, number];
      const rows = graph.reshape(features, [-1, dimension]);
      const products = graph.matmul(rows, graph.reshape(parameters.theta!, [dimension, 1]));
      return {
        logits: graph.reshape(products, [batch, length, vocabularySize]),
        hidden: graph.reshape(features, [batch, length, vocabularySize * dimension]),
      };
    },
  };
}

/**
 * The arrays of a batch: `features` [batch, length, vocabulary, dimension], `targets` int [batch, length] (each token of the
 * responses), `weights` [batch, length] (1 where there is one). Length is H; shorter responses are padded by zeros.
 *
 * @throws RangeError for a response longer than H.
 */
export function linearBatch<Prompt>(
  linear: LinearClass<Prompt>,
  examples: readonly { readonly prompt: Prompt; readonly response: Tokens }[],
): NamedValues {
  const { horizon, vocabularySize, dimension } = linear;
  const shape = [examples.length, horizon];
  const block = vocabularySize * dimension;
  const features = new Float64Array(shapeSize(shape) * block);
  const targets = new Int32Array(shapeSize(shape));
  const weights = new Float64Array(shapeSize(shape));
  examples.forEach(({ prompt, response }, row) => {
    if (response.length > horizon) {
      throw new RangeError(`response length is ${response.length}: must be at most H, ${horizon}`);
    }
    for (let position = 0; position < response.length; position++) {
      const at = row * horizon + position;
      linear.nextTokenFeatures(prompt, response, position, features.subarray(at * block, (at + 1) * block));
      targets[at] = response[position]!;
      weights[at] = 1;
    }
  });
  return {
    features: { shape: [...shape, vocabularySize, dimension], data: features },
    targets: { shape, data: targets },
    weights: { shape, data: weights },
  };
}
