/** Examples as token ids, and the arrays of one batch: the loss counts response tokens only. */
import type { FloatArray, TensorValue } from "../tensor/index.ts";
import type { Example } from "./data.ts";
import { UnusableTrainingError } from "./training-error.ts";

/** What encoding needs of a tokenizer. */
export interface TextEncoder {
  readonly vocabularySize: number;
  readonly endOfSequence?: number | undefined;
  encode(text: string): readonly number[];
}

/** An example as ids: the prompt's, then the response's. */
export interface EncodedExample {
  readonly tokens: Int32Array;
  readonly promptLength: number;
}

export interface EncodingOptions {
  readonly tokenizer: TextEncoder;
  readonly contextLength: number;
  /** Append the tokenizer's end-of-sequence token, where it has one. */
  readonly endOfSequence: boolean;
}

/**
 * The ids of an example. Prompt and response are encoded apart, as generation continues from the prompt's own ids; an
 * empty prompt becomes the end-of-sequence token, which also begins texts.
 *
 * @throws UnusableTrainingError naming the example's place for an empty response, an example longer than the context,
 * or an empty prompt where the tokenizer has no end-of-sequence token.
 */
export function encodedExample(example: Example, options: EncodingOptions): EncodedExample {
  const { tokenizer, contextLength } = options;
  const refuse = (reason: string): never => {
    throw new UnusableTrainingError(example.place === undefined ? reason : `${example.place}: ${reason}`);
  };
  const encode = (part: string, text: string): readonly number[] => {
    try {
      return tokenizer.encode(text);
    } catch (error) {
      return refuse(`the ${part} cannot be encoded: ${(error as Error).message}`);
    }
  };
  if (example.response === "") refuse("the response is empty");
  const prompt = [...encode("prompt", example.prompt)];
  if (prompt.length === 0) {
    if (tokenizer.endOfSequence === undefined)
      refuse("the prompt is empty, and the tokenizer has no token to begin with");
    else prompt.push(tokenizer.endOfSequence);
  }
  const response = [...encode("response", example.response)];
  if (response.length === 0) refuse("the response has no token");
  if (options.endOfSequence && tokenizer.endOfSequence !== undefined) response.push(tokenizer.endOfSequence);
  const tokens = Int32Array.from([...prompt, ...response]);
  if (inputLength(tokens) > contextLength) {
    refuse(
      `prompt and response take ${inputLength(tokens)} tokens (${prompt.length} and ${response.length}), the context holds ${contextLength}`,
    );
  }
  const beyond = tokens.find((token) => token < 0 || token >= tokenizer.vocabularySize);
  if (beyond !== undefined)
    refuse(`token ${beyond} is outside the vocabulary of ${tokenizer.vocabularySize}`);
  return { tokens, promptLength: prompt.length };
}

/** Positions that the model reads: the last token is only ever a target. */
const inputLength = (tokens: Int32Array): number => tokens.length - 1;

/** The arrays of a batch; row-major [batch, length], padded on the right with token 0 and weight 0. */
export interface Batch {
  readonly length: number;
  readonly tokens: TensorValue;
  /** The next token at each position. */
  readonly targets: TensorValue;
  /** 1 where the target is a response token. */
  readonly weights: TensorValue;
  /** Response tokens in the batch. */
  readonly responseTokens: number;
}

/** The arrays of some examples, padded to `length`; `weights` come in the executor's float type. */
export function batchOf(
  examples: readonly EncodedExample[],
  options: { readonly length: number; readonly allocate: (size: number) => FloatArray },
): Batch {
  const { length } = options;
  const size = examples.length * length;
  const shape = [examples.length, length];
  const tokens = new Int32Array(size);
  const targets = new Int32Array(size);
  const weights = options.allocate(size);
  let responseTokens = 0;
  examples.forEach((example, row) => {
    const positions = inputLength(example.tokens);
    if (positions > length) throw new RangeError(`length is ${length}: must be at least ${positions}`);
    const start = row * length;
    tokens.set(example.tokens.subarray(0, positions), start);
    targets.set(example.tokens.subarray(1), start);
    weights.fill(1, start + example.promptLength - 1, start + positions);
    responseTokens += positions - example.promptLength + 1;
  });
  const value = (data: TensorValue["data"]): TensorValue => ({ shape, data });
  return { length, tokens: value(tokens), targets: value(targets), weights: value(weights), responseTokens };
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

/** The least bucket that holds all examples. */
export function bucketOf(examples: readonly EncodedExample[], lengths: readonly number[]): number {
  const needed = Math.max(...examples.map(({ tokens }) => inputLength(tokens)));
  const found = lengths.find((length) => length >= needed);
  if (found === undefined) throw new RangeError(`length is ${needed}: must be at most ${lengths.at(-1)}`);
  return found;
}
