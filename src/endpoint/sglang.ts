/** SGLang's server: draws and scores by its native `/generate`, whose lists carry token ids. */
import { Answer } from "./answer.ts";
import type { Draw, DrawRequest, DrawSettings, Likelihood, Sampler, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError, notOfText } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { chatSampler } from "./openai-chat.ts";
import { Recent } from "./recent.ts";
import {
  requireFit,
  requirePrecedent,
  requireTokens,
  scoredResponse,
  servedBoundary,
  toldTexts,
} from "./scored-tokens.ts";

/** Sent with every request: else the model folder's generation_config.json decides. */
const switchedOff = {
  top_p: 1,
  top_k: -1,
  min_p: 0,
  repetition_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  min_new_tokens: 0,
  ignore_eos: false,
} as const;

export interface SglangOptions {
  readonly client: HttpClient;
  readonly model: string;
  readonly contextLength?: number | undefined;
}

interface InputToken {
  readonly id: number;
  readonly score: Answer;
  readonly text: Answer;
}

export async function sglang(options: SglangOptions, signal: AbortSignal): Promise<ScoringEndpoint> {
  const { client, model, contextLength } = options;
  const trials = [
    await inputTokens(client, { text: "a" }, signal),
    await inputTokens(client, { text: "b c" }, signal),
  ];
  const [one, other] = trials.map((tokens) => tokens.map(({ id }) => id)) as [number[], number[]];
  if (one.at(-1) === other.at(-1)) {
    throw new EndpointError(
      "refused",
      `${client.address}: the tokeniser puts a token after every text (${one.at(-1)}), which would be scored as the response's; score token ids`,
    );
  }
  const bos = one.length > 1 && one[0] === other[0] ? (one[0] as number) : null;
  return {
    kind: "sglang",
    address: client.address,
    model,
    facts: {
      ...(contextLength !== undefined && { contextLength }),
      beginningOfSequence: bos,
      software: "SGLang",
    },
    sampler: sampler(options),
    likelihood: likelihood(options, bos),
    close: async () => client.close(),
  };
}

function likelihood({ client, contextLength }: SglangOptions, bos: number | null): Likelihood {
  const place = `${client.address}/generate`;
  const prompts = new Recent<readonly number[]>();
  const idsOf = async (text: string, signal: AbortSignal): Promise<readonly number[]> =>
    requireTokens(
      (await inputTokens(client, { text }, signal)).map(({ id }) => id),
      { text, place },
    );
  const promptIds = async (text: string, signal: AbortSignal): Promise<readonly number[]> => {
    if (text !== "") return prompts.get(text, () => idsOf(text, signal));
    return bos === null ? [] : [bos];
  };
  return {
    method: `SGLang input_token_logprobs, raw, ${bos === null ? "no BOS" : "BOS added"}, no end token`,
    async score({ prompt, response }, signal) {
      if ("tokens" in prompt && "text" in response) {
        throw notOfText();
      }
      const promptTokens = "tokens" in prompt ? prompt.tokens : await promptIds(prompt.text, signal);
      let scored: readonly InputToken[];
      if ("text" in response) {
        const text = ("text" in prompt ? prompt.text : "") + response.text;
        scored = await inputTokens(client, { text }, signal);
      } else {
        const input_ids = [...promptTokens, ...response.tokens];
        requireFit({ tokens: input_ids.length, contextLength, address: place, what: "prompt and response" });
        scored = await inputTokens(client, { input_ids }, signal);
        if (scored.length !== input_ids.length || scored.some(({ id }, index) => id !== input_ids[index])) {
          throw new EndpointError("answer", `${place}: the tokens scored are not those that were sent`);
        }
      }
      const { first, straddling } = servedBoundary(
        { joint: scored.map(({ id }) => id), prompt: promptTokens },
        { address: place, forget: () => "text" in prompt && prompts.forget(prompt.text) },
      );
      requirePrecedent(first, place);
      return scoredResponse(
        scored.slice(first).map(({ score }) => score.logProbability()),
        straddling,
        place,
        toldTexts(scored.slice(first).map(({ text }) => text)),
      );
    },
  };
}

