/**
 * Ends of a profile-likelihood-ratio interval for a linear functional ψ = Σ h_k x_k of the mixing distribution:
 * the extremes of ψ over all distributions whose log-likelihood lies within cutoff/2 of the maximum.
 *
 * For a multiplier λ > 0 let x_λ maximise ℓ + sλψ (s = ±1) and D(λ) = 2m(ℓ̂ − ℓ(x_λ)), which increases with λ. By weak
 * duality sψ(x_λ) + (cutoff − D(λ))/(2mλ) bounds the end from outside for every λ, exactly so at D(λ) = cutoff.
 */
import type { MixingFit } from "./mixing-distribution.ts";
import { mixtureOptimum } from "./mixture-optimum.ts";

const closeToCutoff = 0.05;
const closeEnds = 1e-4;
const largestSolves = 60;
/** Optimality gap allowed, in units of ψ: while the multiplier is sought, and where it was found. */
const searchPrecision = 2e-4;
const finalPrecision = 1e-5;
const smallestTolerance = 1e-11;
/** A guess at the standard error of ψ, from which the first multiplier follows. */
const firstStandardError = 0.02;

/**
 * The upper end (side 1) or lower end (side −1) for a functional with values in [0, 1]: never short of the exact end on
 * this grid, and beyond it by at most what 5% of the cutoff changes to second order.
 */
export function profileEnd(input: {
  readonly fit: MixingFit;
  readonly functional: Float64Array;
  readonly side: 1 | -1;
  readonly cutoff: number;
}): number {
  const { fit, functional, side, cutoff } = input;
  const { rows, problems } = fit;
  const valueAt = (weights: Float64Array): number => {
    let sum = 0;
    for (let point = 0; point < weights.length; point++) sum += functional[point]! * weights[point]!;
    return side * sum;
  };
  let multiplier = Math.sqrt(cutoff) / (firstStandardError * problems);
  let below = 0;
  let above = Number.POSITIVE_INFINITY;
  let outer = side === 1 ? 1 : 0;
  let start = fit.weights;
  // The best distribution inside the region and the nearest outside: between them the likelihood is concave.
  let inside = { value: valueAt(fit.weights), deviance: 0 };

  let precision = searchPrecision;
  for (let solve = 0; solve < largestSolves; solve++) {
    const optimum = mixtureOptimum({
      rows,
      tolerance: Math.max(smallestTolerance, precision * multiplier),
      tilt: { multiplier: side * multiplier, functional },
      start,
    });
    start = optimum.weights;
    const deviance = Math.max(0, 2 * problems * (fit.meanLogLikelihood - optimum.meanLogLikelihood));
    const value = valueAt(optimum.weights);
    const slack = (cutoff - deviance) / (2 * problems * multiplier);
    outer = Math.min(outer, value + slack + optimum.gap / multiplier);
    if (deviance <= cutoff) {
      if (value > inside.value) inside = { value, deviance };
      below = Math.max(below, multiplier);
    } else {
      // Mixing with the inner point keeps the deviance convex: this share of the way is surely inside.
      const share = (cutoff - inside.deviance) / (deviance - inside.deviance);
      const mixed = inside.value + share * (value - inside.value);
      if (mixed > inside.value) inside = { value: mixed, deviance: cutoff };
      above = Math.min(above, multiplier);
    }
    const found =
      Math.abs(deviance - cutoff) < closeToCutoff * cutoff ||
      outer - inside.value < closeEnds ||
      above < below * 1.0005;
    if (found && precision === finalPrecision) break;
    if (found) {
      precision = finalPrecision;
      continue;
    }
    multiplier = nextMultiplier({ multiplier, below, above, ratio: cutoff / Math.max(deviance, 1e-9) });
  }
  return Math.min(1, Math.max(0, side * outer));
}

/** √(cutoff/D) times the last, D being about quadratic in λ, but inside the bracket and not too far at once. */
function nextMultiplier(input: {
  readonly multiplier: number;
  readonly below: number;
  readonly above: number;
  readonly ratio: number;
}): number {
  const { multiplier, below, above, ratio } = input;
  const factor = Math.sqrt(ratio);
  if (above === Number.POSITIVE_INFINITY) return multiplier * Math.min(4, Math.max(1.3, factor));
  if (below === 0) return multiplier * Math.min(0.8, Math.max(0.1, factor));
  const guess = multiplier * factor;
  return guess > below * 1.02 && guess < above * 0.98 ? guess : Math.sqrt(below * above);
}
