import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { randomGenerator } from "../numeric/index.ts";
import {
  largestCommonK,
  type ProblemCount,
  passAtK,
  passAtKCurve,
  passAtKEstimates,
  passAtKValues,
} from "./index.ts";

/** 1 − C(n−c, k)/C(n, k) as an exact fraction. */
function exactPassAtK(n: number, c: number, k: number): { numerator: bigint; denominator: bigint } {
  let denominator = 1n;
  let fail = 1n;
  const few = Math.min(c, k);
  const many = Math.max(c, k);
  for (let index = 0; index < few; index++) {
    denominator *= BigInt(n - index);
    fail *= BigInt(Math.max(0, n - many - index));
  }
  return { numerator: denominator - fail, denominator };
}

/** |value/exact − 1| with all of the arithmetic exact but for one rounding at the end. */
function relativeError(value: number, exact: { numerator: bigint; denominator: bigint }): number {
  if (exact.numerator === 0n) return value === 0 ? 0 : Number.POSITIVE_INFINITY;
  // A double is an integer times a power of two.
  let scaled = value;
  let power = 0n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    power += 1n;
  }
  const left = BigInt(scaled) * exact.denominator;
  const right = exact.numerator << power;
  const difference = left > right ? left - right : right - left;
  return Number((difference * 10n ** 20n) / right) / 1e20;
}

