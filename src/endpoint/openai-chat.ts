/** Servers with OpenAI's chat interface: they draw, and cannot score given responses. */
import { Answer, type JsonObject } from "./answer.ts";
import type { Draw, DrawRequest, Message, Prompt, Sampler, SamplingEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { chatDraw } from "./openai-draw.ts";

/** What the interface has; a server of this kind may refuse fields that it does not know. */
const switchedOff = { presence_penalty: 0, frequency_penalty: 0 } as const;

export interface ChatOptions {
  readonly client: HttpClient;
  readonly model: string;
}

export function openaiChat({ client, model }: ChatOptions): SamplingEndpoint {
  return {
    kind: "openai-chat",
    address: client.address,
    model,
    facts: {},
    sampler: chatSampler({ client, model, switchedOff }),
    close: async () => client.close(),
  };
}

export interface ChatSampling extends ChatOptions {
  readonly switchedOff: JsonObject;
  /** Fields for what OpenAI's interface has no name for, such as top_k; undefined where the server has none. */
  readonly truncation?: (settings: DrawRequest["settings"]) => JsonObject;
}

/** Draws by `/v1/chat/completions`, one request a draw. */
export function chatSampler(options: ChatSampling): Sampler {
  const { client, model, truncation } = options;
  // What the server would not take, so that it is asked once: some models want another name for the longest
  // length, and some give no log-probabilities.
  let lengthField = "max_tokens";
  let logprobs = true;
  const draw = async (request: DrawRequest, fields: JsonObject, signal: AbortSignal): Promise<Draw> => {
    const { settings } = request;
    for (;;) {
      const body = {
        model,
        messages: messagesOf(request.prompt),
        seed: request.seed,
        n: 1,
        [lengthField]: settings.maxTokens,
        ...(settings.stop !== undefined && settings.stop.length > 0 && { stop: settings.stop }),
        ...(logprobs && { logprobs: true }),
        ...fields,
      };
      try {
        const answer = await client.post("/v1/chat/completions", body, signal);
        return chatDraw(new Answer(answer, `${client.address}/v1/chat/completions`));
      } catch (error) {
        if (!(error instanceof EndpointError) || error.status !== 400) throw error;
        if (lengthField === "max_tokens" && /max_completion_tokens/.test(error.message)) {
          lengthField = "max_completion_tokens";
        } else if (logprobs && /log_?probs/i.test(error.message)) logprobs = false;
        else throw error;
      }
    }
  };
  return {
    switchedOff: options.switchedOff,
    sample(request, signal) {
      const { settings } = request;
      const { temperature, topP = 1, topK = 0, minP = 0 } = settings;
      if (truncation === undefined && (topK > 0 || minP > 0)) {
        throw new EndpointError(
          "unsupported",
          `${client.address}: a chat server of this kind has no top-k and no min-p`,
        );
      }
      return draw(
        request,
        { ...options.switchedOff, ...truncation?.(settings), temperature, top_p: topP },
        signal,
      );
    },
    sampleWithDefaults: (request, signal) => draw(request, {}, signal),
  };
}

function messagesOf(prompt: Prompt): readonly Message[] {
  if ("messages" in prompt) return prompt.messages;
  if ("text" in prompt) return [{ role: "user", content: prompt.text }];
  throw new EndpointError("unsupported", "a chat server takes no token ids as a prompt");
}
