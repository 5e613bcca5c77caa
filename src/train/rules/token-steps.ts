/** Token-level SGD takes a step after every token: a batch becomes as many steps as its longest response has tokens. */
import type { FloatArray, TensorValue } from "../../tensor/index.ts";

/**
 * For each h, the weights [batch, length] that pick the h-th response token of every sequence: batch/count there, count
 * the sequences that have an h-th token, and 0 elsewhere, so that `sequenceLoss` is the negative mean log-probability
 * of token h. One step of SGD after each, with its projection, is (21): θ^{h+1} = Proj(θ^h + η ∇log π_{θ^h}(y_h|x, y_<h)),
 * for a batch with the mean gradient of token h.
 *
 * @example
 * const weights = { shape: [2, 3], data: Float64Array.of(0, 1, 1, 1, 0, 0) };
 * tokenSteps(weights).map(({ data }) => [...data]); // [[0, 1, 0, 1, 0, 0], [0, 0, 2, 0, 0, 0]]
 */
export function tokenSteps(weights: TensorValue): TensorValue[] {
  const [batch, length] = weights.shape as [number, number];
  const places: number[][] = [];
  for (let row = 0; row < batch; row++) {
    let count = 0;
    for (let column = 0; column < length; column++) {
      const place = row * length + column;
      if (weights.data[place] === 0) continue;
      const step = places[count];
      if (step === undefined) places.push([place]);
      else step.push(place);
      count += 1;
    }
  }
  return places.map((step) => {
    const data = (weights.data as FloatArray).slice().fill(0);
    for (const place of step) data[place] = batch / step.length;
    return { shape: weights.shape, data };
  });
}
