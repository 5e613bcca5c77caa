/** What everything passes through: the four row types, their validation, and hashes of sampling settings. */
export { InputError } from "./input-error.ts";
export { type ListedTokens, responseTokens } from "./response-tokens.ts";
export type {
  Count,
  DrawKey,
  Likelihood,
  Outcome,
  Provenance,
  Response,
  ResponseRole,
  Row,
  RowBase,
  StoppingRule,
  Verdict,
} from "./rows.ts";
export { cameWithDraw, checkpointName } from "./rows.ts";
export {
  canonicalJson,
  describeSampling,
  type SamplingSettings,
  samplingHash,
  shortHash,
} from "./sampling.ts";
export { longestToken, parseRow, rowSchema, samplingSchema, stoppingRuleSchema } from "./schema.ts";
