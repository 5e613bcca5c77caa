/** A transformer small enough for the float64 interpreter, with parameters that make its distributions uneven. */
import { type CachedSource, cachedTransformer, type LoadedModel } from "../src/decode/index.ts";
import { initialParameters, type TransformerConfig, transformerModel } from "../src/model/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import type { Executor, NamedValues } from "../src/tensor/index.ts";

export const smallConfig: TransformerConfig = {
  vocabularySize: 11,
  contextLength: 32,
  layers: 2,
  heads: 2,
  width: 8,
  tiedEmbeddings: false,
  layerNormEpsilon: 1e-5,
};

export const smallParameters: NamedValues = initialParameters(
  smallConfig,
  randomGenerator("small transformer"),
  {
    tokenEmbedding: 0.5,
    head: 0.7,
    matrix: "fan-in",
    position: 0.5,
  },
);

export const smallCached = (executor: Executor): CachedSource => ({
  model: cachedTransformer(smallConfig),
  parameters: smallParameters,
  executor,
});

export const smallTransformer = (executor: Executor): LoadedModel => ({
  model: transformerModel(smallConfig),
  parameters: smallParameters,
  executor,
  vocabularySize: smallConfig.vocabularySize,
  contextLength: smallConfig.contextLength,
});
