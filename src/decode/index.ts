/** Decoding as composition: filters on log-probabilities, a chooser that takes a generator, decoders that wrap decoders. */
export { type BestOfN, bestOfN, chosenByReward } from "./best-of-n.ts";
export { cachedDecoder } from "./cached-decoder.ts";
export type { CachedModel, CachedOutput, KeysAndValues } from "./cached-model.ts";
export type { CachedSource } from "./cached-programs.ts";
export { cachedTransformer } from "./cached-transformer.ts";
export {
  type CheckpointModel,
  type CheckpointModelOptions,
  checkpointModel,
  type TestTimeTraining,
  UnusableModelError,
} from "./checkpoint-model.ts";
export { chooseToken } from "./chooser.ts";
export type { Decoder, DecodingBatch, TokenIds } from "./decoder.ts";
export {
  composed,
  type Filter,
  type FilterSettings,
  logSoftmax,
  minP,
  samplingFilter,
  temperature,
  topK,
  topP,
} from "./filters.ts";
export { forwardDecoder } from "./forward-decoder.ts";
export { forwardScorer, readingScorer, type Scorer } from "./forward-scorer.ts";
export { type GenerateOptions, type Generation, type GenerationRequest, generate } from "./generate.ts";
export { headSteppingDecoder } from "./head-decoder.ts";
export { type HeadProjection, HeadSteps, type HeadStepsOptions } from "./head-steps.ts";
export { type LinearModel, type LinearTestTimeTraining, linearDecoder } from "./linear-decoder.ts";
export type { LoadedModel } from "./model-programs.ts";
export { mostProbable, type TokenAlternative } from "./most-probable.ts";
export { type PrefixModel, type PrefixPrediction, prefixDecoder } from "./prefix-decoder.ts";
export {
  type ScoredResponse,
  type ScoreOptions,
  type ScoringRequest,
  scoreByReading,
} from "./score.ts";
export { steppingDecoder } from "./stepping-decoder.ts";
