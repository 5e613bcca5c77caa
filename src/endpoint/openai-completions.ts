/** OpenAI's legacy completions interface: scores by `echo` with `logprobs`, which many servers pretend to have. */
import { Answer, onlyChoice } from "./answer.ts";
import { boundaryByOffsets, codePoints } from "./boundary.ts";
import type { DrawRequest, Likelihood, Sampler, ScoringEndpoint } from "./endpoint.ts";
import { EndpointError } from "./endpoint-error.ts";
import type { HttpClient } from "./http-client.ts";
import { chatSampler } from "./openai-chat.ts";
import { completionDraw } from "./openai-draw.ts";
import { requirePrecedent, scoredResponse, toldTexts } from "./scored-tokens.ts";

const switchedOff = { top_p: 1, presence_penalty: 0, frequency_penalty: 0, best_of: 1 } as const;

export interface CompletionsOptions {
  readonly client: HttpClient;
  readonly model: string;
  /** The server returns the ids of the tokens that it draws. */
  readonly returnsIds?: true;
}

export function openaiCompletions(options: CompletionsOptions): ScoringEndpoint {
  const { client, model } = options;
  return {
    kind: "openai-completions",
    address: client.address,
    model,
    facts: {},
    sampler: sampler(options),
    likelihood: likelihood(options),
    close: async () => client.close(),
  };
}

function likelihood({ client, model }: CompletionsOptions): Likelihood {
  const place = `${client.address}/v1/completions`;
  let longest = 0;
  const echoed = async (prompt: string, signal: AbortSignal): Promise<Answer> => {
    const body = { model, prompt, max_tokens: longest, echo: true, logprobs: 1, temperature: 1, n: 1 };
    try {
      return new Answer(await client.post("/v1/completions", { ...body, ...switchedOff }, signal), place);
    } catch (error) {
      // Some servers want at least one token; it is dropped by its offset.
      if (!(error instanceof EndpointError) || error.status !== 400 || longest > 0) throw error;
      if (!/max_tokens|at least 1|greater than/i.test(error.message)) throw error;
      longest = 1;
      return echoed(prompt, signal);
    }
  };
  return {
    method: "completions with echo, BOS by the server, no end token",
    async score({ prompt, response }, signal) {
      if ("tokens" in prompt || "tokens" in response) {
        throw new EndpointError(
          "unsupported",
          `${place}: responses of token ids are scored by vLLM, SGLang or llama.cpp`,
        );
      }
      const text = prompt.text + response.text;
      const choice = onlyChoice(await echoed(text, signal));
      const whole = choice.at("text").textOr("");
      if (!whole.startsWith(text)) throw ignoresEcho(place);
      if (!choice.at("logprobs").has("token_logprobs")) throw ignoresEcho(place);
      const logprobs = choice.at("logprobs");
      const scores = logprobs.at("token_logprobs").items();
      const offsets = offsetsOf(logprobs, scores.length);
      if (scores.length > 0 && scores[0]?.raw !== null && offsets[0] === 0 && !beginsSpecial(logprobs)) {
        throw ignoresEcho(place);
      }
      if (offsets.some((offset) => offset > codePoints(whole)))
        throw logprobs.wrong("text_offset is beyond the text");
      const { first, end, straddling } = boundaryByOffsets({
        offsets,
        promptLength: codePoints(prompt.text),
        length: codePoints(text),
      });
      if (whole === text && end < scores.length && !endsSpecial(logprobs)) {
        throw logprobs.wrong("text_offset puts a token of the text after its end");
      }
      if (scores[first]?.raw === null) requirePrecedent(0, place);
      const kept = scores.slice(first, end).map((score) => score.logProbability());
      const texts = logprobs.has("tokens") ? logprobs.at("tokens").items().slice(first, end) : [undefined];
      return scoredResponse(kept, straddling, place, toldTexts(texts));
    },
  };
}

/** A special token at the beginning has an empty text or one in angle brackets, and may have a log-probability. */
function beginsSpecial(logprobs: Answer): boolean {
  return isSpecial(logprobs.at("tokens").at(0));
}

/** The same at the end, where nothing was generated. */
function endsSpecial(logprobs: Answer): boolean {
  return logprobs.has("tokens") && isSpecial(logprobs.at("tokens").items().at(-1));
}

const isSpecial = (token: Answer | undefined) => /^(?:<.*>)?$/.test(token?.textOr("x") ?? "x");

/** Offsets of the tokens in code points: the server's, or where it gives none, by the tokens' own lengths. */
function offsetsOf(logprobs: Answer, count: number): number[] {
  const told = logprobs.has("text_offset") ? logprobs.at("text_offset").items() : [];
  if (told.length === count) {
    const offsets = told.map((item) => item.count());
    if (offsets.every((offset, index) => index === 0 || offset >= (offsets[index - 1] as number)))
      return offsets;
    throw logprobs.wrong("text_offset does not ascend");
  }
  const tokens = logprobs.at("tokens").items();
  if (tokens.length !== count)
    throw logprobs.wrong(`${tokens.length} tokens beside ${count} log-probabilities`);
  let at = 0;
  return tokens.map((token) => {
    const offset = at;
    at += codePoints(token.text());
    return offset;
  });
}

function ignoresEcho(place: string): EndpointError {
  return new EndpointError(
    "refused",
    `${place}: ignores echo: the prompt is not in the answer, so that given responses cannot be scored there; a vLLM, SGLang or llama.cpp server can (leave --kind away and it is recognised)`,
  );
}

function sampler({ client, model, returnsIds }: CompletionsOptions): Sampler {
  const place = `${client.address}/v1/completions`;
  const { best_of, top_p, ...penalties } = switchedOff;
  const chat = chatSampler({ client, model, switchedOff: penalties });
  const draw = async (request: DrawRequest, fields: object, signal: AbortSignal) => {
    const { prompt, settings, seed } = request;
    const body = {
      model,
      prompt: "tokens" in prompt ? prompt.tokens : "text" in prompt ? prompt.text : "",
      max_tokens: settings.maxTokens,
      n: 1,
      seed,
      logprobs: 1,
      ...(returnsIds && { return_token_ids: true }),
      ...(settings.stop !== undefined && settings.stop.length > 0 && { stop: settings.stop }),
      ...fields,
    };
    return completionDraw(new Answer(await client.post("/v1/completions", body, signal), place));
  };
  return {
    switchedOff,
    sample(request, signal) {
      if ("messages" in request.prompt) return chat.sample(request, signal);
      const { temperature, topP = 1, topK = 0, minP = 0 } = request.settings;
      if (topK > 0 || minP > 0) {
        throw new EndpointError("unsupported", `${place}: this interface has no top-k and no min-p`);
      }
      return draw(request, { ...switchedOff, temperature, top_p: topP }, signal);
    },
    sampleWithDefaults: (request, signal) => draw(request, {}, signal),
  };
}
