/** Examples to train on, and where a step's batch comes from: a function of the seed and the step alone. */
import type { RandomGenerator } from "../numeric/index.ts";

/** A prompt with the response to learn. */
export interface Example {
  readonly prompt: string;
  readonly response: string;
  /** The problem's name within its task. */
  readonly problem?: string;
  /** The reference answer for a verifier. */
  readonly target?: string;
  /** log π_D(response | prompt) in nats, where it is known; at most 0. */
  readonly logProbability?: number;
  /** Where it came from, such as `train.jsonl:12`, for messages. */
  readonly place?: string;
}

/** Draws fresh examples: the same generator state gives the same example. */
export interface ExampleGenerator {
  readonly name: string;
  example(generator: RandomGenerator): Example;
  /** The longest prompt and response together that it draws, in tokens, if it knows. */
  readonly longestTokens?: number;
}

/** Where batches come from. A batch is a pure function of its step, so that resuming needs no state. */
export interface ExampleSource<Item> {
  /** The `size` examples of a step; steps count from 1. */
  batch(step: number, size: number): readonly Item[];
}

/**
 * Epochs of a fixed set, each in its own order drawn from the generator's key; a batch may straddle two epochs.
 *
 * @throws RangeError for an empty set.
 * @example
 * const source = shuffledEpochs(["a", "b", "c"], randomGenerator("seed 1"));
 * [...source.batch(1, 3)].sort().join(""); // "abc"
 */
export function shuffledEpochs<Item>(
  items: readonly Item[],
  generator: RandomGenerator,
): ExampleSource<Item> {
  if (items.length === 0) throw new RangeError("items is empty: must hold at least one example");
  const orders = new Map<number, Uint32Array>();
  const orderOf = (epoch: number): Uint32Array => {
    const known = orders.get(epoch);
    if (known !== undefined) return known;
    // A batch needs its own epoch and at times the next.
    if (orders.size > 2) orders.clear();
    const order = shuffledOrder(items.length, generator.split(`epoch ${epoch}`));
    orders.set(epoch, order);
    return order;
  };
  return {
    batch: (step, size) =>
      Array.from({ length: size }, (_, index) => {
        const position = (step - 1) * size + index;
        const epoch = Math.floor(position / items.length);
        return items[orderOf(epoch)[position - epoch * items.length]!]!;
      }),
  };
}

/**
 * Fresh examples for every step, each from its own stream of the generator.
 *
 * @example
 * const source = freshSamples((generator) => generator.integer(6), randomGenerator("dice"));
 * const again = freshSamples((generator) => generator.integer(6), randomGenerator("dice"));
 * source.batch(7, 3).join() === again.batch(7, 3).join(); // true
 */
export function freshSamples<Item>(
  example: (generator: RandomGenerator) => Item,
  generator: RandomGenerator,
): ExampleSource<Item> {
  return {
    batch: (step, size) =>
      Array.from({ length: size }, (_, index) => example(generator.split(`step ${step}, example ${index}`))),
  };
}

/**
 * Epochs of a fixed set of fresh samples, which are drawn anew whenever they are due: no set is too large for memory.
 *
 * @throws RangeError for a count that is no positive integer.
 * @example
 * const source = fixedSamples((generator) => generator.uniform(), { count: 3, generator: randomGenerator("set") });
 * new Set([...source.batch(1, 3), ...source.batch(2, 3)]).size; // 3
 */
export function fixedSamples<Item>(
  example: (generator: RandomGenerator) => Item,
  given: { readonly count: number; readonly generator: RandomGenerator },
): ExampleSource<Item> {
  const { count, generator } = given;
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new RangeError(`count is ${count}: must be a positive integer`);
  }
  const numbers = Array.from({ length: count }, (_, index) => index);
  const order = shuffledEpochs(numbers, generator.split("order"));
  return {
    batch: (step, size) =>
      order.batch(step, size).map((index) => example(generator.split(`example ${index}`))),
  };
}

/** Fisher and Yates. */
function shuffledOrder(length: number, generator: RandomGenerator): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last -= 1) {
    const other = generator.integer(last + 1);
    const value = order[last]!;
    order[last] = order[other]!;
    order[other] = value;
  }
  return order;
}
