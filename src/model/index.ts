/** Language models on the engine: what training and decoding need of one, and the transformer. */

export { byteTokenizer } from "./byte-tokenizer.ts";
export { characterTokenizer, corpusCharacters } from "./character-tokenizer.ts";
export { type Checkpoint, parameterCount, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
export {
  huggingFaceConfig,
  type SpecialTokenIds,
  transformerConfigFromHuggingFace,
} from "./checkpoint-config.ts";
export { UnusableCheckpointError } from "./checkpoint-error.ts";
export { type OpenCheckpoint, openCheckpoint } from "./checkpoint-reader.ts";
export { type GgufExport, ggufName, writeGguf } from "./gguf.ts";
export { huggingFaceTokenizer } from "./hugging-face-tokenizer.ts";
export {
  countBucket,
  type ForwardPass,
  firstPosition,
  forwardFrom,
  type LanguageModel,
} from "./language-model.ts";
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
export { numeralSeparators, numeralTokenizer } from "./numeral-tokenizer.ts";
export { openSafetensors, type SafetensorsFile } from "./safetensors.ts";
export type { SafetensorsEntry, SafetensorsHeader, SafetensorsType } from "./safetensors-header.ts";
export { safetensorsHeader } from "./safetensors-header.ts";
export { fromHalf } from "./safetensors-numbers.ts";
export { writeSafetensors } from "./safetensors-writer.ts";
export { tokenTexts } from "./token-texts.ts";
export {
  checkTokens,
  continuationText,
  type OwnTokenizerDescription,
  type Tokenizer,
  type TokenizerDescription,
  type TokenPair,
  tokenizePair,
  tokenizePrompt,
} from "./tokenizer.ts";
export {
  checkTokenizer,
  readTokenizer,
  tokenizerFiles,
  tokenizerFromFile,
  tokenizerNamed,
} from "./tokenizer-files.ts";
export { type TrainingRecord, trainingRecord } from "./training-record.ts";
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
