/** Text Generation Inference: scores by `decoder_input_details`, draws by `/generate`. */
import { Answer, type JsonObject } from "./answer.ts";
import type { Draw, DrawRequest, Likelihood, Sampler, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { chatSampler } from "./openai-chat.ts";
import { Recent } from "./recent.ts";
import { requirePrecedent, scoredResponse, servedBoundary, toldTexts } from "./scored-tokens.ts";

/** An absent field is off; 1 is refused for top_p and 0 for top_k. There are no defaults of the model's folder. */
const switchedOff = {
  do_sample: true,
  top_p: null,
  top_k: null,
  typical_p: null,
  repetition_penalty: null,
  frequency_penalty: null,
  watermark: false,
  best_of: null,
} as const;

export interface TgiOptions {
  readonly client: HttpClient;
  readonly model: string;
}

export async function tgi(options: TgiOptions, signal: AbortSignal): Promise<ScoringEndpoint> {
  const { client, model } = options;
  const info = new Answer(await client.get("/info", signal), `${client.address}/info`);
  const contextLength = info.at("max_total_tokens").countOr(undefined);
  return {
    kind: "tgi",
    address: client.address,
    model,
    facts: {
      ...(contextLength !== undefined && { contextLength }),
      software: `TGI ${info.at("version").textOr("")}`.trim(),
    },
    sampler: sampler(options),
    likelihood: likelihood(client),
    close: async () => client.close(),
  };
}

function likelihood(client: HttpClient): Likelihood {
  const place = `${client.address}/generate`;
  const prompts = new Recent<readonly number[]>();
  return {
    method: "TGI prefill, raw, BOS by the tokeniser, no end token",
    async score({ prompt, response }, signal) {
      if ("tokens" in prompt || "tokens" in response) {
        throw new EndpointError("unsupported", `${place}: TGI takes texts and no token ids`);
      }
      const { text } = prompt;
      const idsOf = async () => (await prefill(client, text, signal)).map(({ id }) => id);
      const promptTokens = text === "" ? [] : await prompts.get(text, idsOf);
      const joint = await prefill(client, text + response.text, signal);
      const { first, straddling } = servedBoundary(
        { joint: joint.map(({ id }) => id), prompt: promptTokens },
        { address: place, forget: () => prompts.forget(text) },
      );
      requirePrecedent(first, place);
      const scores = joint.slice(first).map(({ score }) => score.logProbability());
      const texts = toldTexts(joint.slice(first).map(({ text: token }) => token));
      return scoredResponse(scores, straddling, place, texts);
    },
  };
}

async function prefill(client: HttpClient, inputs: string, signal: AbortSignal) {
  const parameters = {
    max_new_tokens: 1,
    do_sample: false,
    details: true,
    decoder_input_details: true,
    truncate: null,
  };
  const answer = new Answer(
    await client.post("/generate", { inputs, parameters }, signal),
    `${client.address}/generate`,
  );
  const items = answer.at("details").has("prefill") ? answer.at("details").at("prefill").items() : [];
  if (items.length === 0) {
    throw new EndpointError(
      "refused",
      `${client.address}/generate: no prefill log-probabilities: start the server with --enable-prefill-logprobs`,
    );
  }
  return items.map((item) => ({
    id: item.at("id").count(),
    score: item.at("logprob"),
    text: item.at("text"),
  }));
}

function sampler({ client, model }: TgiOptions): Sampler {
  const chat = chatSampler({ client, model, switchedOff: { presence_penalty: 0, frequency_penalty: 0 } });
  const draw = async (request: DrawRequest, fields: JsonObject, signal: AbortSignal): Promise<Draw> => {
    const { prompt, settings, seed } = request;
    if (!("text" in prompt))
      throw new EndpointError("unsupported", `${client.address}: TGI takes no token ids`);
    const parameters = {
      max_new_tokens: settings.maxTokens,
      seed,
      details: true,
      ...(settings.stop !== undefined && settings.stop.length > 0 && { stop: settings.stop }),
      ...fields,
    };
    const answer = await client.post("/generate", { inputs: prompt.text, parameters }, signal);
    return drawOf(new Answer(answer, `${client.address}/generate`));
  };
  return {
    switchedOff,
    sample(request, signal) {
      if ("messages" in request.prompt) return chat.sample(request, signal);
      const { temperature, topP = 1, topK = 0, minP = 0 } = request.settings;
      if (minP > 0) throw new EndpointError("unsupported", `${client.address}: TGI has no min-p`);
      const truncation = { ...(topP < 1 && { top_p: topP }), ...(topK > 0 && { top_k: topK }) };
      return draw(request, { ...switchedOff, ...truncation, temperature }, signal);
    },
    sampleWithDefaults: (request, signal) => draw(request, { do_sample: true }, signal),
  };
}

function drawOf(answer: Answer): Draw {
  const text = answer.at("generated_text").text();
  const details = answer.at("details");
  const reason = details.at("finish_reason").textOr("unknown");
  if (reason === "stop_sequence") return { text, finishReason: "stop" };
  const tokens = details.at("tokens").items();
  const kept = reason === "eos_token" ? tokens.slice(0, -1) : tokens;
  return {
    text,
    finishReason: reason === "length" ? "length" : "stop",
    tokens: kept.map((token) => token.at("id").count()),
    tokenCount: kept.length,
    tokenLogProbabilities: kept.map((token) => token.at("logprob").logProbability()),
    tokenTexts: toldTexts(kept.map((token) => token.at("text"))),
  };
}
