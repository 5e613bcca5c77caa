/** Answers completion requests with one model: what waits is drawn and scored together, one batch after the other. */
import {
  type Decoder,
  type GenerationRequest,
  generate,
  type Scorer,
  samplingFilter,
} from "../decode/index.ts";
import { continuationText, type Tokenizer, tokenizePrompt } from "../model/index.ts";
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import type { Completion, ScoredTokens } from "./serve-model-answer.ts";
import { type CompletionRequest, RequestError } from "./serve-model-request.ts";
import type { TokenDecoder } from "./serve-model-tokens.ts";

export type ServedTokenizer = TokenDecoder &
  Pick<Tokenizer, "addsBeginning" | "beginningOfSequence" | "endOfSequence" | "encode">;

export interface ServedModel {
  readonly decoder: Decoder;
  readonly scorer: Scorer;
  readonly tokenizer: ServedTokenizer;
  /** Token that ends a response; undefined where there is none. */
  readonly endOfSequence: number | undefined;
}

export interface CompletionService {
  /** The request's completions, `n` for each prompt in order; rejects with RequestError for one the model cannot answer. */
  complete(request: CompletionRequest): Promise<Completion[]>;
}

interface Waiting {
  readonly request: CompletionRequest;
  readonly prompts: readonly (readonly number[])[];
  readonly generator: RandomGenerator;
  readonly resolve: (completions: Completion[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A service over one model. A request with a seed is a function of the request alone: choice j of any prompt is drawn by
 * the stream `seed/j`. Without a seed the streams follow from `key` and the request's number.
 */
export function completionService(
  model: ServedModel,
  options: { readonly key: string; readonly batch: number },
): CompletionService {
  const waiting: Waiting[] = [];
  let requests = 0;
  let running = false;

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    while (waiting.length > 0) {
      const together = takeBatch(waiting, options.batch);
      try {
        const completions = await completed(model, together, options.batch);
        together.forEach(({ resolve }, index) => {
          resolve(completions[index]!);
        });
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    running = false;
  };

  return {
    async complete(request) {
      requests += 1;
      const generator =
        request.seed === undefined
          ? randomGenerator(options.key).split(`request ${requests}`)
          : randomGenerator(`seed ${request.seed}`);
      const prompts = request.prompts.map((prompt, index) => promptTokens(prompt, { index, model, request }));
      return new Promise((resolve, reject) => {
        waiting.push({ request, prompts, generator, resolve, reject });
        void run();
      });
    },
  };
}

/** The first waiting requests that fit a batch, at least one. */
function takeBatch(waiting: Waiting[], batch: number): Waiting[] {
  let rows = 0;
  let count = 0;
  for (const { request, prompts } of waiting) {
    rows += prompts.length * request.n;
    if (count > 0 && rows > batch) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

/** The ids of a prompt, checked; a text begins as in training. */
function promptTokens(
  prompt: string | readonly number[],
  at: { readonly index: number; readonly model: ServedModel; readonly request: CompletionRequest },
): readonly number[] {
  const { tokenizer, decoder } = at.model;
  const refuse = (reason: string): never => {
    throw new RequestError(`prompt ${at.index}: ${reason}`, { field: "prompt" });
  };
  let tokens: readonly number[];
  try {
    tokens = typeof prompt === "string" ? textTokens(prompt, tokenizer, at.request.specialTokens) : prompt;
  } catch (error) {
    return refuse(`cannot be encoded: ${(error as Error).message}`);
  }
  if (tokens.length === 0) return refuse("has no tokens");
  const beyond = tokens.find((token) => token >= decoder.vocabularySize);
  if (beyond !== undefined) refuse(`token ${beyond} is outside the vocabulary of ${decoder.vocabularySize}`);
  // The last token of all is never read.
  const needed = tokens.length + at.request.maxTokens - 1;
  if (needed > decoder.contextLength) {
    refuse(
      `${tokens.length} tokens and max_tokens ${at.request.maxTokens} are more than this model's context of ${decoder.contextLength} tokens holds`,
    );
  }
  return tokens;
}

function textTokens(text: string, tokenizer: ServedTokenizer, special: boolean): readonly number[] {
  return special ? tokenizePrompt(tokenizer, text) : tokenizer.encode(text);
}

async function completed(
  model: ServedModel,
  together: readonly Waiting[],
  batch: number,
): Promise<Completion[][]> {
  const echoed = await echoedPrompts(model, together, batch);
  const requests = together.flatMap(({ request, prompts, generator }) =>
    request.maxTokens === 0
      ? []
      : prompts.flatMap((prompt) =>
          Array.from({ length: request.n }, (_, choice) =>
            generationRequest(model, { request, prompt, generator: generator.split(`choice ${choice}`) }),
          ),
        ),
  );
  const drawn = await generate(model.decoder, requests, { batch });
  let next = 0;
  return together.map(({ request, prompts }, index) =>
    prompts.flatMap((tokens, place) => {
      const prompt = echoed[index]?.[place] ?? unscored(tokens);
      return Array.from({ length: request.n }, (): Completion => {
        if (request.maxTokens === 0) return { prompt, drawn: unscored([]), text: "", finishReason: "length" };
        const { tokens: ids, logProbabilities, alternatives = [], finishReason } = drawn[next++]!;
        return finished(
          { prompt, drawn: { tokens: ids, logProbabilities, alternatives }, text: "", finishReason },
          model,
          request,
        );
      });
    }),
  );
}

const unscored = (tokens: readonly number[]): ScoredTokens => ({
  tokens,
  logProbabilities: tokens.map(() => undefined),
  alternatives: tokens.map(() => undefined),
});

function generationRequest(
  model: ServedModel,
  one: { request: CompletionRequest; prompt: readonly number[]; generator: RandomGenerator },
): GenerationRequest {
  const { request, prompt, generator } = one;
  const { tokenizer } = model;
  return {
    prompt,
    generator,
    maxTokens: request.maxTokens,
    filter: samplingFilter(request),
    endOfSequence: request.ignoreEndOfSequence ? undefined : model.endOfSequence,
    stop:
      request.stop.length === 0
        ? undefined
        : (tokens) => {
            const text = continuationText(tokenizer, { prompt, response: tokens });
            return request.stop.some((stop) => text.includes(stop));
          },
    alternatives: request.logprobs,
  };
}

/** The completion with its text: cut at the first stop sequence, tokens that begin behind the cut left out. */
function finished(
  completion: Completion,
  { tokenizer, endOfSequence }: ServedModel,
  request: CompletionRequest,
): Completion {
  const { drawn, finishReason } = completion;
  const prompt = completion.prompt.tokens;
  const ended = !request.ignoreEndOfSequence && drawn.tokens.at(-1) === endOfSequence;
  const spoken = ended ? drawn.tokens.slice(0, -1) : drawn.tokens;
  const textOf = (response: readonly number[]) => continuationText(tokenizer, { prompt, response });
  const text = textOf(spoken);
  const cuts = request.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  if (cuts.length === 0) return { ...completion, text };
  const cut = Math.min(...cuts);
  const kept = spoken.findIndex((_, index) => textOf(spoken.slice(0, index)).length >= cut && index > 0);
  const length = cut === 0 ? 0 : kept < 0 ? spoken.length : kept;
  return {
    ...completion,
    drawn: {
      tokens: drawn.tokens.slice(0, length),
      logProbabilities: drawn.logProbabilities.slice(0, length),
      alternatives: drawn.alternatives.slice(0, length),
    },
    text: text.slice(0, cut),
    finishReason: ended ? finishReason : "stop",
  };
}

/** Scores of the prompts that requests echo with log-probabilities, by request and prompt. */
async function echoedPrompts(
  model: ServedModel,
  together: readonly Waiting[],
  batch: number,
): Promise<(readonly ScoredTokens[] | undefined)[]> {
  const wanted = together.map(({ request }) => request.echo && request.logprobs !== undefined);
  const requests = together.flatMap(({ request, prompts }, index) =>
    wanted[index]
      ? prompts
          .filter(({ length }) => length > 1)
          .map((tokens) => ({
            prompt: tokens.slice(0, 1),
            response: tokens.slice(1),
            alternatives: request.logprobs,
          }))
      : [],
  );
  const scored = await model.scorer.score(requests, { batch });
  let next = 0;
  return together.map(({ prompts }, index) => {
    if (!wanted[index]) return undefined;
    return prompts.map((tokens) => {
      if (tokens.length === 1) return unscored(tokens);
      const { logProbabilities, alternatives = [] } = scored[next++]!;
      return {
        tokens,
        logProbabilities: [undefined, ...logProbabilities],
        alternatives: [undefined, ...tokens.slice(1).map((_, position) => alternatives[position])],
      };
    });
  });
}
