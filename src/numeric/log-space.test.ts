import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compensatedSum, log1mExp, logSumExp } from "./index.ts";

describe("log space", () => {
  test("a log-sum-exp neither overflows nor underflows", () => {
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logSumExp([-1e6, -1e6])).toBeCloseTo(-1e6 + Math.LN2, 9);
    expect(logSumExp([])).toBe(Number.NEGATIVE_INFINITY);
    expect(logSumExp([Number.NEGATIVE_INFINITY, 0])).toBe(0);
  });

  test("log(1 − exp x) keeps its digits near 0 and far below", () => {
    expect(log1mExp(-1e-20)).toBeCloseTo(Math.log(1e-20), 12);
    expect(log1mExp(-50) / -Math.exp(-50)).toBeCloseTo(1, 12);
    expect(log1mExp(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(() => log1mExp(1)).toThrow("x is 1");
  });

  test("a compensated sum of integers scaled by powers of two is exact where plain addition is not", () => {
    expect(compensatedSum([1, 1e100, 1, -1e100])).toBe(2);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 20), max: 2 ** 20 })), (values) => {
        const exact = values.reduce((sum, value) => sum + value, 0);
        const noisy = values.flatMap((value) => [value, 2 ** 80, -(2 ** 80)]);
        return compensatedSum(noisy) === exact;
      }),
      { seed: 4 },
    );
    expect(compensatedSum([Number.POSITIVE_INFINITY, 1])).toBe(Number.POSITIVE_INFINITY);
  });
});
