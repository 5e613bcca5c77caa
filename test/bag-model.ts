/** A small language model that is no transformer: hidden = tanh(Σ embeddings so far · W), with a head of its own. */
import type { LoadedModel } from "../src/decode/index.ts";
import type { LanguageModel } from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import { type Executor, type NamedValues, shapeSize } from "../src/tensor/index.ts";

const sizes = { vocabularySize: 7, width: 6, contextLength: 24 };

const model: LanguageModel = {
  parameterShapes: {
    embedding: [sizes.vocabularySize, sizes.width],
    mixing: [sizes.width, sizes.width],
    head: [sizes.vocabularySize, sizes.width],
  },
  inputs: (graph, { batch, length }) => ({ tokens: graph.input("tokens", [batch, length], "int") }),
  forward(graph, parameters, inputs) {
    const embedded = graph.gather(parameters.embedding!, inputs.tokens!);
    const hidden = graph.tanh(graph.matmul(graph.cumulativeSum(embedded, { axis: 1 }), parameters.mixing!));
    return { hidden, logits: graph.matmul(hidden, graph.transpose(parameters.head!)) };
  },
};

const parameters: NamedValues = Object.fromEntries(
  Object.entries(model.parameterShapes).map(([name, shape]) => {
    const generator = randomGenerator(`bag model/${name}`);
    return [
      name,
      { shape, data: Float64Array.from({ length: shapeSize(shape) }, () => generator.normal() / 2) },
    ];
  }),
);

export const bagModel = (executor: Executor): LoadedModel => ({
  model,
  parameters,
  executor,
  vocabularySize: sizes.vocabularySize,
  contextLength: sizes.contextLength,
});
