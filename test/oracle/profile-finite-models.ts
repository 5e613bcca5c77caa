/**
 * Random models with a handful of responses, as integer weights: whether π/π̂ ≥ N is decided by integers, and every
 * quantity of src/coverage follows by enumeration straight from its definition.
 */
import { type LogRatioSample, logRatios } from "../../src/coverage/index.ts";
import type { RandomGenerator } from "../../src/numeric/index.ts";

/** `weights[prompt][response]`, integers; a response's probability is its weight over the prompt's sum. */
export type FiniteModel = readonly (readonly number[])[];

/** A rational N, so that atoms are hit exactly. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

export const asNumber = ({ numerator, denominator }: Ratio): number => numerator / denominator;

function total(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

export function probabilities(weights: readonly number[]): number[] {
  const sum = total(weights);
  return weights.map((weight) => weight / sum);
}

/** Spread, sparse (with zeros) and nearly equal weights all occur. */
export function randomModel(
  random: RandomGenerator,
  size: { readonly prompts: number; readonly responses: number },
): FiniteModel {
  const style = random.integer(4);
  return Array.from({ length: size.prompts }, () => {
    const weights = Array.from({ length: size.responses }, () => {
      if (style === 0) return 1 + random.integer(3);
      if (style === 1) return Math.round(1000 ** random.uniform());
      if (style === 2) return random.integer(3) === 0 ? 0 : 1 + random.integer(20);
      return 1 + Math.round(999 * random.uniform() ** 6);
    });
    if (total(weights) === 0) weights[random.integer(size.responses)] = 1;
    return weights;
  });
}

/** An atom of π/π̂ half of the time, else a random rational; at least 1. */
export function randomN(random: RandomGenerator, reference: FiniteModel, model: FiniteModel): Ratio {
  if (random.integer(2) === 0) {
    const prompt = random.integer(reference.length);
    const response = random.integer(reference[prompt]!.length);
    const numerator = reference[prompt]![response]! * total(model[prompt]!);
    const denominator = model[prompt]![response]! * total(reference[prompt]!);
    if (denominator > 0 && numerator >= denominator) return { numerator, denominator };
  }
  const numerator = Math.round(64 * 64 ** random.uniform());
  return { numerator, denominator: 64 };
}

/** Cov_N(π‖π̂) under π; `drawnFrom` another model for the share under that one. 0/0 does not count. */
export function coverage(
  reference: FiniteModel,
  model: FiniteModel,
  n: Ratio,
  drawnFrom: FiniteModel = reference,
): number {
  let sum = 0;
  reference.forEach((weights, prompt) => {
    const drawn = drawnFrom[prompt]!;
    const above = total(weights);
    const below = total(model[prompt]!);
    let hits = 0;
    weights.forEach((weight, response) => {
      if (weight === 0) return;
      const left = weight * below * n.denominator;
      const right = n.numerator * model[prompt]![response]! * above;
      if (left > Number.MAX_SAFE_INTEGER || right > Number.MAX_SAFE_INTEGER) throw new Error("not exact");
      if (left >= right) hits += drawn[response]!;
    });
    sum += hits / total(drawn);
  });
  return sum / reference.length;
}

/** E_x Σ_y π(y|x)·f(π(y|x), π̂(y|x)), 0 where π is. */
export function expectation(
  reference: FiniteModel,
  model: FiniteModel,
  value: (above: number, below: number) => number,
): number {
  let sum = 0;
  reference.forEach((weights, prompt) => {
    const above = probabilities(weights);
    const below = probabilities(model[prompt]!);
    above.forEach((probability, response) => {
      if (probability > 0) sum += probability * value(probability, below[response]!);
    });
  });
  return sum / reference.length;
}

export function kl(reference: FiniteModel, model: FiniteModel): number {
  return Math.max(
    0,
    expectation(reference, model, (above, below) => Math.log(above / below)),
  );
}

/** ½ E_x Σ_y (√π − √π̂)², as App. B defines it. */
export function squaredHellinger(reference: FiniteModel, model: FiniteModel): number {
  let sum = 0;
  reference.forEach((weights, prompt) => {
    const above = probabilities(weights);
    const below = probabilities(model[prompt]!);
    above.forEach((value, response) => {
      sum += (Math.sqrt(value) - Math.sqrt(below[response]!)) ** 2 / 2;
    });
  });
  return sum / reference.length;
}

/** Responses merged into answers. */
export function answersOf(model: FiniteModel, answerOf: readonly number[]): FiniteModel {
  return model.map((weights) => {
    const merged = new Array<number>(Math.max(...answerOf) + 1).fill(0);
    weights.forEach((weight, response) => {
      merged[answerOf[response]!]! += weight;
    });
    return merged;
  });
}

/** The regret of Best-of-N to π for the worst reward of 0 or 1, which may depend on the prompt: all subsets are tried. */
export function worstRegret(reference: FiniteModel, model: FiniteModel, n: number): number {
  let sum = 0;
  reference.forEach((weights, prompt) => {
    const above = probabilities(weights);
    const below = probabilities(model[prompt]!);
    let worst = 0;
    for (let subset = 1; subset < 2 ** above.length; subset++) {
      let good = 0;
      let reached = 0;
      for (let response = 0; response < above.length; response++) {
        if ((subset & (1 << response)) === 0) continue;
        good += above[response]!;
        reached += below[response]!;
      }
      worst = Math.max(worst, good - (1 - Math.max(0, 1 - reached) ** n));
    }
    sum += worst;
  });
  return sum / reference.length;
}

/** Every response of π as often as its weight, so that means over the sample are expectations under π. */
export function enumerated(
  reference: FiniteModel,
  model: FiniteModel,
): { readonly sample: LogRatioSample; readonly prompts: readonly number[] } {
  const prompts: number[] = [];
  const above: number[] = [];
  const below: number[] = [];
  reference.forEach((weights, prompt) => {
    weights.forEach((weight, response) => {
      for (let copy = 0; copy < weight; copy++) {
        prompts.push(prompt);
        above.push(Math.log(weight / total(weights)));
        below.push(Math.log(model[prompt]![response]! / total(model[prompt]!)));
      }
    });
  });
  const sample = logRatios({
    kind: "reference",
    reference: { model: "π", logProbabilities: above },
    model: { model: "π̂", logProbabilities: below },
  });
  return { sample, prompts };
}
