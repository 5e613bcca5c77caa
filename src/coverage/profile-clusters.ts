/** Responses of one prompt are a cluster: the coverage profile is a mean over prompts of means over their responses. */

export interface PromptClusters {
  readonly prompts: number;
  /** Responses a prompt, at least 1. */
  readonly sizes: Float64Array;
  /** The prompt of each record, from 0. */
  readonly promptOf: Int32Array;
}

/** With fewer prompts that hit (or that miss), the variance between prompts is not to be trusted. */
export const fewestPrompts = 5;

/** The clusters of records that carry these prompt numbers, in order of appearance; without any each record is alone. */
export function promptClusters(input: {
  readonly records: number;
  readonly prompts: ArrayLike<number> | undefined;
}): PromptClusters {
  const { records, prompts } = input;
  if (prompts === undefined) {
    return {
      prompts: records,
      sizes: new Float64Array(records).fill(1),
      promptOf: Int32Array.from({ length: records }, (_, index) => index),
    };
  }
  if (prompts.length !== records) {
    throw new RangeError(`prompts has length ${prompts.length}: must have one entry a record, ${records}`);
  }
  const numbers = new Map<number, number>();
  const sizes: number[] = [];
  const promptOf = new Int32Array(records);
  for (let record = 0; record < records; record++) {
    const name = prompts[record]!;
    if (Number.isNaN(name)) throw new RangeError(`prompts[${record}] is NaN: must be a number`);
    let number = numbers.get(name);
    if (number === undefined) {
      number = sizes.length;
      numbers.set(name, number);
      sizes.push(0);
    }
    promptOf[record] = number;
    sizes[number]! += 1;
  }
  return { prompts: sizes.length, sizes: Float64Array.from(sizes), promptOf };
}

/** The mean of a prompt's values, for each prompt. */
export function promptMeans(clusters: PromptClusters, values: ArrayLike<number>): Float64Array {
  const means = new Float64Array(clusters.prompts);
  for (let record = 0; record < values.length; record++) {
    means[clusters.promptOf[record]!]! += values[record]!;
  }
  return means.map((sum, prompt) => sum / clusters.sizes[prompt]!);
}
