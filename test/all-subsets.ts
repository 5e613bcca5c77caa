/** Best-of-N by enumeration: what the estimators' weights stand for. */
import type { ScoredDraws } from "../src/coverage/index.ts";

/** Mean over all subsets of size n, the tied best draws counted evenly. */
export function overAllSubsets({ proxy, gold }: ScoredDraws, n: number): number {
  const places = Array.from({ length: proxy.length }, (_, index) => index);
  let [sum, subsets] = [0, 0];
  for (let mask = 0; mask < 2 ** places.length; mask++) {
    const chosen = places.filter((index) => mask & (1 << index));
    if (chosen.length !== n) continue;
    const best = Math.max(...chosen.map((index) => proxy[index]!));
    const tied = chosen.filter((index) => proxy[index] === best);
    sum += tied.reduce((total, index) => total + gold[index]!, 0) / tied.length;
    subsets++;
  }
  return sum / subsets;
}
