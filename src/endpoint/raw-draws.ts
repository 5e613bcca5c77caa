/** Whether the log-probabilities that come with draws are the model's own or scaled by the temperature. */
import type { DrawSettings, Endpoint } from "./endpoint.ts";
import { trialFor } from "./trial.ts";

/** What the log-probabilities of draws are of. */
export type Rawness =
  /** The model's own, whatever the temperature. */
  | "raw"
  /** Of the distribution that was drawn from. */
  | "scaled"
  /** The server gives none, or nothing to compare with. */
  | "unknown";

const trials = 8;
const tolerance = 0.02;

/** Draws single tokens at temperature 0.5 and scores them: raw log-probabilities agree. */
export async function rawDraws(endpoint: Endpoint, signal: AbortSignal): Promise<Rawness> {
  if (endpoint.likelihood === undefined) return "unknown";
  const { prompt, english } = await trialFor(endpoint, signal);
  const settings: DrawSettings = { temperature: 0.5, maxTokens: 1 };
  let compared = 0;
  for (let seed = 0; seed < trials; seed += 1) {
    const draw = await endpoint.sampler.sample({ prompt, settings, seed }, signal);
    const own = draw.tokenLogProbabilities?.[0];
    if (own === undefined || (english && (draw.text === "" || draw.text.includes("\ufffd")))) continue;
    const response = english ? { text: draw.text } : { tokens: draw.tokens ?? [] };
    const scored = await endpoint.likelihood.score({ prompt, response }, signal);
    // A token that the tokeniser would not write this way cannot be compared by its text.
    if (scored.tokenCount !== 1 || scored.straddling > 0) continue;
    if (Math.abs(scored.logProbability - own) > tolerance) return "scaled";
    compared += 1;
  }
  return compared > 0 ? "raw" : "unknown";
}

/** True where draws come from the model itself, so that every server's log-probabilities are the model's own. */
export function drawsFromModel(settings: DrawSettings): boolean {
  const { temperature, topP = 1, topK = 0, minP = 0 } = settings;
  return temperature === 1 && topP === 1 && topK === 0 && minP === 0;
}
