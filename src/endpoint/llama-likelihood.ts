/** Log-probabilities of given responses from a llama.cpp server: the tokens, the route, and what does not fit. */
import type { EndpointFacts, Likelihood, ScoreRequest } from "./endpoint.ts";
import { EndpointError, notOfText } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import type { GivenTokens, LlamaRoute, LlamaRoutes, TokenScores } from "./llama-routes.ts";
import type { LlamaTokenizer } from "./llama-tokenizer.ts";
import { requireFit, scoredResponse, servedBoundary } from "./scored-tokens.ts";

interface LlamaScoring {
  readonly client: HttpClient;
  readonly tokenizer: LlamaTokenizer;
  readonly facts: EndpointFacts;
  readonly routes: LlamaRoutes;
}

/**
 * Scores by the route asked for, else by the first of `grammar`, `steps` that gives what `vocabulary` gives for a
 * few tokens, else by `vocabulary`.
 */
export async function llamaLikelihood(
  input: LlamaScoring & { readonly route: LlamaRoute | undefined },
  signal: AbortSignal,
): Promise<Likelihood> {
  const { tokenizer, facts, client, routes } = input;
  const route = input.route ?? (await agreeingRoute(input, signal));
  const bos = tokenizer.beginningOfSequence === null ? "no BOS" : "BOS added";
  const scored = async (tokens: GivenTokens & { readonly straddling: number }, abort: AbortSignal) => {
    const { prompt, response, straddling } = checked(tokens);
    // The server wants room for one token beyond what it predicts.
    requireFit({
      tokens: prompt.length + response.length,
      contextLength: facts.contextLength,
      address: client.address,
      what: "prompt and response",
    });
    const scores = await routes[route]({ prompt, response }, abort);
    return scoredResponse(scores, straddling, client.address, tokenizer.textsOf(response));
  };
  return {
    method: `llama.cpp server, ${route}, raw, ${bos}, no end token`,
    score: async (request, abort) => scored(await tokensOf(request, tokenizer, abort), abort),
    async scoreConversation({ messages, response }, abort) {
      const prompt = await tokenizer.templated(messages, abort);
      const joint = await tokenizer.templated(messages, abort, response);
      return scored(split({ joint, prompt }, { address: client.address }), abort);
    },
  };
}

async function tokensOf(request: ScoreRequest, tokenizer: LlamaTokenizer, signal: AbortSignal) {
  const prompt =
    "tokens" in request.prompt
      ? request.prompt.tokens
      : await tokenizer.promptTokens(request.prompt.text, signal);
  if ("tokens" in request.response) return { prompt, response: request.response.tokens, straddling: 0 };
  if ("tokens" in request.prompt) {
    const joint = await tokenizer.tokensAfter(prompt, request.response.text, signal);
    if (joint === undefined) throw notOfText();
    return split({ joint, prompt }, { address: tokenizer.address });
  }
  const { text } = request.prompt;
  const joint = await tokenizer.jointTokens(text + request.response.text, signal);
  return split({ joint, prompt }, { address: tokenizer.address, forget: () => tokenizer.forget(text) });
}

function split(...[tokens, from]: Parameters<typeof servedBoundary>) {
  const { joint } = tokens;
  const { first, straddling } = servedBoundary(tokens, from);
  return { prompt: joint.slice(0, first), response: joint.slice(first), straddling };
}

function checked<Tokens extends { prompt: readonly number[]; response: readonly number[] }>(
  tokens: Tokens,
): Tokens {
  if (tokens.response.length === 0)
    throw new EndpointError("unsupported", "the response is empty: nothing to score");
  if (tokens.prompt.length === 0) {
    throw new EndpointError(
      "unsupported",
      "the prompt is empty and the model has no beginning-of-sequence token: nothing precedes the first token",
    );
  }
  return tokens;
}

/** Improbable in any model, so that a log-probability of another position or after sampling stands out. */
const trial = { prompt: "Once upon a time", response: " xqz jumps banana 42" };
/** Nats a token: far above what caches in half precision and other batches make, far below a wrong position. */
const tolerance = 0.1;
const trialTokens = 5;

async function agreeingRoute(input: LlamaScoring, signal: AbortSignal): Promise<LlamaRoute> {
  const { routes, facts, client } = input;
  const given = await trialOf(input, signal);
  const expected = facts.vocabularySize === undefined ? undefined : await routes.vocabulary(given, signal);
  const agrees = async (scores: TokenScores): Promise<boolean> => {
    const found = await scores(given, signal).catch((error: unknown) => {
      if (error instanceof EndpointError && error.fault !== "connection") return undefined;
      throw error;
    });
    if (found?.length !== given.response.length) return false;
    return found.every((score, index) => Math.abs(score - (expected?.[index] ?? score)) < tolerance);
  };
  // Steps first: the grammar is tried with tokens that they have shown to be plain, and with no other.
  if (await agrees(routes.steps)) return (await agrees(routes.grammar)) ? "grammar" : "steps";
  if (expected !== undefined) return "vocabulary";
  throw new EndpointError(
    "refused",
    `${client.address}: no route to a log-probability works on this llama.cpp server`,
  );
}

/**
 * A few plain tokens after a prompt, of a text where the vocabulary has it, else from all over the vocabulary; the prompt's end is
 * left out where the context does not hold both and the one token beyond them that the server wants room for.
 */
async function trialOf(
  { tokenizer, routes, facts }: LlamaScoring,
  signal: AbortSignal,
): Promise<GivenTokens> {
  const whole = await tokenizer.promptTokens(trial.prompt, signal);
  const room = (facts.contextLength ?? Number.POSITIVE_INFINITY) - 1;
  const prompt = whole.slice(0, Math.max(1, room - trialTokens));
  const most = Math.max(1, Math.min(trialTokens, room - prompt.length));
  const texts = await tokenizer.jointTokens(trial.response, signal);
  const size = facts.vocabularySize ?? 0;
  const spread = Array.from({ length: size === 0 ? 0 : 32 }, (_, index) => Math.floor((size * index) / 32));
  const response: number[] = [];
  for (const token of new Set([...texts, ...spread])) {
    if (response.length === most) break;
    response.push(...(await routes.plainOf([token], prompt, signal)));
  }
  // A model without one whole-text token is scored by what the server answers for any.
  return { prompt, response: response.length > 0 ? response : spread.slice(1, 1 + Math.min(2, most)) };
}