async function inputTokens(
  client: HttpClient,
  input: { readonly text: string } | { readonly input_ids: readonly number[] },
  signal: AbortSignal,
): Promise<InputToken[]> {
  const body = {
    ...input,
    sampling_params: { ...switchedOff, max_new_tokens: 0, temperature: 1 },
    return_logprob: true,
    return_text_in_logprobs: true,
    logprob_start_len: 0,
    stream: false,
  };
  const answer = new Answer(await client.post("/generate", body, signal), `${client.address}/generate`);
  const meta = answer.at("meta_info");
  if (!meta.has("input_token_logprobs")) {
    throw new EndpointError(
      "refused",
      `${client.address}/generate: the answer holds no input_token_logprobs, which return_logprob asked for`,
    );
  }
  const tokens = meta
    .at("input_token_logprobs")
    .items()
    .map((item) => ({ id: item.at(1).count(), score: item.at(0), text: item.at(2) }));
  const count = meta.at("prompt_tokens").countOr(tokens.length);
  if (count !== tokens.length) throw meta.wrong(`${tokens.length} log-probabilities for ${count} tokens`);
  return tokens;
}

function sampler({ client, model }: SglangOptions): Sampler {
  const { min_new_tokens, ...known } = switchedOff;
  const truncation = ({ topK = 0, minP = 0 }: DrawSettings) => ({ top_k: topK > 0 ? topK : -1, min_p: minP });
  const chat = chatSampler({ client, model, switchedOff: known, truncation });
  const draw = async (request: DrawRequest, fields: object, signal: AbortSignal): Promise<Draw> => {
    const { prompt, settings, seed } = request;
    const body = {
      ...("tokens" in prompt ? { input_ids: prompt.tokens } : { text: "text" in prompt ? prompt.text : "" }),
      sampling_params: {
        max_new_tokens: settings.maxTokens,
        // Heeded under --enable-deterministic-inference; else the server's own generator makes draws independent.
        sampling_seed: seed,
        ...(settings.stop !== undefined && settings.stop.length > 0 && { stop: settings.stop }),
        ...fields,
      },
      return_logprob: true,
      return_text_in_logprobs: true,
      stream: false,
    };
    return drawOf(new Answer(await client.post("/generate", body, signal), `${client.address}/generate`));
  };
  return {
    switchedOff,
    sample(request, signal) {
      if ("messages" in request.prompt) return chat.sample(request, signal);
      const { temperature, topP = 1 } = request.settings;
      return draw(
        request,
        { ...switchedOff, ...truncation(request.settings), temperature, top_p: topP },
        signal,
      );
    },
    sampleWithDefaults: (request, signal) => draw(request, {}, signal),
  };
}

function drawOf(answer: Answer): Draw {
  const text = answer.at("text").text();
  const meta = answer.at("meta_info");
  const promptTokens = meta.at("prompt_tokens").countOr(0) ?? 0;
  const finish = meta.at("finish_reason");
  const finishReason = finish.at("type").textOr(finish.textOr("unknown"));
  if (finishReason === "abort") throw meta.wrong("the server aborted the request");
  const matched = finish.at("matched");
  if (!meta.has("output_token_logprobs") || typeof matched.raw === "string")
    return { text, promptTokens, finishReason };
  const scored = meta.at("output_token_logprobs").items();
  // A number that matched is the end token, which is listed and not in the text.
  const length =
    finishReason === "stop" && typeof matched.raw === "number" ? scored.length - 1 : scored.length;
  const kept = scored.slice(0, length);
  return {
    text,
    promptTokens,
    finishReason,
    tokens: kept.map((item) => item.at(1).count()),
    tokenCount: length,
    tokenLogProbabilities: kept.map((item) => item.at(0).logProbability()),
    tokenTexts: toldTexts(kept.map((item) => item.at(2))),
  };
}
