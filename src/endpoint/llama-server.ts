/** llama.cpp's server: draws by `/completion`; scores token by token or in one call that a grammar forces. */
import { Answer, type JsonObject } from "./answer.ts";
import type { Draw, DrawRequest, EndpointFacts, Sampler, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { llamaLikelihood } from "./llama-likelihood.ts";
import { type LlamaRoute, LlamaRoutes } from "./llama-routes.ts";
import { switchedOff } from "./llama-settings.ts";
import { LlamaTokenizer } from "./llama-tokenizer.ts";

export interface LlamaServerOptions {
  readonly client: HttpClient;
  readonly model: string;
  readonly route?: LlamaRoute | undefined;
}

/** The endpoint at a llama.cpp server. Asks it for its context length, vocabulary and beginning-of-sequence token. */
export async function llamaServer(
  options: LlamaServerOptions,
  signal: AbortSignal,
): Promise<ScoringEndpoint> {
  const { client, model } = options;
  const tokenizer = await LlamaTokenizer.open(client, signal);
  const facts = await factsOf(client, tokenizer, signal);
  const candidates = await tokenizer.jointTokens("a 1", signal);
  const routes = new LlamaRoutes(client, { vocabularySize: facts.vocabularySize, candidates });
  const scoring = { client, tokenizer, facts, routes, route: options.route };
  const likelihood = await llamaLikelihood(scoring, signal);
  return {
    kind: "llama-server",
    address: client.address,
    model,
    facts,
    sampler: sampler({ client, tokenizer, routes }),
    likelihood,
    rounding: async (abort) => routes.rounding(await roundingTrial({ tokenizer, facts }, abort), abort),
    spelling: (text, abort) => tokenizer.spelling(text, abort),
    close: async () => client.close(),
  };
}

/** Caches differ visibly after some hundred tokens; the last few are scored. */
const roundingLength = 192;
const roundingScored = 16;

async function roundingTrial(
  { tokenizer, facts }: { readonly tokenizer: LlamaTokenizer; readonly facts: EndpointFacts },
  signal: AbortSignal,
) {
  const text = "Once upon a time, there was a dog. It xqz jumps banana 42 and says that the end is near.";
  const sentence = await tokenizer.jointTokens(text, signal);
  const length = Math.min(roundingLength, (facts.contextLength ?? roundingLength) - 1);
  const tokens = Array.from({ length }, (_, index) => sentence[index % sentence.length] as number);
  const first = Math.max(1, length - roundingScored);
  return { prompt: tokens.slice(0, first), response: tokens.slice(first) };
}

async function factsOf(
  client: HttpClient,
  tokenizer: LlamaTokenizer,
  signal: AbortSignal,
): Promise<EndpointFacts> {
  const props = new Answer(await client.get("/props", signal), `${client.address}/props`);
  const defaults = props.at("default_generation_settings");
  const contextLength = defaults.at("n_ctx").countOr(undefined);
  const models = new Answer(await client.find("/v1/models", signal), `${client.address}/v1/models`);
  const vocabularySize = models.at("data").at(0).at("meta").at("n_vocab").countOr(undefined);
  const params = (defaults.has("params") ? defaults.at("params") : defaults).raw;
  const isTold = typeof params === "object" && params !== null && !Array.isArray(params);
  return {
    ...(contextLength !== undefined && { contextLength }),
    ...(vocabularySize !== undefined && { vocabularySize }),
    beginningOfSequence: tokenizer.beginningOfSequence,
    ...(isTold && { samplingDefaults: params as JsonObject }),
    software: `llama.cpp ${props.at("build_info").textOr("")}`.trim(),
  };
}

interface LlamaDrawing {
  readonly client: HttpClient;
  readonly tokenizer: LlamaTokenizer;
  readonly routes: LlamaRoutes;
}

function sampler({ client, tokenizer, routes }: LlamaDrawing): Sampler {
  const draw = async (request: DrawRequest, fields: JsonObject, signal: AbortSignal): Promise<Draw> => {
    const { prompt, settings, seed } = request;
    const input =
      "messages" in prompt
        ? await tokenizer.templated(prompt.messages, signal)
        : "tokens" in prompt
          ? prompt.tokens
          : await tokenizer.promptTokens(prompt.text, signal);
    const body = {
      prompt: input,
      n_predict: settings.maxTokens,
      seed,
      stop: settings.stop ?? [],
      n_probs: 1,
      return_tokens: true,
      cache_prompt: true,
      ...fields,
    };
    const answer = new Answer(await client.post("/completion", body, signal), `${client.address}/completion`);
    return drawOf(answer, (before, token) => routes.listed([...input, ...before], token, signal));
  };
  return {
    switchedOff,
    sample(request, signal) {
      const { temperature, topP = 1, topK = 0, minP = 0 } = request.settings;
      const samplers = [
        ...(topK > 0 ? ["top_k"] : []),
        ...(topP < 1 ? ["top_p"] : []),
        ...(minP > 0 ? ["min_p"] : []),
        "temperature",
      ];
      const fields = { ...switchedOff, top_k: topK, top_p: topP, min_p: minP, temperature, samplers };
      return draw(request, { ...fields, post_sampling_probs: false }, signal);
    },
    sampleWithDefaults: (request, signal) => draw(request, {}, signal),
  };
}

/** The log-probability of a token after those drawn before it. */
type Missing = (before: readonly number[], token: number) => Promise<number>;

async function drawOf(answer: Answer, missing: Missing): Promise<Draw> {
  const text = answer.at("content").text();
  const drawn = answer.at("tokens").tokens();
  const stopType = answer.at("stop_type").textOr("");
  const promptTokens = answer.at("tokens_evaluated").countOr(0) ?? 0;
  // A stop text cuts tokens from the text; the log-probabilities of what was cut are not the response's.
  if (stopType === "word") return { text, promptTokens, tokenCount: drawn.length, finishReason: "stop" };
  // The end token is listed and is not in the text.
  const tokens = stopType === "eos" ? drawn.slice(0, -1) : drawn;
  const told = toldProbabilities(answer, drawn);
  const tokenLogProbabilities: number[] = [];
  for (const [index, token] of tokens.entries()) {
    tokenLogProbabilities.push(
      told[index]?.logProbability() ?? (await missing(tokens.slice(0, index), token)),
    );
  }
  return {
    text,
    promptTokens,
    tokens,
    tokenCount: tokens.length,
    tokenLogProbabilities,
    finishReason: stopType === "limit" ? "length" : "stop",
  };
}

/**
 * The log-probability beside each token. The server leaves out tokens that leave a character incomplete; what it
 * tells counts where the order of the tokens allows one place only.
 */
function toldProbabilities(answer: Answer, tokens: readonly number[]): (Answer | undefined)[] {
  // It leaves the list itself out where all tokens are such.
  const list = answer.at("completion_probabilities");
  const listed = list.raw === undefined ? [] : list.items();
  const ids = listed.map((item) => item.at("id").count());
  const first = placesInOrder(ids, tokens);
  const last = placesInOrder([...ids].reverse(), [...tokens].reverse()).reverse();
  if (first.length !== ids.length) {
    throw new EndpointError(
      "answer",
      `${ids.length} log-probabilities that are not of the ${tokens.length} tokens`,
    );
  }
  const told = new Array<Answer | undefined>(tokens.length).fill(undefined);
  first.forEach((place, index) => {
    const latest = tokens.length - 1 - (last[index] as number);
    if (place === latest) told[place] = listed[index]?.at("logprob");
  });
  return told;
}

/** The first place of each id among the tokens, in order; shorter than `ids` where they are not there in this order. */
function placesInOrder(ids: readonly number[], tokens: readonly number[]): number[] {
  const places: number[] = [];
  for (let place = 0; place < tokens.length && places.length < ids.length; place += 1) {
    if (tokens[place] === ids[places.length]) places.push(place);
  }
  return places;
}
