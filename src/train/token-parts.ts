/** A step's micro-batches token by token, for rules that update after each token (21). */
import type { TensorValue } from "../tensor/index.ts";
import { tokenSteps } from "./rules/index.ts";

/** Some micro-batches with the weights of one place of all responses. */
export interface TokenPart<Part> {
  readonly parts: readonly Part[];
  /** Sequences that have a token there: the weights make the loss a mean over them. */
  readonly sequences: number;
}

/** The micro-batches, all of one length, once for each place of the longest response. */
export function tokenParts<Part extends { readonly weights: TensorValue }>(
  batches: readonly Part[],
): TokenPart<Part>[] {
  return tokenSteps(joined(batches.map(({ weights }) => weights))).map(({ data }) => {
    let start = 0;
    const parts = batches.map((batch) => {
      const { shape, data: own } = batch.weights;
      const weights = { shape, data: data.slice(start, start + own.length) };
      start += own.length;
      return { ...batch, weights };
    });
    return { parts, sequences: Array.from(data).filter((weight) => weight !== 0).length };
  });
}

/** Rows one after another. */
function joined(values: readonly TensorValue[]): TensorValue {
  const length = values[0]?.shape[1] ?? 0;
  const data = Float64Array.from(values.flatMap((value) => Array.from(value.data)));
  return { shape: [data.length / length, length], data };
}
