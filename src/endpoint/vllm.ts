/** vLLM's server: scores by `prompt_logprobs`, each position looked up by token id. */
import { Answer, onlyChoice } from "./answer.ts";
import type {
  DrawRequest,
  DrawSettings,
  Likelihood,
  Sampler,
  ScoreRequest,
  ScoringEndpoint,
} from "./endpoint.ts";
import { EndpointError, notOfText } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { chatSampler } from "./openai-chat.ts";
import { completionDraw } from "./openai-draw.ts";
import { requireFit, requirePrecedent, scoredResponse, servedBoundary, toldTexts } from "./scored-tokens.ts";
import { VllmTokenizer } from "./vllm-tokenizer.ts";

/** Sent with every request: else the model folder's generation_config.json decides. */
const switchedOff = {
  top_p: 1,
  top_k: 0,
  min_p: 0,
  repetition_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logit_bias: null,
  ignore_eos: false,
  min_tokens: 0,
} as const;

export interface VllmOptions {
  readonly client: HttpClient;
  readonly model: string;
  readonly contextLength?: number | undefined;
}

export async function vllm(options: VllmOptions, signal: AbortSignal): Promise<ScoringEndpoint> {
  const { client, model, contextLength } = options;
  const tokenizer = await VllmTokenizer.open(client, model, signal);
  return {
    kind: "vllm",
    address: client.address,
    model,
    facts: {
      ...(contextLength !== undefined && { contextLength }),
      ...(tokenizer.before !== undefined && { beginningOfSequence: tokenizer.before[0] ?? null }),
      software: await softwareOf(client, signal),
    },
    sampler: sampler(options, tokenizer.returnsIds),
    likelihood: likelihood(options, tokenizer),
    close: async () => client.close(),
  };
}

async function softwareOf(client: HttpClient, signal: AbortSignal): Promise<string> {
  const version = new Answer(await client.find("/version", signal), "/version").at("version").textOr("");
  return `vLLM ${version}`.trim();
}

function likelihood(options: VllmOptions, tokenizer: VllmTokenizer): Likelihood {
  const { client, model, contextLength } = options;
  const place = `${client.address}/v1/completions`;
  const bos =
    tokenizer.before === undefined ? "BOS unknown" : tokenizer.before.length > 0 ? "BOS added" : "no BOS";
  return {
    method: `vLLM prompt_logprobs, raw, ${bos}, no end token`,
    async score(request, signal) {
      const known = await knownTokens(request, tokenizer, signal);
      if (known.joint !== undefined) {
        requireFit({
          tokens: known.joint.length + 1,
          contextLength,
          address: place,
          what: "prompt and response",
        });
      }
      const body = {
        model,
        prompt: known.joint ?? known.text,
        max_tokens: 1,
        temperature: 1,
        ...switchedOff,
        prompt_logprobs: 0,
        return_token_ids: true,
      };
      const choice = onlyChoice(new Answer(await client.post("/v1/completions", body, signal), place));
      if (!choice.has("prompt_logprobs")) {
        throw new EndpointError(
          "refused",
          `${place}: the answer holds no prompt_logprobs: the server ignores them, or a proxy before it drops them`,
        );
      }
      const positions = choice.at("prompt_logprobs").items();
      const joint = tokensScored(choice, known.joint);
      if (positions.length !== joint.length) {
        throw choice.wrong(`${positions.length} prompt_logprobs for ${joint.length} tokens`);
      }
      const { prompt } = request;
      const { first, straddling } = servedBoundary(
        { joint, prompt: known.prompt },
        { address: place, forget: () => "text" in prompt && tokenizer.forget(prompt.text) },
      );
      requirePrecedent(first, place);
      const scores = joint
        .slice(first)
        .map((token, index) => scoreAt(positions[first + index] as Answer, token));
      const texts = joint
        .slice(first)
        .map((token, index) => (positions[first + index] as Answer).at(String(token)).at("decoded_token"));
      return scoredResponse(scores, straddling, place, toldTexts(texts));
    },
  };
}

/** The tokens of the prompt, and either those of the whole or its text, for the server to tokenise. */
async function knownTokens(request: ScoreRequest, tokenizer: VllmTokenizer, signal: AbortSignal) {
  const { prompt, response } = request;
  const promptTokens = "tokens" in prompt ? prompt.tokens : await tokenizer.promptTokens(prompt.text, signal);
  if ("tokens" in response) return { prompt: promptTokens, joint: [...promptTokens, ...response.tokens] };
  if ("tokens" in prompt) {
    const joint = await tokenizer.tokensAfter(promptTokens, response.text, signal);
    if (joint === undefined) throw notOfText();
    return { prompt: promptTokens, joint };
  }
  const text = prompt.text + response.text;
  if (tokenizer.tellsTokens) return { prompt: promptTokens, text };
  return { prompt: promptTokens, joint: await tokenizer.tokens(text, signal) };
}

/** The tokens that the positions stand for; the server's word and ours must agree. */
function tokensScored(choice: Answer, sent: readonly number[] | undefined): readonly number[] {
  if (!choice.has("prompt_token_ids")) {
    if (sent !== undefined) return sent;
    throw choice.wrong("holds no prompt_token_ids to look the log-probabilities up by");
  }
  const told = choice.at("prompt_token_ids").tokens();
  if (
    sent !== undefined &&
    (told.length !== sent.length || told.some((token, index) => token !== sent[index]))
  ) {
    throw choice.wrong("prompt_token_ids are not the tokens that were sent");
  }
  return told;
}

/** JavaScript orders integer-like keys by size, so that the first entry of a position is any token: look up by id. */
function scoreAt(position: Answer, token: number): number {
  if (position.raw === null) throw position.wrong("is null: the response's token has no log-probability");
  const entry = position.at(String(token));
  if (entry.raw === undefined) throw position.wrong(`does not hold the token ${token} that stands there`);
  return (typeof entry.raw === "number" ? entry : entry.at("logprob")).logProbability();
}

/** `idsBeside`: answers list the ids of tokens; else their ids stand in place of their texts, which need not tell them apart. */
function sampler(options: VllmOptions, idsBeside: boolean): Sampler {
  const { client, model } = options;
  const place = `${client.address}/v1/completions`;
  const truncation = ({ topK = 0, minP = 0 }: DrawSettings) => ({ top_k: topK, min_p: minP });
  const chat = chatSampler({ client, model, switchedOff, truncation });
  const draw = async (request: DrawRequest, fields: object, signal: AbortSignal) => {
    const { prompt, settings, seed } = request;
    const body = {
      model,
      prompt: "tokens" in prompt ? prompt.tokens : "text" in prompt ? prompt.text : undefined,
      n: 1,
      seed,
      max_tokens: settings.maxTokens,
      logprobs: 1,
      return_token_ids: true,
      return_tokens_as_token_ids: !idsBeside,
      ...(settings.stop !== undefined && settings.stop.length > 0 && { stop: settings.stop }),
      ...fields,
    };
    return completionDraw(new Answer(await client.post("/v1/completions", body, signal), place));
  };
  return {
    switchedOff,
    sample(request, signal) {
      if ("messages" in request.prompt) return chat.sample(request, signal);
      const { temperature, topP = 1 } = request.settings;
      const fields = { ...switchedOff, ...truncation(request.settings), temperature, top_p: topP };
      return draw(request, fields, signal);
    },
    sampleWithDefaults: (request, signal) => draw(request, {}, signal),
  };
}
