/** Batched sampling: responses with their log-probabilities, each determined by its own generator alone. */
import type { RandomGenerator } from "../numeric/index.ts";
import type { FloatArray } from "../tensor/index.ts";
import { chooseToken, drawToken } from "./chooser.ts";
import { checkPrompt, type Decoder, type DecodingBatch, type TokenIds } from "./decoder.ts";
import { type Filter, logSoftmax } from "./filters.ts";
import { mostProbable, type TokenAlternative } from "./most-probable.ts";

/** One response to draw. */
export interface GenerationRequest {
  readonly prompt: TokenIds;
  /** Gives one uniform a token. One draw has one generator: `randomGenerator(seed).split(…)`. */
  readonly generator: RandomGenerator;
  /** At most this many tokens; fewer where the context ends earlier. */
  readonly maxTokens: number;
  /** What the token is drawn from, made of the model's distribution; absent, the model itself. */
  readonly filter?: Filter | undefined;
  /** Token that ends a response and belongs to it. */
  readonly endOfSequence?: number | undefined;
  /** Asked after every token; true ends the response. */
  readonly stop?: ((tokens: readonly number[]) => boolean) | undefined;
  /** How many of the most probable tokens to give beside each drawn one; 0 where absent. */
  readonly alternatives?: number | undefined;
}

/** A drawn response. Log-probabilities are in nats, one a token. */
export interface Generation {
  readonly tokens: readonly number[];
  /** Of each token under the model itself: temperature 1, no filter. */
  readonly logProbabilities: readonly number[];
  /** Of each token under the distribution that it was drawn from. */
  readonly samplingLogProbabilities: readonly number[];
  /** `stop`: the end-of-sequence token, or `stop` said so; `length`: maxTokens or the end of the context. */
  readonly finishReason: "stop" | "length";
  /** The most probable tokens under the model at each position, where asked for. */
  readonly alternatives?: readonly (readonly TokenAlternative[])[];
}

/** Options of `generate`. */
export interface GenerateOptions {
  /** Sequences read together, 256 where absent; the result does not depend on it. */
  readonly batch?: number;
  /** Called with the number of finished responses. */
  readonly onProgress?: (finished: number) => void;
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Draft {
  readonly index: number;
  readonly request: GenerationRequest;
  readonly limit: number;
  readonly tokens: number[];
  readonly logProbabilities: number[];
  readonly samplingLogProbabilities: number[];
  readonly alternatives: (readonly TokenAlternative[])[];
}

/**
 * Draws one response a request, in the order of the requests. Requests are batched by prompt length; rows that finish
 * leave the batch. A response depends on its own prompt and generator, not on what it is batched with, up to the
 * model's floating-point noise.
 *
 * @throws RangeError for a batch or maxTokens below 1, or a prompt that is empty, too long, or holds an unknown token.
 * @example
 * const logits = Float64Array.of(Number.NEGATIVE_INFINITY, 0);
 * const ones = prefixDecoder({ vocabularySize: 2, contextLength: 8, predict: () => ({ logits }) });
 * const [draw] = await generate(ones, [{ prompt: [0], generator: randomGenerator("draw 0"), maxTokens: 3 }]);
 * draw?.tokens; // [1, 1, 1]
 */
export async function generate(
  decoder: Decoder,
  requests: readonly GenerationRequest[],
  options: GenerateOptions = {},
): Promise<Generation[]> {
  const batch = Math.min(options.batch ?? 256, decoder.largestBatch ?? Number.POSITIVE_INFINITY);
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new RangeError(`batch is ${batch}: must be an integer of at least 1`);
  }
  const drafts = requests.map((request, index) => draftOf(request, index, decoder));
  const finished = new Array<Generation>(drafts.length);
  let count = 0;
  const finish = (draft: Draft, finishReason: Generation["finishReason"]) => {
    const { request, index, alternatives, tokens, logProbabilities, samplingLogProbabilities } = draft;
    finished[index] = {
      tokens,
      logProbabilities,
      samplingLogProbabilities,
      finishReason,
      ...(request.alternatives && { alternatives }),
    };
    count += 1;
    options.onProgress?.(count);
  };
  const ordered = [...drafts].sort(
    (left, right) => left.request.prompt.length - right.request.prompt.length || left.index - right.index,
  );
  for (let start = 0; start < ordered.length; start += batch) {
    await finishBatch(decoder, ordered.slice(start, start + batch), finish, options.signal);
  }
  return finished;
}

function draftOf(request: GenerationRequest, index: number, decoder: Decoder): Draft {
  const { prompt, maxTokens } = request;
  checkPrompt(prompt, decoder);
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) {
    throw new RangeError(`maxTokens is ${maxTokens}: must be an integer of at least 1`);
  }
  const limit = Math.min(maxTokens, decoder.contextLength - prompt.length + 1);
  return {
    index,
    request,
    limit,
    tokens: [],
    logProbabilities: [],
    samplingLogProbabilities: [],
    alternatives: [],
  };
}

async function finishBatch(
  decoder: Decoder,
  drafts: readonly Draft[],
  finish: (draft: Draft, reason: Generation["finishReason"]) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const reserve = Math.max(...drafts.map(({ limit }) => limit)) - 1;
  const room = new Float64Array(decoder.vocabularySize);
  let open: readonly Draft[] = drafts;
  const state = await decoder.begin(
    drafts.map(({ request }) => request.prompt),
    { reserve },
  );
  for (;;) {
    signal?.throwIfAborted();
    const kept: number[] = [];
    open.forEach((draft, row) => {
      const reason = extend(draft, state, { row, room });
      if (reason === undefined) kept.push(row);
      else finish(draft, reason);
    });
    if (kept.length === 0) return;
    if (kept.length < open.length) {
      state.keep(kept);
      open = kept.map((row) => open[row]!);
    }
    await state.read(Int32Array.from(open, ({ tokens }) => tokens.at(-1)!));
  }
}

/** Draws the next token of one row; says why the response ends there, if it does. */
function extend(
  draft: Draft,
  state: DecodingBatch,
  { row, room }: { readonly row: number; readonly room: Float64Array },
): Generation["finishReason"] | undefined {
  const { request, tokens } = draft;
  const logits = state.logits(row);
  const token = draw(draft, logits, room);
  tokens.push(token);
  if (request.alternatives) {
    draft.alternatives.push(mostProbable(logSoftmax(logits), request.alternatives));
  }
  if (token === request.endOfSequence || request.stop?.(tokens)) return "stop";
  return tokens.length >= draft.limit ? "length" : undefined;
}

function draw(draft: Draft, logits: FloatArray, room: Float64Array): number {
  const { filter, generator } = draft.request;
  if (filter === undefined) {
    const { token, logProbability } = drawToken(logits, generator, room);
    draft.logProbabilities.push(logProbability);
    draft.samplingLogProbabilities.push(logProbability);
    return token;
  }
  const model = logSoftmax(logits);
  const sampling = filter(model);
  const token = chooseToken(sampling, generator);
  draft.logProbabilities.push(model[token]!);
  draft.samplingLogProbabilities.push(sampling[token]!);
  return token;
}
