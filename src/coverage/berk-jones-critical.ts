/**
 * Critical values κ of the Berk–Jones statistic sup_t n·kl(F̂(t)‖F(t)): rows of n, columns of confidence levels.
 *
 * Computed exactly by the boundary crossings of a Poisson process (`test/oracle/profile-band-probability.ts`) and checked
 * there by simulation; rounded to 1e-4.
 */
import { checkLevel } from "./interval.ts";

const levels = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999];

// biome-ignore format: a table reads by rows.
const table: readonly (readonly [number, ...number[]])[] = [
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: computed to four digits, like its neighbours.
  [1, 1.3863, 2.3026, 2.9957, 3.6889, 4.6052, 5.2983, 5.9915, 7.6009, 9.9035],
  [2, 1.6337, 2.6152, 3.3373, 4.0499, 4.9829, 5.6843, 6.3832, 8.0003, 10.3070],
  [5, 1.9204, 2.9795, 3.7304, 4.4639, 5.4175, 6.1310, 6.8399, 8.4745, 10.7974],
  [10, 2.1131, 3.2153, 3.9835, 4.7289, 5.6949, 6.4163, 7.1322, 8.7806, 11.1190],
  [20, 2.2876, 3.4210, 4.2022, 4.9570, 5.9326, 6.6602, 7.3817, 9.0416, 11.3939],
  [50, 2.4918, 3.6548, 4.4483, 5.2119, 6.1967, 6.9302, 7.6571, 9.3283, 11.6946],
  [100, 2.6287, 3.8082, 4.6082, 5.3766, 6.3662, 7.1028, 7.8326, 9.5099, 11.8841],
  [200, 2.7528, 3.9451, 4.7502, 5.5220, 6.5152, 7.2542, 7.9861, 9.6680, 12.0480],
  [500, 2.9002, 4.1055, 4.9154, 5.6906, 6.6871, 7.4283, 8.1623, 9.8485, 12.2341],
  [1000, 3.0011, 4.2141, 5.0267, 5.8037, 6.8020, 7.5444, 8.2794, 9.9680, 12.3568],
  [2000, 3.0943, 4.3135, 5.1282, 5.9066, 6.9063, 7.6495, 8.3854, 10.0758, 12.4670],
  [5000, 3.2073, 4.4331, 5.2499, 6.0297, 7.0307, 7.7748, 8.5115, 10.2036, 12.5972],
  [10_000, 3.2862, 4.5160, 5.3341, 6.1146, 7.1164, 7.8609, 8.5980, 10.2911, 12.6862],
  [20_000, 3.3601, 4.5933, 5.4124, 6.1935, 7.1958, 7.9406, 8.6781, 10.3720, 12.7682],
  [50_000, 3.4513, 4.6882, 5.5083, 6.2899, 7.2927, 8.0378, 8.7756, 10.4703, 12.8676],
  [100_000, 3.5158, 4.7550, 5.5757, 6.3576, 7.3606, 8.1060, 8.8439, 10.5391, 12.9371],
];

/** −log(1 − level): κ is nearly linear in it. */
const abscissas = levels.map((level) => -Math.log1p(-level));
const neighbours = 4;

/**
 * κ with P[sup_t n·kl(F̂(t)‖F(t)) ≤ κ] = level for `trials` independent draws of a continuous variable.
 *
 * Interpolated linearly in log n and by cubics in −log(1 − level): at most 0.01 below the exact value, which costs 0.0005 of
 * confidence. Beyond the table it goes on in straight lines, which lie above the exact values; a level below 0.5 gets the
 * value of 0.5.
 *
 * @throws RangeError for trials below 1 or a level outside (0, 1).
 * @example
 * berkJonesCritical({ trials: 1, level: 0.95 }); // 3.6889
 */
export function berkJonesCritical(input: { readonly trials: number; readonly level: number }): number {
  const { trials, level } = input;
  checkLevel(level);
  if (!(trials >= 1 && trials < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`trials is ${trials}: must be finite and at least 1`);
  }
  let right = table.findIndex(([n]) => n >= trials);
  if (right < 0) right = table.length - 1;
  right = Math.max(1, right);
  const before = table[right - 1]!;
  const after = table[right]!;
  const fraction = Math.log(trials / before[0]) / Math.log(after[0] / before[0]);
  return (1 - fraction) * atLevel(before.slice(1), level) + fraction * atLevel(after.slice(1), level);
}

function atLevel(row: readonly number[], level: number): number {
  const exact = levels.indexOf(level);
  if (exact >= 0) return row[exact]!;
  const x = -Math.log1p(-level);
  const last = levels.length - 1;
  if (x < abscissas[0]!) return row[0]!;
  if (x > abscissas[last]!) {
    const slope = (row[last]! - row[last - 1]!) / (abscissas[last]! - abscissas[last - 1]!);
    return row[last]! + slope * (x - abscissas[last]!);
  }
  const above = abscissas.findIndex((abscissa) => abscissa > x);
  const first = Math.min(Math.max(0, above - neighbours / 2), levels.length - neighbours);
  let value = 0;
  for (let node = first; node < first + neighbours; node++) {
    let weight = 1;
    for (let other = first; other < first + neighbours; other++) {
      if (other !== node) weight *= (x - abscissas[other]!) / (abscissas[node]! - abscissas[other]!);
    }
    value += weight * row[node]!;
  }
  return value;
}
