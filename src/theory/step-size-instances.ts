/**
 * The two instances of Prop. 5.1's proof (App. I.4): on one of them SGD with a constant step fails, whichever step that
 * is. d = 2, tokens −1, 0, 1 (here 0, 1, 2), independent given the prompt, φ(x, a) = B·v(x, a).
 */
import type { CountedInstance } from "./counted-class.ts";

/** Tokens of a response, and steps of a training: B must be at least of the order of log(TH). */
export interface StepSizeScale {
  readonly H: number;
  readonly T: number;
}

/** B of the case of a large step, 4·log(8TH): over T responses π_D all but surely draws no other token than 0. */
export function largeStepFeatureNorm({ H, T }: StepSizeScale): number {
  return 4 * Math.log(8 * T * H);
}

/** B of the case of a small step, 3·log(TH). */
export function smallStepFeatureNorm({ H, T }: StepSizeScale): number {
  return 3 * Math.log(T * H);
}

/**
 * η ≥ 8/(HB), with η̄ = ηHB: one prompt, v(0) = (1, 0), v(±1) = (α, ±√(1 − α²)) with α = η̄/(2(η̄ − 1)), θ⋆ = (1, 0).
 * SGD with this η that starts from v(1) is sent to v(−1), back to v(1), and so on for ever.
 *
 * @throws RangeError for η̄ of at most 2: there is no such α.
 */
export function largeStepInstance(
  given: StepSizeScale & { /** η̄ */ readonly step: number },
): CountedInstance {
  const { H, step } = given;
  if (!(step > 2)) throw new RangeError(`step is ${step}: must be above 2`);
  const B = largeStepFeatureNorm(given);
  const along = step / (2 * (step - 1));
  const across = Math.sqrt(1 - along ** 2);
  return {
    dimension: 2,
    vocabularySize: 3,
    horizon: H,
    prompts: [
      {
        name: "only",
        weight: 1,
        features: Float64Array.of(along, -across, 1, 0, along, across).map((value) => B * value),
      },
    ],
    target: Float64Array.of(1, 0),
    start: Float64Array.of(along, across),
  };
}

/**
 * η ≤ 8/(HB): prompts + and −, φ(+, a) = (B·a, 0), φ(−, a) = (0, B·a), θ⋆ = (½, ½), start (r − 1/B, ¼) with
 * e^{rB} = H/(4 log N). At the start responses to + are uncovered, but for a constant factor in e^{θ_1·B}; + is rare.
 *
 * @throws RangeError where r is above ½ or not positive.
 */
export function smallStepInstance(
  given: StepSizeScale & { readonly N: number /** μ(+) */; readonly rare: number },
): CountedInstance {
  const { H, N, rare } = given;
  const B = smallStepFeatureNorm(given);
  const r = Math.log(H / (4 * Math.log(N))) / B;
  if (!(r > 0 && r <= 0.5)) throw new RangeError(`r is ${r}: must be above 0 and at most 1/2`);
  return {
    dimension: 2,
    vocabularySize: 3,
    horizon: H,
    prompts: [
      { name: "+", weight: rare, features: Float64Array.of(-B, 0, 0, 0, B, 0) },
      { name: "-", weight: 1 - rare, features: Float64Array.of(0, -B, 0, 0, 0, B) },
    ],
    target: Float64Array.of(0.5, 0.5),
    start: Float64Array.of(r - 1 / B, 0.25),
  };
}

/** μ(+) of the proof with B_ = B: min{1, H/(512·e·T·B·log N)}. */
export function rarePromptWeight(given: StepSizeScale & { readonly N: number }): number {
  const { H, T, N } = given;
  return Math.min(1, H / (512 * Math.E * T * smallStepFeatureNorm(given) * Math.log(N)));
}
