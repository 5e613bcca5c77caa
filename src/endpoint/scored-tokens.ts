/** From log-probabilities of tokens to a scored response. */
import { longestToken } from "../record/index.ts";
import type { Answer } from "./answer.ts";
import { type Boundary, boundaryByTokens } from "./boundary.ts";
import type { ScoredResponse } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";

/** The sum with the count it stands on; a NaN or a positive value never gets here, an empty list throws. */
export function scoredResponse(
  tokenLogProbabilities: readonly number[],
  straddling: number,
  address: string,
  tokenTexts?: readonly string[] | undefined,
): ScoredResponse {
  const tokenCount = tokenLogProbabilities.length;
  let logProbability = 0;
  for (const value of tokenLogProbabilities) logProbability += value;
  if (tokenCount === 0 || Number.isNaN(logProbability)) {
    throw new EndpointError("answer", `${address}: no log-probability for the response`);
  }
  const texts = tokenTexts?.length === tokenCount ? { tokenTexts } : {};
  return { logProbability, tokenLogProbabilities, tokenCount, straddling, ...texts };
}

/** The texts of tokens as a server tells them; undefined where it leaves one out, or tells what is no token's text. */
export function toldTexts(tokens: readonly (Answer | string | undefined)[]): readonly string[] | undefined {
  const texts = tokens.map((token) => (typeof token === "string" ? token : token?.raw));
  const known = (text: unknown): text is string => typeof text === "string" && text.length <= longestToken;
  return texts.every(known) ? texts : undefined;
}

/** Refuses what does not fit, by name, before the server truncates it. */
export function requireFit(input: {
  readonly tokens: number;
  readonly contextLength: number | undefined;
  readonly address: string;
  readonly what: string;
}): void {
  const { tokens, contextLength, address, what } = input;
  if (contextLength === undefined || tokens <= contextLength) return;
  throw new EndpointError(
    "too long",
    `${address}: ${what} is ${tokens} tokens long: the model's context holds ${contextLength}`,
  );
}

/** The first token of a sequence has no log-probability: something must precede the response. */
export function requirePrecedent(first: number, address: string): void {
  if (first > 0) return;
  throw new EndpointError(
    "unsupported",
    `${address}: nothing precedes the response's first token: the prompt is empty and no beginning-of-sequence token is added`,
  );
}

/** Tokens of a prompt that a tokeniser may draw into one that reaches into the response: of one word, or a run of spaces. */
const mostStraddling = 16;

/**
 * `boundaryByTokens` of what a server said of the prompt and of the whole. More tokens of the prompt than could merge
 * into the response mean that one of the two was said of another text; `forget` drops what is kept of it.
 */
export function servedBoundary(
  tokens: { readonly joint: readonly number[]; readonly prompt: readonly number[] },
  { address, forget }: { readonly address: string; readonly forget?: (() => void) | undefined },
): Boundary {
  const boundary = boundaryByTokens(tokens);
  if (boundary.straddling <= mostStraddling) return boundary;
  forget?.();
  throw new EndpointError(
    "answer",
    `${address}: the tokens told of the prompt are not those that prompt and response begin with: ${boundary.straddling} of its ${tokens.prompt.length} differ`,
  );
}

/** The tokens that a server tells of a text; none of a text that is not empty is no answer. */
export function requireTokens<Tokens extends readonly unknown[]>(
  tokens: Tokens,
  { text, place }: { readonly text: string; readonly place: string },
): Tokens {
  if (text === "" || tokens.length > 0) return tokens;
  throw new EndpointError("answer", `${place}: tells no tokens of a text that is not empty`);
}
