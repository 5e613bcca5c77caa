/** Exact values of a model that treats all prompts alike: what figure 1 is when the class cannot be told (derived from §7's anchors). */
import { fineTuningWeights } from "./figure-one-plan.ts";

/** Mass on the path of G1 and on that of G2, the same for every prompt. */
export interface UniformModel {
  readonly first: number;
  readonly second: number;
}

export interface UniformValues {
  /** KL(π_D‖π̂) in nats. */
  readonly kl: number;
  coverageAt(n: number): number;
  passAt(n: number): number;
}

/**
 * KL = −0.9·log a − 0.1·log b, Cov_N = 0.9·1{1/a ≥ N} + 0.1·1{1/b ≥ N} and pass@N = 1 − 0.9·(1−a)^N − 0.1·(1−b)^N for masses
 * a on G1's path and b on G2's.
 *
 * @example
 * const optimum = uniformValues({ first: 0.9, second: 0.1 });
 * [optimum.kl.toFixed(3), optimum.coverageAt(10), optimum.passAt(8).toFixed(3)]; // ["0.325", 0.1, "0.957"]
 */
export function uniformValues({ first, second }: UniformModel): UniformValues {
  const { G1, G2 } = fineTuningWeights;
  // 1/0.1 is 10, and floating point is not to decide that.
  const reaches = (mass: number, n: number) => (n * mass <= 1 + 1e-12 ? 1 : 0);
  return {
    kl: -G1 * Math.log(first) - G2 * Math.log(second),
    coverageAt: (n) => G1 * reaches(first, n) + G2 * reaches(second, n),
    passAt: (n) => 1 - G1 * (1 - first) ** n - G2 * (1 - second) ** n,
  };
}

/** The pre-trained model of the uniform mixture, and the KL optimum of fine-tuning, where the class cannot be told. */
export const idealStart: UniformModel = { first: 5 / 12, second: 5 / 12 };
export const idealOptimum: UniformModel = { first: 0.9, second: 0.1 };

/** All mass on the two paths, from even shares to beyond the KL optimum. */
export function idealPath(points = 60): UniformModel[] {
  return Array.from({ length: points + 1 }, (_, index) => {
    const first = 0.5 + (0.4 * index) / points;
    return { first, second: 1 - first };
  });
}
