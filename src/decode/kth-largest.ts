/** Selection without a full sort. */
import type { FloatArray } from "../tensor/index.ts";

/** The k-th largest value, 1 ≤ k ≤ length, in expected linear time (Hoare's selection on a copy). */
export function kthLargest(values: FloatArray, k: number): number {
  const copy = Float64Array.from(values);
  const wanted = copy.length - k;
  let low = 0;
  let high = copy.length - 1;
  while (low < high) {
    const pivot = copy[(low + high) >>> 1]!;
    let left = low;
    let right = high;
    while (left <= right) {
      while (copy[left]! < pivot) left += 1;
      while (copy[right]! > pivot) right -= 1;
      if (left > right) break;
      [copy[left], copy[right]] = [copy[right]!, copy[left]!];
      left += 1;
      right -= 1;
    }
    if (wanted <= right) high = right;
    else if (wanted >= left) low = left;
    else break;
  }
  return copy[wanted]!;
}