describe("pass@k against exact rational arithmetic", () => {
  test("the relative error is at most 1e-12 for n up to 300, all c and k", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (n, a, b) => {
        const c = a % (n + 1);
        const k = 1 + (b % n);
        return relativeError(passAtK({ draws: n, correct: c, k }), exactPassAtK(n, c, k)) <= 1e-12;
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  test("the relative error is at most 1e-12 for n up to a million, from tiny values to 1", () => {
    const random = randomGenerator("pass@k, large n");
    const logUniform = (limit: number): number => Math.floor(limit ** random.uniform());
    let worst = 0;
    for (let trial = 0; trial < 300; trial++) {
      const n = logUniform(1e6);
      // Exact arithmetic with millions of digits would take minutes: the smaller of c and k stays below 2000.
      const small = Math.min(n, logUniform(2000));
      const large = Math.min(n, logUniform(1e6));
      const [c, k] = trial % 2 === 0 ? [small, large] : [large, small];
      worst = Math.max(worst, relativeError(passAtK({ draws: n, correct: c, k }), exactPassAtK(n, c, k)));
    }
    expect(worst).toBeLessThanOrEqual(1e-12);
  });

  test("one correct of a million draws and a thousand of a million by a thousand are exact to 1e-12", () => {
    for (const [n, c, k] of [
      [1e6, 1, 1],
      [1e6, 1000, 1000],
      [1e6, 1e6, 1],
      [1e6, 999_999, 1],
      [1e6, 1, 999_999],
      [999_983, 1500, 613],
    ] as const) {
      expect(relativeError(passAtK({ draws: n, correct: c, k }), exactPassAtK(n, c, k))).toBeLessThanOrEqual(
        1e-12,
      );
    }
  });

  test.skipIf(!dataPresent)(
    "all rows with k ≤ n of a public table of 81 checkpoints agree to 1e-14 (skipped where the data are absent)",
    async () => {
      const { DuckDBInstance } = await import("@duckdb/node-api");
      const connection = await (await DuckDBInstance.create(":memory:")).connect();
      const path = sharedData("pythia-gsm8k/gsm8k_pass_at_k.parquet") ?? "";
      const reader = await connection.runAndReadAll(
        `select "Num. Samples", "Num. Samples Correct", k, "pass@k" from '${path}'`,
      );
      let beyond = 0;
      let worst = 0;
      const rows = reader.getRows();
      for (const [n, c, k, stored] of rows) {
        const draws = Number(n);
        if (Number(k) > draws) {
          beyond += 1;
          continue;
        }
        const value = passAtK({ draws, correct: Number(c), k: Number(k) });
        worst = Math.max(worst, Math.abs(value - Number(stored)));
      }
      expect(rows.length).toBe(246_552);
      expect(beyond).toBe(44_353);
      expect(worst).toBeLessThanOrEqual(1e-14);
    },
  );
});

describe("pass@k under a stopping rule", () => {
  /** The mean of the estimate over every sequence of draws, stopped by the rule. */
  function expectedEstimate(input: { rate: number; successes: number; cap: number; k: number }): number {
    const { rate, successes, cap, k } = input;
    const stopping = { kind: "successes", successes, cap } as const;
    const visit = (draws: number, correct: number): number => {
      if (correct === successes || draws === cap) return passAtK({ draws, correct, k, stopping });
      return rate * visit(draws + 1, correct + 1) + (1 - rate) * visit(draws + 1, correct);
    };
    return visit(0, 0);
  }

  test("stopped at the s-th success it is unbiased for every k up to the cap, by enumeration", () => {
    for (const successes of [1, 2, 3, 5]) {
      for (const cap of [5, 9]) {
        for (const rate of [0, 0.03, 0.4, 0.9, 1]) {
          for (let k = 1; k <= cap; k++) {
            const truth = -Math.expm1(k * Math.log1p(-rate));
            expect(expectedEstimate({ rate, successes, cap, k })).toBeCloseTo(truth, 13);
          }
        }
      }
    }
  });

  test("the formula for a fixed n would be biased there", () => {
    // s = 1: draws end with the first success, so c/n overstates the rate.
    const naive = [1, 2, 3, 4].reduce((sum, t) => sum + 0.3 * 0.7 ** (t - 1) * (1 / t), 0);
    expect(naive).toBeGreaterThan(0.3 + 0.1);
  });

  test("counts that the rule cannot have left throw, naming the value", () => {
    const stopping = { kind: "successes", successes: 2, cap: 10 } as const;
    expect(() => passAtK({ draws: 5, correct: 1, k: 1, stopping })).toThrow("ends at 2 correct or 10 draws");
    expect(() => passAtK({ draws: 5, correct: 3, k: 1, stopping })).toThrow("at most 2");
    expect(() => passAtK({ draws: 11, correct: 1, k: 1, stopping })).toThrow("at most 10");
  });
});

describe("pass@k", () => {
  test("impossible arguments throw, naming value and limit", () => {
    expect(() => passAtK({ draws: 10, correct: 3, k: 11 })).toThrow("k is 11: must be at most 10");
    expect(() => passAtK({ draws: 10, correct: 11, k: 1 })).toThrow("correct is 11");
    expect(() => passAtK({ draws: 10, correct: -1, k: 1 })).toThrow("correct is -1");
    expect(() => passAtK({ draws: Number.NaN, correct: 0, k: 1 })).toThrow("draws is NaN");
    expect(() => passAtK({ draws: 10, correct: 3, k: 0 })).toThrow("k is 0");
    expect(() => passAtK({ draws: 10, correct: 3, k: 1.5 })).toThrow("k is 1.5");
    expect(() => passAtKCurve([], [1])).toThrow("counts is empty");
    expect(() => passAtKCurve([{ draws: 2, correct: 3 }], [1])).toThrow("counts[0].correct is 3");
  });

  test("it increases in k and in c, is c/n at k = 1 and 1 where k exceeds the failures", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), (n, a, b) => {
        const c = a % n;
        const k = 1 + (b % (n - 1));
        const value = passAtK({ draws: n, correct: c, k });
        expect(passAtK({ draws: n, correct: c, k: 1 })).toBeCloseTo(c / n, 15);
        expect(passAtK({ draws: n, correct: c, k: k + 1 })).toBeGreaterThanOrEqual(value - 1e-15);
        expect(passAtK({ draws: n, correct: c + 1, k })).toBeGreaterThanOrEqual(value - 1e-15);
        if (k > n - c) expect(value).toBe(1);
      }),
      { seed: 2 },
    );
  });

  test("the curve is the mean over problems, unchanged when they are reordered", () => {
    const random = randomGenerator("curve");
    const counts = Array.from({ length: 300 }, () => {
      const draws = 20 + random.integer(5);
      return { draws, correct: random.integer(draws + 1) };
    });
    const ks = [1, 2, 7, 20];
    const curve = passAtKCurve(counts, ks);
    ks.forEach((k, index) => {
      const mean = counts.reduce((sum, count) => sum + passAtK({ ...count, k }), 0) / counts.length;
      expect(curve[index]).toBeCloseTo(mean, 13);
    });
    expect(passAtKCurve([...counts].reverse(), ks)).toEqual(curve);
  });

  test("the values of many problems are those of each, equal counts and stopping rules among them", () => {
    const counts: ProblemCount[] = [
      { draws: 8, correct: 3 },
      { draws: 9, correct: 3 },
      { draws: 8, correct: 3 },
      { draws: 9, correct: 3, stopping: { kind: "successes", successes: 3, cap: 20 } },
      { draws: 8, correct: 0 },
    ];
    expect([...passAtKValues(counts, 4)]).toEqual(counts.map((count) => passAtK({ ...count, k: 4 })));
    expect(() => passAtKValues(counts, 9)).toThrow("k is 9: must be at most 8");
  });

  test("no k above the fewest draws is answered from the problems that happen to have more", () => {
    const counts = [
      { draws: 10, correct: 1 },
      { draws: 8, correct: 0 },
    ];
    expect(largestCommonK(counts)).toBe(8);
    expect(() => passAtKCurve(counts, [9])).toThrow("k is 9: must be at most 8");
    expect(() => passAtKEstimates(counts, [1, 9])).toThrow("k is 9: must be at most 8");
  });

  test("with a stopping rule the cap is the limit", () => {
    const stopping = { kind: "successes", successes: 1, cap: 50 } as const;
    const counts = [
      { draws: 4, correct: 1, stopping },
      { draws: 50, correct: 0, stopping },
    ];
    expect(largestCommonK(counts)).toBe(50);
    expect([...passAtKCurve(counts, [3, 4, 50])]).toEqual([0, 0.5, 0.5]);
  });
});

