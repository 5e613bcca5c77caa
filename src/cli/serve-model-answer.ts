/** Answers of `/v1/completions` in OpenAI's legacy shape. */
import type { TokenAlternative } from "../decode/index.ts";
import type { CompletionRequest } from "./serve-model-request.ts";
import { alternativeName, type TokenDecoder, tokenTexts } from "./serve-model-tokens.ts";

/** Tokens with their log-probabilities under the model itself; undefined for a text's first token. */
export interface ScoredTokens {
  readonly tokens: readonly number[];
  readonly logProbabilities: readonly (number | undefined)[];
  readonly alternatives: readonly (readonly TokenAlternative[] | undefined)[];
}

/** One completion before it is put into words. */
export interface Completion {
  /** The prompt, scored where the request echoes it with log-probabilities. */
  readonly prompt: ScoredTokens;
  readonly drawn: ScoredTokens;
  /** Text of the drawn tokens up to a stop sequence and without the end-of-sequence token. */
  readonly text: string;
  readonly finishReason: "stop" | "length";
}

export interface CompletionChoice {
  readonly text: string;
  readonly index: number;
  readonly logprobs: Logprobs | null;
  readonly finish_reason: "stop" | "length";
  readonly token_ids?: readonly number[];
  readonly prompt_token_ids?: readonly number[];
}

export interface Logprobs {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly (number | null)[];
  readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[];
  readonly text_offset: readonly number[];
}

/** The whole answer; `created` is in seconds. */
export function completionAnswer(
  completions: readonly Completion[],
  context: {
    readonly request: CompletionRequest;
    readonly decoder: TokenDecoder;
    readonly model: string;
    readonly id: string;
    readonly created: number;
  },
) {
  const { request, decoder } = context;
  const promptTokens = completions
    .filter((_, index) => index % request.n === 0)
    .reduce((sum, { prompt }) => sum + prompt.tokens.length, 0);
  const completionTokens = completions.reduce((sum, { drawn }) => sum + drawn.tokens.length, 0);
  return {
    id: context.id,
    object: "text_completion",
    created: context.created,
    model: context.model,
    choices: completions.map((completion, index) => choiceOf(completion, { index, request, decoder })),
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

function choiceOf(
  completion: Completion,
  at: { readonly index: number; readonly request: CompletionRequest; readonly decoder: TokenDecoder },
): CompletionChoice {
  const { request, decoder, index } = at;
  const { prompt, drawn } = completion;
  const promptText = request.echo ? decoder.decode(prompt.tokens) : "";
  return {
    text: promptText + completion.text,
    index,
    logprobs: request.logprobs === undefined ? null : logprobsOf(completion, request, decoder),
    finish_reason: completion.finishReason,
    ...(request.returnTokenIds && { token_ids: drawn.tokens, prompt_token_ids: prompt.tokens }),
  };
}

function logprobsOf(
  { prompt, drawn }: Completion,
  request: CompletionRequest,
  decoder: TokenDecoder,
): Logprobs {
  const shown = request.echo ? [prompt, drawn] : [drawn];
  const tokens = shown.flatMap((part) => part.tokens);
  const values = shown.flatMap((part) => part.logProbabilities);
  const alternatives = shown.flatMap((part) => part.alternatives);
  const options = { asIds: request.tokensAsIds };
  const texts = tokenTexts(decoder, tokens, options);
  return {
    tokens: texts.tokens,
    // JSON has no infinity: a token without mass gets the lowest number that it has.
    token_logprobs: values.map((value) => (value === undefined ? null : finite(value))),
    top_logprobs: values.map((value, position) => {
      if (value === undefined) return null;
      const top = (alternatives[position] ?? []).map(({ token, logProbability }) => [
        alternativeName(decoder, token, options),
        finite(logProbability),
      ]);
      return { ...Object.fromEntries(top), [texts.tokens[position]!]: finite(value) } as Record<
        string,
        number
      >;
    }),
    text_offset: texts.offsets,
  };
}

const finite = (value: number): number => Math.max(Math.min(0, value), -Number.MAX_VALUE);
