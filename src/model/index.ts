/** Language models on the engine: what training and decoding need of one, and the transformer. */
export {
  huggingFaceConfig,
  type SpecialTokenIds,
  transformerConfigFromHuggingFace,
} from "./checkpoint-config.ts";
export { UnusableCheckpointError } from "./checkpoint-error.ts";
export type { LanguageModel } from "./language-model.ts";
export {
  type LinearClass,
  type LinearClassDefinition,
  type LinearExample,
  linearClass,
} from "./linear.ts";
export {
  inherentVariance,
  type LinearPolicy,
  linearCoverage,
  linearDivergence,
  responseAt,
  responseLogProbabilities,
  type WeightedPrompt,
} from "./linear-enumeration.ts";
export { linearBatch, linearLanguageModel } from "./linear-language-model.ts";
export {
  checkTransformerConfig,
  gpt2Initialisation,
  type Initialisation,
  initialParameters,
  parameterShapes,
  scaledInitialisation,
  transformerModel,
} from "./transformer.ts";
export type { TransformerConfig } from "./transformer-config.ts";
