/** A batch's responses token by token, for rules that take a step after each (21). */
import type { FloatArray, TensorValue } from "../tensor/index.ts";
import type { Batch } from "./batch.ts";

/** The batches once for each place in the longest response, with weight on that place's token alone. */
export function tokenParts(batches: readonly Batch[]): Batch[][] {
  const places = batches.map(({ weights }) => placesInRows(weights));
  const longest = Math.max(
    ...places.map((values) => values.reduce((most, value) => Math.max(most, value), 0)),
  );
  return Array.from({ length: longest }, (_, place) =>
    batches.map((part, index) => {
      const { shape, data } = part.weights;
      const alone = (data as FloatArray).map((weight, at) => (places[index]![at] === place + 1 ? weight : 0));
      return { ...part, weights: { shape, data: alone } };
    }),
  );
}

/** Number of each response token within its row, from 1; 0 for the others. */
function placesInRows({ shape, data }: TensorValue): Int32Array {
  const length = shape[1] ?? 1;
  const places = new Int32Array(data.length);
  for (let at = 0, place = 0; at < data.length; at += 1) {
    if (at % length === 0) place = 0;
    if (data[at] !== 0) {
      place += 1;
      places[at] = place;
    }
  }
  return places;
}