describe("intervals of pass@k", () => {
  test("they hold the estimate, lie in [0, 1] and carry their sample size", () => {
    const counts = [5, 0, 20, 1].map((correct) => ({ draws: 20, correct }));
    for (const row of passAtKEstimates(counts, [1, 5, 20])) {
      expect(row.lower).toBeLessThanOrEqual(row.estimate);
      expect(row.upper).toBeGreaterThanOrEqual(row.estimate);
      expect(row.lower).toBeGreaterThanOrEqual(0);
      expect(row.upper).toBeLessThanOrEqual(1);
      expect(row).toMatchObject({ problems: 4, draws: 80 });
    }
  });

  test.each([
    { name: "alike problems", a: 20, b: 40, problems: 60, draws: 20 },
    { name: "very unlike problems", a: 0.3, b: 0.6, problems: 60, draws: 20 },
    { name: "mostly unsolved problems", a: 0.1, b: 2, problems: 150, draws: 50 },
    { name: "few problems", a: 1, b: 1, problems: 12, draws: 100 },
  ])("they cover about .95 of populations of $name", ({ name, a, b, problems, draws }) => {
    const random = randomGenerator(`Korn and Graubard, ${name}`);
    const ks = [1, 5, draws];
    const covered = ks.map(() => 0);
    const repetitions = 600;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const counts: ProblemCount[] = Array.from({ length: problems }, () => {
        return { draws, correct: random.binomial(draws, random.beta(a, b)) };
      });
      passAtKEstimates(counts, ks).forEach(({ k, lower, upper }, index) => {
        let fail = 1;
        for (let i = 0; i < k; i++) fail *= 1 - a / (a + b + i);
        if (lower <= 1 - fail && 1 - fail <= upper) covered[index]! += 1;
      });
    }
    // .92 is three standard errors below .95 at 600 repetitions.
    for (const count of covered) expect(count / repetitions).toBeGreaterThanOrEqual(0.92);
  });
});
