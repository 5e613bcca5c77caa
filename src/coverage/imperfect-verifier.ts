/** Sampling until a verifier accepts: how far its mistakes let repeated sampling go. */
import { compensatedSum } from "../numeric/index.ts";

/** How reliable a verifier is. */
export interface VerifierRates {
  /** Probability that a correct response is accepted. */
  readonly truePositiveRate: number;
  /** Probability that a wrong response is accepted. */
  readonly falsePositiveRate: number;
}

/**
 * The probability that the first response accepted within K independent draws is correct.
 *
 * A draw is accepted with a = p·TPR + (1−p)·FPR, and the first accepted is correct with p·TPR/a, so the answer is
 * (1 − (1−a)^K)·p·TPR/a. It rises with K to the ceiling p·TPR/a (K = Infinity): below 1 as soon as the verifier accepts
 * wrong responses. As a → 0 it tends to K·p·TPR; with a = 0 nothing is accepted and the answer is 0.
 *
 * @throws RangeError for a rate outside [0, 1] or a K that is neither an integer of at least 1 nor Infinity.
 * @example
 * firstAccepted({ successRate: 0.1, truePositiveRate: 0.9, falsePositiveRate: 0.01, k: Infinity }); // 0.9090909090909091
 */
export function firstAccepted(
  input: VerifierRates & { readonly successRate: number; readonly k: number },
): number {
  const { successRate, truePositiveRate, falsePositiveRate, k } = input;
  checkRate("successRate", successRate);
  checkRate("truePositiveRate", truePositiveRate);
  checkRate("falsePositiveRate", falsePositiveRate);
  if (!(k >= 1 && (Number.isSafeInteger(k) || k === Number.POSITIVE_INFINITY))) {
    throw new RangeError(`k is ${k}: must be an integer of at least 1 or Infinity`);
  }
  const right = successRate * truePositiveRate;
  const accepted = Math.min(1, right + (1 - successRate) * falsePositiveRate);
  if (right === 0) return 0;
  return -Math.expm1(k * Math.log1p(-accepted)) * (right / accepted);
}

/**
 * The mean of `firstAccepted` over problems whose success rates have a distribution: rates and their weights, such as
 * an estimated mixing distribution. (Observed shares c/n as rates are a plug-in, biased for K above the draws.)
 *
 * @throws RangeError as `firstAccepted` does, for unequal lengths, and unless the weights sum to 1 within 1e-9.
 * @example
 * meanFirstAccepted({ rates: [0, 0.5], weights: [0.5, 0.5], truePositiveRate: 1, falsePositiveRate: 0, k: 2 }); // 0.375
 */
export function meanFirstAccepted(
  input: VerifierRates & {
    readonly rates: ArrayLike<number>;
    readonly weights: ArrayLike<number>;
    readonly k: number;
  },
): number {
  const { rates, weights, truePositiveRate, falsePositiveRate, k } = input;
  if (weights.length !== rates.length) {
    throw new RangeError(
      `weights has length ${weights.length}: must have the length of rates, ${rates.length}`,
    );
  }
  const total = compensatedSum(weights);
  if (!(Math.abs(total - 1) <= 1e-9)) throw new RangeError(`the weights sum to ${total}: must sum to 1`);
  const terms = Float64Array.from(rates, (successRate, index) => {
    const weight = weights[index]!;
    if (!(weight >= 0)) throw new RangeError(`weights[${index}] is ${weight}: must be at least 0`);
    return weight * firstAccepted({ successRate, truePositiveRate, falsePositiveRate, k });
  });
  return compensatedSum(terms);
}

function checkRate(name: string, rate: number): void {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`${name} is ${rate}: must be between 0 and 1`);
}
