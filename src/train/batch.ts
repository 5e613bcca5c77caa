/** Examples as token ids, and the arrays of one batch: the loss counts response tokens only. */
import { firstPosition, type Tokenizer, type TokenPair, tokenizePair } from "../model/index.ts";
import type { FloatArray, TensorValue } from "../tensor/index.ts";
import type { Example } from "./data.ts";
import { UnusableTrainingError } from "./training-error.ts";

/** An example as ids: the prompt's, then the response's. */
export interface EncodedExample {
  readonly tokens: Int32Array;
  readonly promptLength: number;
}

/** Options of `encodedExample`. */
export interface EncodingOptions {
  readonly tokenizer: Tokenizer;
  readonly contextLength: number;
  /** Append the tokenizer's end-of-sequence token, where it has one. */
  readonly endOfSequence: boolean;
}

/**
 * The ids of an example, prompt and response tokenised together as one text (`tokenizePair`), then the end of sequence.
 *
 * @throws UnusableTrainingError naming the example's place for an empty response, an example longer than the context, a
 * text that the tokenizer cannot encode, or an empty prompt where it has no token to begin with.
 * @example
 * const options = { tokenizer: characterTokenizer(["a", "b"]), contextLength: 8, endOfSequence: true };
 * [...encodedExample({ prompt: "ab", response: "b" }, options).tokens]; // [0, 1, 1, 2]
 * encodedExample({ prompt: "ab", response: "" }, options); // throws InputError: the response is empty
 */
export function encodedExample(example: Example, options: EncodingOptions): EncodedExample {
  const { tokenizer, contextLength } = options;
  const refuse = (reason: string): never => {
    throw new UnusableTrainingError(example.place === undefined ? reason : `${example.place}: ${reason}`);
  };
  if (example.response === "") refuse("the response is empty");
  const { ids, responseStart } = pairOf(example, tokenizer, refuse);
  const end = options.endOfSequence && tokenizer.endOfSequence !== undefined ? [tokenizer.endOfSequence] : [];
  const tokens = Int32Array.from([...ids, ...end]);
  if (inputLength(tokens) > contextLength) {
    const parts = `${responseStart} and ${tokens.length - responseStart}`;
    refuse(
      `prompt and response take ${inputLength(tokens)} tokens (${parts}, the last is not read), the context holds ${contextLength}`,
    );
  }
  return { tokens, promptLength: responseStart };
}

function pairOf(example: Example, tokenizer: Tokenizer, refuse: (reason: string) => never): TokenPair {
  try {
    return tokenizePair(tokenizer, example);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** Positions that the model reads: the last token is only ever a target. */
const inputLength = (tokens: Int32Array): number => tokens.length - 1;

/** The arrays of a batch, row-major, padded on the right with token 0 and weight 0. */
export interface Batch {
  readonly length: number;
  /** The first position that has a target; at every one before it the next token belongs to a prompt. */
  readonly from: number;
  /** [batch, length]. */
  readonly tokens: TensorValue;
  /** The next token at each position from `from` on, [batch, length − from]. */
  readonly targets: TensorValue;
  /** 1 where the target is a response token, [batch, length − from]. */
  readonly weights: TensorValue;
  /** Response tokens in the batch. */
  readonly responseTokens: number;
}

/**
 * The arrays of some examples, padded to `length`; `weights` come in the executor's float type. `from` is 0 if not given.
 *
 * @throws RangeError for an example that is longer, or whose response begins before `from`.
 * @example
 * const example = { tokens: Int32Array.of(5, 6, 7), promptLength: 1 };
 * const batch = batchOf([example], { length: 3, allocate: (size) => new Float64Array(size) });
 * [[...batch.tokens.data], [...batch.targets.data], [...batch.weights.data]]; // [[5, 6, 0], [6, 7, 0], [1, 1, 0]]
 */
export function batchOf(
  examples: readonly EncodedExample[],
  options: {
    readonly length: number;
    readonly from?: number;
    readonly allocate: (size: number) => FloatArray;
  },
): Batch {
  const { length, from = 0 } = options;
  const kept = length - from;
  const tokens = new Int32Array(examples.length * length);
  const targets = new Int32Array(examples.length * kept);
  const weights = options.allocate(examples.length * kept);
  let responseTokens = 0;
  examples.forEach((example, row) => {
    const positions = inputLength(example.tokens);
    if (positions > length) throw new RangeError(`length is ${length}: must be at least ${positions}`);
    const first = example.promptLength - 1;
    if (first < from) throw new RangeError(`from is ${from}: must be at most ${first}`);
    tokens.set(example.tokens.subarray(0, positions), row * length);
    targets.set(example.tokens.subarray(1 + from), row * kept);
    weights.fill(1, row * kept + first - from, row * kept + positions - from);
    responseTokens += positions - first;
  });
  const ofTargets = (data: TensorValue["data"]): TensorValue => ({ shape: [examples.length, kept], data });
  return {
    length,
    from,
    tokens: { shape: [examples.length, length], data: tokens },
    targets: ofTargets(targets),
    weights: ofTargets(weights),
    responseTokens,
  };
}

/**
 * Lengths to which batches are padded: a few, as each is a compiled program of its own.
 *
 * @example
 * bucketLengths(64); // [16, 32, 48, 64]
 */
export function bucketLengths(longest: number): number[] {
  const lengths = [1, 2, 3, 4].map((quarter) => Math.ceil((longest * quarter) / 4));
  return [...new Set(lengths)];
}

/**
 * The least bucket that holds all examples.
 *
 * @throws RangeError where none does.
 * @example
 * bucketOf([{ tokens: new Int32Array(20), promptLength: 4 }], [16, 32, 48, 64]); // 32
 */
export function bucketOf(examples: readonly EncodedExample[], lengths: readonly number[]): number {
  const needed = Math.max(...examples.map(({ tokens }) => inputLength(tokens)));
  const found = lengths.find((length) => length >= needed);
  if (found === undefined) throw new RangeError(`length is ${needed}: must be at most ${lengths.at(-1)}`);
  return found;
}

/**
 * The first position that has to have a target in a batch of these examples, rounded down as `firstPosition` says.
 *
 * @example
 * firstTarget([{ tokens: new Int32Array(20), promptLength: 14 }], 32); // 8
 */
export function firstTarget(examples: readonly EncodedExample[], length: number): number {
  const earliest = Math.min(...examples.map(({ promptLength }) => promptLength - 1));
  return firstPosition({ length, earliest });
}
