/** Models behind servers, files and folders under one face: what draws, what scores, and whether the numbers are right. */
export { type Boundary, boundaryByOffsets, boundaryByTokens } from "./boundary.ts";
export { type CanaryResult, canary } from "./canary.ts";
export type {
  Draw,
  DrawRequest,
  DrawSettings,
  Endpoint,
  EndpointFacts,
  EndpointKind,
  Likelihood,
  LocalKind,
  Message,
  Prompt,
  Sampler,
  SamplingEndpoint,
  ScoredResponse,
  ScoreRequest,
  ScoringEndpoint,
  ServerKind,
} from "./endpoint.ts";
export { EndpointError, type EndpointFault } from "./endpoint-error.ts";
export { type EndpointOptions, endpointFor } from "./endpoint-for.ts";
export {
  type DrawRows,
  drawRows,
  drawSeed,
  type LikelihoodRowInput,
  likelihoodRow,
  recordedSampling,
  straddlingMark,
} from "./endpoint-rows.ts";
export { HttpClient, type HttpClientOptions, serverAddress } from "./http-client.ts";
export { inParallel, inTurns } from "./in-parallel.ts";
export type { LlamaRoute } from "./llama-routes.ts";
export { type ModelSpec, modelSpecs } from "./model-spec.ts";
export { openingWaits, type Patience, patiently } from "./patience.ts";
export { type PromptForm, promptForm, promptFromText, promptOf, promptText } from "./prompt-text.ts";
export { drawsAsScored, drawsFromModel, type Rawness, rawDraws } from "./raw-draws.ts";
export { type SampleFit, type SampleFitOptions, sampleFit } from "./sample-fit.ts";
export { Secret, secretFor } from "./secret.ts";
export { type ServerSigns, serverKind, serverKinds } from "./server-kind.ts";
export { type Trial, trialFor } from "./trial.ts";
