/** llama.cpp's server: draws by `/completion`; scores token by token or in one call that a grammar forces. */
import { Answer, type JsonObject } from "./answer.ts";
import type { Draw, DrawRequest, EndpointFacts, Sampler, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { type LlamaRoute, llamaLikelihood } from "./llama-likelihood.ts";
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
  const likelihood = await llamaLikelihood({ client, tokenizer, facts, route: options.route }, signal);
  return {
    kind: "llama-server",
    address: client.address,
    model,
    facts,
    sampler: sampler(client, tokenizer),
    likelihood,
    close: async () => client.close(),
  };
}

async function factsOf(
  client: HttpClient,
  tokenizer: LlamaTokenizer,
  signal: AbortSignal,
): Promise<EndpointFacts> {
  const props = new Answer(await client.get("/props", signal), `${client.address}/props`);
  const defaults = props.at("default_generation_settings");
  const contextLength = defaults.at("n_ctx").numberOr(undefined);
  const models = new Answer(await client.find("/v1/models", signal), `${client.address}/v1/models`);
  const vocabularySize = models.at("data").at(0).at("meta").at("n_vocab").numberOr(undefined);
  const params = defaults.at("params").raw ?? defaults.raw;
  return {
    ...(contextLength !== undefined && { contextLength }),
    ...(vocabularySize !== undefined && { vocabularySize }),
    beginningOfSequence: tokenizer.beginningOfSequence,
    samplingDefaults: params as JsonObject,
    software: `llama.cpp ${props.at("build_info").textOr("")}`.trim(),
  };
}

function sampler(client: HttpClient, tokenizer: LlamaTokenizer): Sampler {
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
    return drawOf(new Answer(await client.post("/completion", body, signal), `${client.address}/completion`));
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

function drawOf(answer: Answer): Draw {
  const text = answer.at("content").text();
  const tokens = answer.at("tokens").tokens();
  const stopType = answer.at("stop_type").textOr("");
  const scored = answer.at("completion_probabilities").items();
  const byToken = scored.map((item) => ({
    id: item.at("id").count(),
    logProbability: item.at("logprob"),
  }));
  // A stop text cuts tokens from the text; the log-probabilities of what was cut are not the response's.
  const promptTokens = answer.at("tokens_evaluated").numberOr(0) ?? 0;
  if (stopType === "word") return { text, promptTokens, tokenCount: tokens.length, finishReason: "stop" };
  const known = byToken.length === tokens.length && byToken.every(({ id }, index) => id === tokens[index]);
  if (!known) {
    throw new EndpointError("answer", `${tokens.length} tokens beside ${byToken.length} log-probabilities`);
  }
  // The end token is listed and is not in the text.
  const length = stopType === "eos" ? tokens.length - 1 : tokens.length;
  return {
    text,
    promptTokens,
    tokens: tokens.slice(0, length),
    tokenCount: length,
    tokenLogProbabilities: byToken
      .slice(0, length)
      .map(({ logProbability }) => logProbability.logProbability()),
    finishReason: stopType === "limit" ? "length" : "stop",
  };
}
