/**
 * Simultaneous bands for a distribution function: all p with n·kl(p̂‖p) ≤ κ_n at every threshold at once (Berk and Jones,
 * Z. Wahrscheinlichkeitstheorie 47, 1979). Unlike the Dvoretzky–Kiefer–Wolfowitz band it is narrow in the tails.
 */
import { berkJonesCritical } from "./berk-jones-critical.ts";
import { checkLevel, type Interval } from "./interval.ts";

/**
 * kl(p‖q) = p·log(p/q) + (1−p)·log((1−p)/(1−q)) in nats, the divergence of two coins.
 *
 * @throws RangeError for an argument outside [0, 1].
 * @example
 * binaryDivergence({ p: 1, q: 0.5 }); // Math.log(2)
 */
export function binaryDivergence(input: { readonly p: number; readonly q: number }): number {
  const { p, q } = input;
  for (const [name, value] of Object.entries({ p, q })) {
    if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} is ${value}: must be between 0 and 1`);
  }
  const success = p === 0 ? 0 : p * Math.log(p / q);
  const failure = p === 1 ? 0 : (1 - p) * (Math.log1p(-p) - Math.log1p(-q));
  return Math.max(0, success + failure);
}

/**
 * The Berk–Jones band at one threshold: with probability `level` the true probabilities of *all* thresholds lie in their
 * bands. Exact for independent draws of a continuous variable, wider than needed where values tie; `trials` may be an
 * effective sample size.
 *
 * @throws RangeError for an estimate outside [0, 1], trials below 1 or a level outside (0, 1).
 * @example
 * berkJonesBand({ estimate: 0, trials: 20, level: 0.95 }).lower; // 0
 */
export function berkJonesBand(input: {
  readonly estimate: number;
  readonly trials: number;
  readonly level: number;
}): Interval {
  const { estimate, trials, level } = input;
  checkLevel(level);
  if (!(estimate >= 0 && estimate <= 1)) {
    throw new RangeError(`estimate is ${estimate}: must be between 0 and 1`);
  }
  const largest = berkJonesCritical({ trials, level }) / trials;
  const crossing = (end: 0 | 1): number => {
    if (estimate === end) return end;
    let inside = estimate;
    let outside: number = end;
    for (;;) {
      const middle = (inside + outside) / 2;
      if (middle === inside || middle === outside) return middle;
      if (binaryDivergence({ p: estimate, q: middle }) <= largest) inside = middle;
      else outside = middle;
    }
  };
  return { lower: crossing(0), upper: crossing(1) };
}
