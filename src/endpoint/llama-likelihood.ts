/** Log-probabilities of given responses from a llama.cpp server, which cannot echo: three routes to the same numbers. */
import { Answer } from "./answer.ts";
import { boundaryByTokens } from "./boundary.ts";
import type { EndpointFacts, Likelihood, ScoreRequest } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { rawScores } from "./llama-settings.ts";
import type { LlamaTokenizer } from "./llama-tokenizer.ts";
import { requireFit, scoredResponse } from "./scored-tokens.ts";

/**
 * `grammar`: one call, whose grammar lists the response's tokens by id. `steps`: a call a token, forced by a bias on
 * its logit. `vocabulary`: a call a token that lists the whole vocabulary, which every version answers.
 */
export type LlamaRoute = "grammar" | "steps" | "vocabulary";

interface LlamaScoring {
  readonly client: HttpClient;
  readonly tokenizer: LlamaTokenizer;
  readonly facts: EndpointFacts;
}

type TokenScores = (
  input: { readonly prompt: readonly number[]; readonly response: readonly number[] },
  signal: AbortSignal,
) => Promise<number[]>;

/** How the server chooses a token does not touch the log-probability it reports: all three read it before sampling. */
const strongBias = 1e5;

/**
 * Scores by the route asked for, else by the first of `grammar`, `steps` that gives what `vocabulary` gives on a
 * short text, else by `vocabulary`.
 */
export async function llamaLikelihood(
  input: LlamaScoring & { readonly route: LlamaRoute | undefined },
  signal: AbortSignal,
): Promise<Likelihood> {
  const { tokenizer, facts, client } = input;
  const routes: Readonly<Record<LlamaRoute, TokenScores>> = {
    grammar: (tokens, abort) => byGrammar(client, tokens, abort),
    steps: (tokens, abort) => bySteps(client, tokens, abort),
    vocabulary: (tokens, abort) => byVocabulary(input, tokens, abort),
  };
  const route = input.route ?? (await agreeingRoute(routes, tokenizer, signal));
  const scores = routes[route];
  const bos = tokenizer.beginningOfSequence === null ? "no BOS" : "BOS added";
  return {
    method: `llama.cpp server, ${route}, raw, ${bos}, no end token`,
    async score(request, abort) {
      const { prompt, response, straddling } = await tokensOf(request, tokenizer, abort);
      // The server wants room for one token beyond what it predicts.
      requireFit({
        tokens: prompt.length + response.length,
        contextLength: facts.contextLength,
        address: client.address,
        what: "prompt and response",
      });
      return scoredResponse(await scores({ prompt, response }, abort), straddling, client.address);
    },
  };
}

async function tokensOf(request: ScoreRequest, tokenizer: LlamaTokenizer, signal: AbortSignal) {
  const prompt =
    "tokens" in request.prompt
      ? request.prompt.tokens
      : await tokenizer.promptTokens(request.prompt.text, signal);
  if ("tokens" in request.response)
    return checked({ prompt, response: request.response.tokens, straddling: 0 });
  if ("tokens" in request.prompt) {
    throw new EndpointError("refused", "a prompt of token ids is scored with a response of token ids");
  }
  const joint = await tokenizer.jointTokens(request.prompt.text + request.response.text, signal);
  const { first, straddling } = boundaryByTokens({ joint, prompt });
  return checked({ prompt: joint.slice(0, first), response: joint.slice(first), straddling });
}

function checked<Tokens extends { prompt: readonly number[]; response: readonly number[] }>(
  tokens: Tokens,
): Tokens {
  if (tokens.response.length === 0)
    throw new EndpointError("refused", "the response is empty: nothing to score");
  if (tokens.prompt.length === 0) {
    throw new EndpointError(
      "refused",
      "the prompt is empty and the model has no beginning-of-sequence token: nothing precedes the first token",
    );
  }
  return tokens;
}

const complete = async (
  client: HttpClient,
  body: object,
  signal: AbortSignal,
): Promise<readonly Answer[]> => {
  const answer = await client.post("/completion", { ...rawScores, ...body }, signal);
  return new Answer(answer, `${client.address}/completion`).at("completion_probabilities").items();
};

/** The log-probability of `token` at one position; another token there means that forcing it did not work. */
function forced(position: Answer | undefined, token: number): number {
  const found = position?.at("id").raw;
  if (position === undefined || found !== token) {
    throw new EndpointError("answer", `token ${found} in place of ${token}, which was forced`);
  }
  return position.at("logprob").logProbability();
}

const byGrammar = async (
  client: HttpClient,
  { prompt, response }: { prompt: readonly number[]; response: readonly number[] },
  signal: AbortSignal,
): Promise<number[]> => {
  const grammar = `root ::= ${response.map((token) => `<[${token}]>`).join(" ")}`;
  const positions = await complete(client, { prompt, n_predict: response.length, grammar }, signal);
  if (positions.length !== response.length) {
    throw new EndpointError(
      "answer",
      `${client.address}: ${positions.length} tokens in place of ${response.length}`,
    );
  }
  return response.map((token, index) => forced(positions[index], token));
};

const bySteps = async (
  client: HttpClient,
  { prompt, response }: { prompt: readonly number[]; response: readonly number[] },
  signal: AbortSignal,
): Promise<number[]> => {
  const scores: number[] = [];
  for (const [index, token] of response.entries()) {
    const before = [...prompt, ...response.slice(0, index)];
    const body = { prompt: before, n_predict: 1, logit_bias: [[token, strongBias]] };
    scores.push(forced((await complete(client, body, signal))[0], token));
  }
  return scores;
};

const byVocabulary = async (
  { client, facts }: LlamaScoring,
  { prompt, response }: { prompt: readonly number[]; response: readonly number[] },
  signal: AbortSignal,
): Promise<number[]> => {
  const n_probs = facts.vocabularySize;
  if (n_probs === undefined) {
    throw new EndpointError("refused", `${client.address}: does not tell the size of its vocabulary`);
  }
  const scores: number[] = [];
  for (const [index, token] of response.entries()) {
    const before = [...prompt, ...response.slice(0, index)];
    const [position] = await complete(client, { prompt: before, n_predict: 1, n_probs }, signal);
    const listed = position?.at("top_logprobs").items() ?? [];
    const entry = listed.find((item) => item.at("id").raw === token);
    if (entry === undefined) {
      throw new EndpointError(
        "answer",
        `${client.address}: token ${token} is not among the ${n_probs} listed`,
      );
    }
    scores.push(entry.at("logprob").logProbability());
  }
  return scores;
};

/** Text whose first token is likely in any model, then one that is not. */
const trial = { prompt: "Once upon a time", response: " there was a" };

async function agreeingRoute(
  routes: Readonly<Record<LlamaRoute, TokenScores>>,
  tokenizer: LlamaTokenizer,
  signal: AbortSignal,
): Promise<LlamaRoute> {
  const request = { prompt: { text: trial.prompt }, response: { text: trial.response } };
  const tokens = await tokensOf(request, tokenizer, signal);
  const expected = await routes.vocabulary(tokens, signal).catch(() => undefined);
  for (const route of ["grammar", "steps"] as const) {
    const scores = await routes[route](tokens, signal).catch(() => undefined);
    if (scores === undefined || scores.length !== tokens.response.length) continue;
    const far = scores.some((score, index) => Math.abs(score - (expected?.[index] ?? score)) > 1e-3);
    if (!far) return route;
  }
  if (expected === undefined) {
    throw new EndpointError(
      "refused",
      `${tokenizer.address}: no route to a log-probability works on this llama.cpp server`,
    );
  }
  return "vocabulary";
}
