import fc from "fast-check";
import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/best-of-n.json" with { type: "json" };
import { randomGenerator } from "../numeric/index.ts";
import { firstAccepted, meanFirstAccepted } from "./imperfect-verifier.ts";

describe("first accepted response under an imperfect verifier", () => {
  test("equals 60-digit arithmetic to 1e-12 relative, also where almost nothing is accepted", () => {
    for (const { p, true: truePositiveRate, false: falsePositiveRate, k, value } of oracle.accepted) {
      const result = firstAccepted({ successRate: p, truePositiveRate, falsePositiveRate, k });
      expect(Math.abs(result - value)).toBeLessThanOrEqual(1e-12 * value);
    }
  });

  test("a perfect verifier gives pass@K, and an accepting one the success rate", () => {
    const perfect = { truePositiveRate: 1, falsePositiveRate: 0 };
    expect(firstAccepted({ successRate: 0.3, ...perfect, k: 5 })).toBeCloseTo(1 - 0.7 ** 5, 14);
    const credulous = { truePositiveRate: 1, falsePositiveRate: 1 };
    expect(firstAccepted({ successRate: 0.3, ...credulous, k: 5 })).toBeCloseTo(0.3, 14);
  });

  test("rises with K to the ceiling p·TPR/a", () => {
    const rate = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(rate, rate, rate, (successRate, truePositiveRate, falsePositiveRate) => {
        const at = (k: number) => firstAccepted({ successRate, truePositiveRate, falsePositiveRate, k });
        const ceiling =
          (successRate * truePositiveRate) /
          (successRate * truePositiveRate + (1 - successRate) * falsePositiveRate);
        expect(at(Number.POSITIVE_INFINITY)).toBeCloseTo(ceiling, 13);
        expect(at(1)).toBeLessThanOrEqual(at(2));
        expect(at(2)).toBeLessThanOrEqual(at(1000));
        expect(at(1000)).toBeLessThanOrEqual(at(Number.POSITIVE_INFINITY));
      }),
      { seed: 4 },
    );
  });

  test("agrees with a simulated verifier", () => {
    const random = randomGenerator("verifier");
    const input = { successRate: 0.05, truePositiveRate: 0.7, falsePositiveRate: 0.02, k: 20 };
    const repetitions = 200_000;
    let right = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (let draw = 0; draw < input.k; draw++) {
        const correct = random.uniform() < input.successRate;
        if (random.uniform() >= (correct ? input.truePositiveRate : input.falsePositiveRate)) continue;
        if (correct) right++;
        break;
      }
    }
    const value = firstAccepted(input);
    const error = Math.sqrt((value * (1 - value)) / repetitions);
    expect(Math.abs(right / repetitions - value)).toBeLessThan(4 * error);
  });

  test("the mean over a distribution of rates weighs the problems", () => {
    const verifier = { truePositiveRate: 0.9, falsePositiveRate: 0.1, k: 7 };
    const low = firstAccepted({ successRate: 0.1, ...verifier });
    const high = firstAccepted({ successRate: 0.8, ...verifier });
    expect(meanFirstAccepted({ rates: [0.1, 0.8], weights: [0.25, 0.75], ...verifier })).toBeCloseTo(
      0.25 * low + 0.75 * high,
      14,
    );
    expect(() => meanFirstAccepted({ rates: [0.1], weights: [0.5], ...verifier })).toThrow(/sum to 0.5/);
    expect(() => meanFirstAccepted({ rates: [0.1], weights: [], ...verifier })).toThrow(/length 0/);
    expect(() => meanFirstAccepted({ rates: [0.1, 0.2], weights: [2, -1], ...verifier })).toThrow(
      /weights\[1\] is -1/,
    );
  });

  test("rates outside [0, 1] and a K that is no count are refused", () => {
    const input = { successRate: 0.5, truePositiveRate: 1, falsePositiveRate: 0, k: 1 };
    expect(() => firstAccepted({ ...input, successRate: 1.5 })).toThrow(/successRate is 1.5/);
    expect(() => firstAccepted({ ...input, truePositiveRate: Number.NaN })).toThrow(
      /truePositiveRate is NaN/,
    );
    expect(() => firstAccepted({ ...input, falsePositiveRate: -1 })).toThrow(/falsePositiveRate is -1/);
    expect(() => firstAccepted({ ...input, k: 0 })).toThrow(/k is 0/);
    expect(() => firstAccepted({ ...input, k: 1.5 })).toThrow(/k is 1.5/);
  });
});
