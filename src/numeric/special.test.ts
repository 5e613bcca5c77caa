import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  betaQuantile,
  chiSquareQuantile,
  logGamma,
  normalQuantile,
  regularizedIncompleteBeta,
  studentQuantile,
} from "./index.ts";

interface Oracle {
  readonly incompleteBeta: { x: number; alpha: number; beta: number; value: number }[];
  readonly betaQuantile: { probability: number; alpha: number; beta: number; value: number }[];
  readonly studentQuantile: { probability: number; degreesOfFreedom: number; value: number }[];
  readonly chiSquareQuantile: { probability: number; degreesOfFreedom: number; value: number }[];
  readonly normalQuantile: { probability: number; value: number }[];
  readonly logGamma: { x: number; value: number }[];
}

const oracle = JSON.parse(
  readFileSync(new URL("../../test/oracle/special-functions.json", import.meta.url), "utf8"),
) as Oracle;

/** Largest |found/value − 1|. */
function worstError<Entry extends { value: number }>(
  entries: readonly Entry[],
  found: (entry: Entry) => number,
): number {
  return Math.max(...entries.map((entry) => Math.abs(found(entry) / entry.value - 1)));
}

describe("special functions against 40 digits of mpmath", () => {
  test("the incomplete beta agrees to 1e-13, and to 2e-10 where both shapes are a million", () => {
    const huge = ({ alpha, beta }: { alpha: number; beta: number }): boolean => Math.min(alpha, beta) >= 1e6;
    const ordinary = oracle.incompleteBeta.filter((entry) => !huge(entry));
    expect(worstError(ordinary, regularizedIncompleteBeta)).toBeLessThan(1e-13);
    expect(worstError(oracle.incompleteBeta.filter(huge), regularizedIncompleteBeta)).toBeLessThan(2e-10);
  });
  test("the beta quantile agrees to 1e-12, shapes up to a million included", () => {
    expect(worstError(oracle.betaQuantile, betaQuantile)).toBeLessThan(1e-12);
  });
  test("the t quantile agrees to 1e-12", () => {
    expect(worstError(oracle.studentQuantile, studentQuantile)).toBeLessThan(1e-12);
  });
  test("the χ² quantile agrees to 1e-12", () => {
    expect(worstError(oracle.chiSquareQuantile, chiSquareQuantile)).toBeLessThan(1e-12);
  });
  test("the normal quantile agrees to 1e-12", () => {
    expect(worstError(oracle.normalQuantile, ({ probability }) => normalQuantile(probability))).toBeLessThan(
      1e-12,
    );
  });
  test("log Γ agrees to 1e-14", () => {
    expect(worstError(oracle.logGamma, ({ x }) => logGamma(x))).toBeLessThan(1e-14);
  });
});

describe("special functions", () => {
  test("arguments outside their domain throw, naming value and limit", () => {
    expect(() => betaQuantile({ probability: 1.5, alpha: 1, beta: 1 })).toThrow("probability is 1.5");
    expect(() => betaQuantile({ probability: 0.5, alpha: 0, beta: 1 })).toThrow("alpha is 0");
    expect(() => studentQuantile({ probability: 0.5, degreesOfFreedom: Number.NaN })).toThrow(
      "degreesOfFreedom is NaN",
    );
    expect(() => chiSquareQuantile({ probability: -1, degreesOfFreedom: 1 })).toThrow("probability is -1");
    expect(() => normalQuantile(Number.NaN)).toThrow("probability is NaN");
    expect(() => regularizedIncompleteBeta({ x: 2, alpha: 1, beta: 1 })).toThrow("x is 2");
    expect(() => logGamma(0)).toThrow("x is 0");
  });
});
