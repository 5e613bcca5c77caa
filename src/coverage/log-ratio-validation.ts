/**
 * What counts as a log-probability: at most 0, in nats; −∞ is legal (the model gives the response no mass). Up to 1e-6
 * above 0 is float noise and becomes 0; anything else is an error that names the model and the example.
 */

/** Log-probabilities of responses under one model, in nats. */
export interface ModelLogProbabilities {
  readonly model: string;
  readonly logProbabilities: ArrayLike<number>;
}

/** Log-probabilities in nats, each at most 0. */
export interface CheckedLogProbabilities {
  readonly values: Float64Array;
  /** How many lay above 0 by float noise and became 0. */
  readonly clamped: number;
}

/** How far above 0 a log-probability may lie by float noise, in nats. */
export const largestNoise = 1e-6;

/**
 * The log-probabilities as float64, noise of up to 1e-6 above 0 clamped to 0.
 *
 * @throws RangeError naming the model and the example (by `examples`, else by its position) for NaN, +∞ and values
 * above 1e-6, and where there are none.
 * @example
 * checkedLogProbabilities({ model: "a", logProbabilities: [-1.5, 5e-7, -Infinity] }).clamped; // 1
 */
export function checkedLogProbabilities(
  input: ModelLogProbabilities & { readonly examples?: readonly string[] },
): CheckedLogProbabilities {
  const { model, logProbabilities, examples } = input;
  const { length } = logProbabilities;
  if (length === 0) throw new RangeError(`model ${JSON.stringify(model)} has no log-probabilities`);
  const values = new Float64Array(length);
  let clamped = 0;
  for (let index = 0; index < length; index++) {
    const value = logProbabilities[index]!;
    if (!(value <= largestNoise)) {
      const example = examples?.[index] === undefined ? `${index}` : JSON.stringify(examples[index]);
      throw new RangeError(
        `log-probability of model ${JSON.stringify(model)} on example ${example} is ${value}: must be at most 0`,
      );
    }
    if (value > 0) clamped += 1;
    values[index] = Math.min(0, value);
  }
  return { values, clamped };
}
