/** Teacher-forced scoring by one forward pass a response, batched by length. */
import { firstPosition } from "../model/index.ts";
import type { FloatArray, NamedValues } from "../tensor/index.ts";
import type { Decoder } from "./decoder.ts";
import { logSoftmax } from "./filters.ts";
import { hiddenWidth } from "./forward-decoder.ts";
import { HeadSteps, type HeadStepsOptions } from "./head-steps.ts";
import {
  batchBucket,
  forwardGraph,
  type LoadedModel,
  lengthBucket,
  ProgramCache,
  paddedTokens,
} from "./model-programs.ts";
import { mostProbable, type TokenAlternative } from "./most-probable.ts";
import {
  checkScoringRequest,
  type ScoredResponse,
  type ScoreOptions,
  type ScoringRequest,
  scoreByReading,
} from "./score.ts";

/** Scores given responses. */
export interface Scorer {
  /** In the order of the requests; throws RangeError as `scoreByReading` does. */
  score(requests: readonly ScoringRequest[], options?: ScoreOptions): Promise<ScoredResponse[]>;
  release(): Promise<void>;
}

/** Log-odds that one run may hold: 64 MB in float32. */
const largestLogits = 2 ** 24;

/**
 * Scores responses by whole forward passes; with `headSteps` under test-time training of the output head, whose steps
 * follow from the hidden states of that one pass.
 */
export function forwardScorer(
  loaded: LoadedModel,
  options: { readonly headSteps?: HeadStepsOptions } = {},
): Scorer {
  const programs = new ProgramCache(loaded.executor);
  const width = hiddenWidth(loaded);
  const { vocabularySize, contextLength } = loaded;

  const runBatch = async (requests: readonly ScoringRequest[], full: boolean): Promise<BatchScores> => {
    const longest = Math.max(...requests.map(inputLength));
    const length = lengthBucket(longest, contextLength);
    const batch = batchBucket(requests.length);
    const from = firstPosition({ length, earliest: Math.min(...requests.map(firstRead)) });
    const positions = length - from;
    const program = await programs.get(`${batch}x${length} from ${from} ${full}`, () => {
      const { graph, logits, hidden } = forwardGraph(loaded.model, { batch, length, from });
      if (full) {
        graph.output("logits", logits);
        graph.output("hidden", hidden);
        return graph;
      }
      const targets = graph.input("targets", [batch, positions], "int");
      graph.output("logProbabilities", graph.pick(graph.logSoftmax(logits), targets));
      return graph;
    });
    const read = requests.map(({ prompt, response }) => [
      ...Array.from(prompt),
      ...Array.from(response).slice(0, -1),
    ]);
    const next = requests.map(({ prompt, response }) => [
      ...Array.from(prompt).slice(1 + from),
      ...Array.from(response),
    ]);
    const inputs = {
      ...loaded.parameters,
      tokens: { shape: [batch, length], data: paddedTokens(read, { batch, length }) },
      ...(!full && {
        targets: { shape: [batch, positions], data: paddedTokens(next, { batch, length: positions }) },
      }),
    };
    return { values: await program.run(inputs), from, positions };
  };

  /** What a batch says of one of its responses. */
  const scoreOf = (request: ScoringRequest, scores: BatchScores, row: number): ScoredResponse => {
    const { values, from, positions } = scores;
    const first = row * positions + firstRead(request) - from;
    const picked = values.logProbabilities?.data as FloatArray | undefined;
    if (picked !== undefined) {
      return { logProbabilities: Array.from(picked.subarray(first, first + request.response.length)) };
    }
    const steps = options.headSteps && new HeadSteps(options.headSteps);
    const logProbabilities: number[] = [];
    const alternatives: (readonly TokenAlternative[])[] = [];
    for (let position = 0; position < request.response.length; position++) {
      const token = request.response[position]!;
      const logits = rowOf(values, "logits", first + position, vocabularySize);
      const hidden = rowOf(values, "hidden", first + position, width);
      const stepped = steps === undefined ? logits : steps.logits(logits, hidden);
      const distribution = logSoftmax(stepped);
      logProbabilities.push(distribution[token]!);
      if (request.alternatives) alternatives.push(mostProbable(distribution, request.alternatives));
      steps?.step(token, stepped, hidden);
    }
    return { logProbabilities, ...(request.alternatives && { alternatives }) };
  };

  return {
    async score(requests, { batch = 256, onProgress, signal } = {}) {
      if (!Number.isSafeInteger(batch) || batch < 1) {
        throw new RangeError(`batch is ${batch}: must be an integer of at least 1`);
      }
      for (const request of requests) checkScoringRequest(request, loaded);
      const scored = new Array<ScoredResponse>(requests.length);
      const full = options.headSteps !== undefined || requests.some(({ alternatives }) => alternatives);
      let finished = 0;
      for (const chosen of batches(requests, { batch, vocabularySize, contextLength })) {
        signal?.throwIfAborted();
        const given = chosen.map((index) => requests[index]!);
        const scores = await runBatch(given, full);
        chosen.forEach((index, row) => {
          scored[index] = scoreOf(given[row]!, scores, row);
        });
        finished += chosen.length;
        onProgress?.(finished);
      }
      return scored;
    },
    release: () => programs.release(),
  };
}

interface BatchScores {
  /** Of the positions from `from` on. */
  readonly values: NamedValues;
  readonly from: number;
  /** So many of each row. */
  readonly positions: number;
}

/** Tokens that are read: all but the response's last. */
const inputLength = ({ prompt, response }: ScoringRequest) => prompt.length + response.length - 1;

/** The position that predicts the response's first token. */
const firstRead = ({ prompt }: ScoringRequest) => prompt.length - 1;

const rowOf = (values: NamedValues, name: string, row: number, size: number): FloatArray =>
  (values[name]!.data as FloatArray).subarray(row * size, (row + 1) * size);

/** Indices of requests in groups of one length bucket and prompts of like length, each small enough for one run. */
function batches(
  requests: readonly ScoringRequest[],
  limits: { readonly batch: number; readonly vocabularySize: number; readonly contextLength: number },
): number[][] {
  const buckets = new Map<number, number[]>();
  requests.forEach((request, index) => {
    const length = lengthBucket(inputLength(request), limits.contextLength);
    const known = buckets.get(length);
    if (known === undefined) buckets.set(length, [index]);
    else known.push(index);
  });
  return [...buckets].flatMap(([length, indices]) => {
    const fitting = Math.floor(largestLogits / (length * limits.vocabularySize));
    indices.sort((left, right) => firstRead(requests[left]!) - firstRead(requests[right]!) || left - right);
    const size = Math.max(1, Math.min(limits.batch, 2 ** Math.floor(Math.log2(Math.max(1, fitting)))));
    return Array.from({ length: Math.ceil(indices.length / size) }, (_, part) =>
      indices.slice(part * size, (part + 1) * size),
    );
  });
}

/** A scorer that reads token by token with a decoder, which it releases. */
export function readingScorer(decoder: Decoder): Scorer {
  return {
    score: (requests, options) => scoreByReading(decoder, requests, options),
    release: () => decoder.release(),
  };
}
