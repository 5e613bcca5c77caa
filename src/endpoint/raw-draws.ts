/** Whether the log-probabilities that come with draws are the model's own. */
import type { DrawSettings, Endpoint, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import { trialFor } from "./trial.ts";

/** What the log-probabilities of draws are of. */
export type Rawness =
  /** The model's own, whatever the temperature. */
  | "raw"
  /** Of the distribution that was drawn from: the model's own at temperature 1. */
  | "scaled"
  /** Not the model's own at temperature 1 either, such as logits. */
  | "other"
  /** The server gives none, or nothing to compare with. */
  | "unknown";

const trials = 8;
const tolerance = 0.02;

/**
 * Draws single tokens at temperature 1 and at 0.5 and scores them: log-probabilities that agree are the model's own.
 */
export async function rawDraws(endpoint: Endpoint, signal: AbortSignal): Promise<Rawness> {
  const usual = await drawsAsScored(endpoint, { temperature: 1, signal });
  if (usual === undefined) return "unknown";
  if (!usual) return "other";
  const cold = await drawsAsScored(endpoint, { temperature: 0.5, signal });
  return cold === undefined ? "unknown" : cold ? "raw" : "scaled";
}

/**
 * Whether a server's log-probabilities of draws at this temperature are those that it scores the same tokens with;
 * undefined where it cannot score, or gives none.
 */
export async function drawsAsScored(
  endpoint: Endpoint,
  { temperature, signal }: { readonly temperature: number; readonly signal: AbortSignal },
): Promise<boolean | undefined> {
  if (endpoint.likelihood === undefined) return undefined;
  const { prompt, english } = await trialFor(endpoint, signal);
  const settings: DrawSettings = { temperature, maxTokens: 1 };
  let compared = 0;
  for (let seed = 0; seed < trials; seed += 1) {
    const draw = await endpoint.sampler.sample({ prompt, settings, seed }, signal);
    const own = draw.tokenLogProbabilities?.[0];
    if (own === undefined || (english && (draw.text === "" || draw.text.includes("\ufffd")))) continue;
    if (!english && draw.tokens === undefined) continue;
    const response = english ? { text: draw.text } : { tokens: draw.tokens ?? [] };
    const scored = await scoreOf(endpoint, { prompt, response }, signal);
    if (scored === undefined) return undefined;
    // A token that the tokeniser would not write this way cannot be compared by its text.
    if (scored.tokenCount !== 1 || scored.straddling > 0) continue;
    if (Math.abs(scored.logProbability - own) > tolerance) return false;
    compared += 1;
  }
  return compared > 0 ? true : undefined;
}

/** Undefined where the server will not score. */
async function scoreOf(
  endpoint: ScoringEndpoint,
  request: Parameters<ScoringEndpoint["likelihood"]["score"]>[0],
  signal: AbortSignal,
) {
  try {
    return await endpoint.likelihood.score(request, signal);
  } catch (error) {
    const willNot = error instanceof EndpointError && ["refused", "unsupported"].includes(error.fault);
    if (willNot) return undefined;
    throw error;
  }
}

/** True where draws come from the model itself, so that log-probabilities scaled by the temperature are the model's own. */
export function drawsFromModel(settings: DrawSettings): boolean {
  const { temperature, topP = 1, topK = 0, minP = 0 } = settings;
  return temperature === 1 && topP === 1 && topK === 0 && minP === 0;
}
