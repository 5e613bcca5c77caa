/**
 * Exact distribution of the Berk–Jones statistic sup_t n·kl(F̂(t)‖F(t)) for n independent draws of a continuous variable:
 * the source of the table in src/coverage/berk-jones-critical.ts. Printed anew by
 *
 *     node --import tsx test/oracle/profile-band-probability.ts
 *
 * The statistic is at most κ exactly if the i-th smallest of n uniforms lies in [l(i/n), u((i−1)/n)] for every i, l and u
 * the ends of {q : n·kl(p‖q) ≤ κ}. That is the chance that a Poisson process of rate n, given n points in [0, 1], keeps
 * its count below i before l(i/n) and reaches i by u((i−1)/n): a pass over the 2n times with the law of the count
 * (as in Moscovich and Nadler, Statistics & Probability Letters 123, 2017, without their Fourier transform).
 */
import { pathToFileURL } from "node:url";

function divergence(p: number, q: number): number {
  return (p === 0 ? 0 : p * Math.log(p / q)) + (p === 1 ? 0 : (1 - p) * Math.log((1 - p) / (1 - q)));
}

/** The smallest q with n·kl(p‖q) ≤ κ, by bisection. */
function lowerEnd(p: number, largest: number): number {
  let outside = 0;
  let inside = p;
  for (let step = 0; step < 60; step++) {
    const middle = (outside + inside) / 2;
    if (divergence(p, middle) <= largest) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** P[sup_t n·kl(F̂(t)‖F(t)) ≤ κ]. */
export function bandProbability(n: number, kappa: number): number {
  const lower = Float64Array.from({ length: n }, (_, index) => lowerEnd((index + 1) / n, kappa / n));
  const law = new Float64Array(n + 1);
  law[0] = 1;
  let smallest = 0;
  let top = 0;
  let nextLower = 0;
  let nextUpper = 0;
  let time = 0;
  const advance = (to: number, limit: number): void => {
    const mean = n * (to - time);
    time = to;
    if (mean <= 0) return;
    const kernel: number[] = [];
    let term = Math.exp(-mean);
    for (let j = 0; j <= mean || term > 1e-18; j++) {
      kernel.push(term);
      term *= mean / (j + 1);
    }
    const newTop = Math.min(limit, top + kernel.length - 1);
    for (let count = newTop; count >= smallest; count--) {
      let sum = 0;
      const last = Math.min(kernel.length - 1, count - smallest);
      for (let j = Math.max(0, count - top); j <= last; j++) sum += kernel[j]! * law[count - j]!;
      law[count] = sum;
    }
    top = newTop;
  };
  while (nextUpper < n) {
    const upper = 1 - lower[n - 1 - nextUpper]!;
    if (nextLower < n && lower[nextLower]! <= upper) {
      advance(lower[nextLower]!, nextLower);
      for (let count = nextLower + 1; count <= top; count++) law[count] = 0;
      top = Math.min(top, nextLower);
      nextLower += 1;
      continue;
    }
    advance(upper, Math.min(nextLower, n));
    if (smallest > top) return 0;
    law[smallest] = 0;
    nextUpper += 1;
    smallest = nextUpper;
    if (smallest > n) break;
  }
  advance(1, n);
  let logMass = -n;
  for (let j = 1; j <= n; j++) logMass += Math.log(n / j);
  return law[n]! / Math.exp(logMass);
}

/** The κ with that probability, to about 1e-5: secant steps on the logarithm of the chance to leave the band. */
export function bandCritical(n: number, level: number, guess = 5): number {
  const target = Math.log1p(-level);
  const excess = (kappa: number): number => Math.log1p(-bandProbability(n, kappa)) - target;
  let previous = guess;
  let previousExcess = excess(previous);
  let kappa = previous + previousExcess;
  for (let step = 0; step < 50; step++) {
    const currentExcess = excess(kappa);
    if (Math.abs(currentExcess) < 1e-6 || kappa === previous) return kappa;
    const next = kappa - (currentExcess * (kappa - previous)) / (currentExcess - previousExcess);
    previous = kappa;
    previousExcess = currentExcess;
    kappa = Math.max(next, kappa / 2);
  }
  throw new Error(`no κ found for n = ${n}, level ${level}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const levels = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999];
  let row = levels.map((level) => -Math.log1p(-level) + 1);
  for (const n of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]) {
    row = levels.map((level, column) => bandCritical(n, level, row[column]));
    console.log(`[${[n, ...row.map((kappa) => kappa.toFixed(4))].join(", ")}],`);
  }
}
