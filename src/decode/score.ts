/** Teacher-forced scoring: the log-probability of given responses, token by token. */
import { checkPrompt, checkTokens, type Decoder, type DecodingBatch, type TokenIds } from "./decoder.ts";
import { logSoftmax } from "./filters.ts";
import { mostProbable, type TokenAlternative } from "./most-probable.ts";

/** One response to score. */
export interface ScoringRequest {
  readonly prompt: TokenIds;
  /** With the end-of-sequence token where the response is complete and the model has one. */
  readonly response: TokenIds;
  /** How many of the most probable tokens to give at each position; 0 where absent. */
  readonly alternatives?: number | undefined;
}

/** Log-probabilities of one given response. */
export interface ScoredResponse {
  /** Nats, one a token of the response; their sum is log π(y|x). */
  readonly logProbabilities: readonly number[];
  readonly alternatives?: readonly (readonly TokenAlternative[])[];
}

/** Options of `scoreByReading` and of a `Scorer`. */
export interface ScoreOptions {
  /** Sequences read together; the result does not depend on it. */
  readonly batch?: number;
  /** Called with the number of scored responses. */
  readonly onProgress?: (finished: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Scores responses by reading them token by token: slower than one forward pass, and right for every decoder, such as
 * those that train while they read.
 *
 * @throws RangeError for a batch below 1, an empty response, one that the context has no room for, or an unknown token.
 * @example
 * const logits = Float64Array.of(0, Math.log(3));
 * const coin = prefixDecoder({ vocabularySize: 2, contextLength: 8, predict: () => ({ logits }) });
 * const [scored] = await scoreByReading(coin, [{ prompt: [0], response: [1, 0] }]);
 * scored?.logProbabilities; // [Math.log(0.75), Math.log(0.25)]
 */
export async function scoreByReading(
  decoder: Decoder,
  requests: readonly ScoringRequest[],
  options: ScoreOptions = {},
): Promise<ScoredResponse[]> {
  const batch = Math.min(options.batch ?? 256, decoder.largestBatch ?? Number.POSITIVE_INFINITY);
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new RangeError(`batch is ${batch}: must be an integer of at least 1`);
  }
  for (const request of requests) checkScoringRequest(request, decoder);
  const scored: ScoredResponse[] = requests.map(() => ({ logProbabilities: [] }));
  const ordered = [...requests.keys()].sort(
    (left, right) =>
      requests[left]!.prompt.length - requests[right]!.prompt.length ||
      requests[left]!.response.length - requests[right]!.response.length ||
      left - right,
  );
  let finished = 0;
  for (let start = 0; start < ordered.length; start += batch) {
    const chosen = ordered.slice(start, start + batch);
    const scores = await readBatch(
      decoder,
      chosen.map((index) => requests[index]!),
      options.signal,
    );
    chosen.forEach((index, row) => {
      scored[index] = scores[row]!;
    });
    finished += chosen.length;
    options.onProgress?.(finished);
  }
  return scored;
}

/** Throws RangeError naming what of a request the model cannot score. */
export function checkScoringRequest(
  { prompt, response }: ScoringRequest,
  limits: { readonly vocabularySize: number; readonly contextLength: number },
): void {
  checkPrompt(prompt, limits);
  if (response.length === 0) throw new RangeError("response length is 0: must be at least 1 token");
  const length = prompt.length + response.length - 1;
  if (length > limits.contextLength) {
    throw new RangeError(
      `length of prompt and response is ${length + 1}: must be at most ${limits.contextLength + 1}, one more than the model's context length`,
    );
  }
  checkTokens(response, limits.vocabularySize);
}

async function readBatch(
  decoder: Decoder,
  requests: readonly ScoringRequest[],
  signal: AbortSignal | undefined,
): Promise<ScoredResponse[]> {
  const scores = requests.map(() => ({
    logProbabilities: [] as number[],
    alternatives: [] as (readonly TokenAlternative[])[],
  }));
  const reserve = Math.max(...requests.map(({ response }) => response.length)) - 1;
  let open = [...requests.keys()];
  const state = await decoder.begin(
    requests.map(({ prompt }) => prompt),
    { reserve },
  );
  for (let position = 0; ; position++) {
    signal?.throwIfAborted();
    open.forEach((index, row) => {
      scoreToken(requests[index]!, scores[index]!, { state, row, position });
    });
    const kept = [...open.keys()].filter((row) => requests[open[row]!]!.response.length > position + 1);
    if (kept.length === 0) break;
    if (kept.length < open.length) state.keep(kept);
    open = kept.map((row) => open[row]!);
    await state.read(Int32Array.from(open, (index) => requests[index]!.response[position]!));
  }
  return scores.map(({ logProbabilities, alternatives }, index) => ({
    logProbabilities,
    ...(requests[index]!.alternatives && { alternatives }),
  }));
}

function scoreToken(
  request: ScoringRequest,
  score: { logProbabilities: number[]; alternatives: (readonly TokenAlternative[])[] },
  at: { state: DecodingBatch; row: number; position: number },
): void {
  const logProbabilities = logSoftmax(at.state.logits(at.row));
  score.logProbabilities.push(logProbabilities[request.response[at.position]!]!);
  if (request.alternatives) score.alternatives.push(mostProbable(logProbabilities, request.alternatives));
}
