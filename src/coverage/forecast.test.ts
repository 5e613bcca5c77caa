import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measuredCells, shapes, simulatedCounts, truths } from "../../test/oracle/forecast-cells.ts";
import { thinnedModels } from "../../test/oracle/thinned-pythia.ts";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { chiSquareQuantile, randomGenerator } from "../numeric/index.ts";
import { forecastPassAtK, type ProblemCount, passAtK, passAtKCurve, shareUnderRate } from "./index.ts";
import { mixingFit } from "./mixing-distribution.ts";

const oracle = (
  JSON.parse(
    readFileSync(new URL("../../test/oracle/mixing-distribution.json", import.meta.url), "utf8"),
  ) as {
    name: string;
    counts: [number, number, number][];
    ends: { k: number; lower: number; upper: number }[];
  }[]
).filter(({ ends }) => ends.length > 0);
const cutoff = chiSquareQuantile({ probability: 0.95, degreesOfFreedom: 1 });
const fewCounts = (...correct: number[]): ProblemCount[] =>
  correct.map((value) => ({ draws: 20, correct: value }));

/** Pass@k of a distribution and its likelihood-ratio statistic, from rates and weights alone. */
function likelihoodRatio(
  counts: readonly ProblemCount[],
  rates: readonly number[],
  weights: readonly number[],
) {
  let sum = 0;
  for (const { draws, correct } of counts) {
    const mixture = rates.reduce(
      (total, rate, point) => total + weights[point]! * rate ** correct * (1 - rate) ** (draws - correct),
      0,
    );
    sum += Math.log(mixture);
  }
  return sum;
}

describe("ends of the forecast", () => {
  test.each(oracle)(
    "they are those of an independent convex solver, never inside: $name",
    ({ counts: rows, ends }) => {
      const counts = rows.flatMap(([draws, correct, problems]) =>
        Array.from({ length: problems }, () => ({ draws, correct })),
      );
      const found = forecastPassAtK(
        counts,
        ends.map(({ k }) => k),
      );
      ends.forEach(({ lower, upper }, index) => {
        expect(found[index]!.lower).toBeLessThan(lower + 1e-6);
        expect(found[index]!.lower).toBeGreaterThan(lower - 1e-4);
        expect(found[index]!.upper).toBeGreaterThan(upper - 1e-6);
        expect(found[index]!.upper).toBeLessThan(upper + 1e-4);
      });
    },
  );

  test("no distribution within the likelihood region lies outside them, by random search", () => {
    const counts = fewCounts(0, 0, 0, 1, 4, 9, 20, 2, 0, 13);
    const [forecast] = forecastPassAtK(counts, [100]);
    const { lower, upper } = forecast!;
    const fit = mixingFit(counts);
    const best = likelihoodRatio(counts, [...fit.rows.rates], [...fit.weights]);
    const random = randomGenerator("random distributions");
    let inside = 0;
    let lowest = 1;
    let highest = 0;
    for (let trial = 0; trial < 20_000; trial++) {
      // Mixtures of the best distribution with a few random rates, which stay near the region's edge.
      const share = random.uniform() ** 2;
      const rates = [...fit.rows.rates];
      const weights = Array.from(fit.weights, (weight) => (1 - share) * weight);
      const extra = 1 + random.integer(3);
      for (let index = 0; index < extra; index++) {
        rates.push(10 ** (-6 * random.uniform()));
        weights.push(share / extra);
      }
      if (2 * (best - likelihoodRatio(counts, rates, weights)) > cutoff) continue;
      inside += 1;
      const value = rates.reduce(
        (sum, rate, point) => sum + weights[point]! * -Math.expm1(100 * Math.log1p(-rate)),
        0,
      );
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
    expect(inside).toBeGreaterThan(2000);
    expect(lowest).toBeGreaterThanOrEqual(lower);
    expect(highest).toBeLessThanOrEqual(upper);
  });

  test.each([100, 1000, 1_000_000])(
    "problems never solved in n = %d draws have a closed-form upper end at k = n",
    (draws) => {
      // There the likelihood of a problem is 1 − ψ, so 2m·log(1/(1 − ψ)) = cutoff.
      const problems = 200;
      const counts = Array.from({ length: problems }, () => ({ draws, correct: 0 }));
      const [row] = forecastPassAtK(counts, [draws]);
      expect(row!.lower).toBe(0);
      expect(row!.upper).toBeGreaterThanOrEqual(1 - Math.exp(-cutoff / (2 * problems)) - 1e-9);
      expect(row!.upper).toBeLessThan(1 - Math.exp(-cutoff / (2 * problems)) + 5e-5);
    },
  );

  test("one problem never solved in n draws has the closed-form upper end", () => {
    // The likelihood is (1−p)^n and the region Σ x_k (1−p_k)^n ≥ exp(−cutoff/2); its extreme mixes 0 and 1.
    const [row] = forecastPassAtK([{ draws: 50, correct: 0 }], [1000]);
    expect(row!.lower).toBe(0);
    expect(row!.upper).toBeGreaterThanOrEqual(1 - Math.exp(-cutoff / 2) - 1e-6);
    const [below] = forecastPassAtK([{ draws: 50, correct: 0 }], [1]);
    // pass@1 = Σ x p is largest for an atom at 1 beside one at 0.
    expect(below!.upper).toBeCloseTo(1 - Math.exp(-cutoff / 2), 3);
  });
});

describe("forecasts", () => {
  const counts = simulatedCounts(truths[2]!, shapes[0]!, 1);

  test("ends and midpoint increase with k, in [0, 1], and carry their sample size", () => {
    const rows = forecastPassAtK(counts, [1, 10, 100, 1000, 1e5, 1e6]);
    rows.forEach((row, index) => {
      expect(row.midpoint).toBe((row.lower + row.upper) / 2);
      expect(row.lower).toBeGreaterThanOrEqual(rows[index - 1]?.lower ?? 0);
      expect(row.upper).toBeGreaterThanOrEqual((rows[index - 1]?.upper ?? 0) - 1e-3);
      expect(row.upper).toBeLessThanOrEqual(1);
      expect(row).toMatchObject({ problems: 50, draws: 5000 });
      expect(row.gap).toBeLessThan(1e-8);
    });
  });

  test("within the draws the interval holds the unbiased estimate", () => {
    const ks = [1, 5, 25, 100];
    const curve = passAtKCurve(counts, ks);
    forecastPassAtK(counts, ks).forEach(({ lower, upper }, index) => {
      expect(lower).toBeLessThanOrEqual(curve[index]!);
      expect(upper).toBeGreaterThanOrEqual(curve[index]!);
    });
  });

  test("a value does not depend on the other k asked for, unless all shall hold together", () => {
    const [alone] = forecastPassAtK(counts, [1000]);
    const [, among] = forecastPassAtK(counts, [200, 1000, 10_000]);
    const [, together] = forecastPassAtK(counts, [200, 1000, 10_000], { simultaneous: true });
    expect(among).toEqual(alone);
    expect(together!.lower).toBeLessThan(alone!.lower);
    expect(together!.upper).toBeGreaterThan(alone!.upper);
  });

  test("a higher level is wider", () => {
    const [ninety] = forecastPassAtK(counts, [1000], { level: 0.9 });
    const [ninetyNine] = forecastPassAtK(counts, [1000], { level: 0.99 });
    expect(ninetyNine!.lower).toBeLessThan(ninety!.lower);
    expect(ninetyNine!.upper).toBeGreaterThan(ninety!.upper);
  });

  test("strict intervals are those of half the error", () => {
    const [strict] = forecastPassAtK(counts, [1000], { level: 0.9, strict: true });
    const [ninetyFive] = forecastPassAtK(counts, [1000], { level: 0.95 });
    expect(strict!.lower).toBeCloseTo(ninetyFive!.lower, 10);
    expect(strict!.upper).toBeCloseTo(ninetyFive!.upper, 10);
  });

  test("any small log has ordered ends in [0, 1] without NaN", () => {
    const count = fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.nat())
      .map(([draws, hits]) => ({ draws, correct: hits % (draws + 1) }));
    fc.assert(
      fc.property(fc.array(count, { minLength: 1, maxLength: 15 }), (problems) => {
        for (const { lower, upper } of forecastPassAtK(problems, [1, 100, 1e6])) {
          if (!(lower >= 0 && lower <= upper && upper <= 1)) return false;
        }
        return true;
      }),
      { numRuns: 100, seed: 6 },
    );
  });

  test("impossible arguments throw, naming value and limit", () => {
    expect(() => forecastPassAtK(counts, [0])).toThrow("k is 0");
    expect(() => forecastPassAtK(counts, [10], { level: 1 })).toThrow("level is 1");
    expect(() => forecastPassAtK([], [10])).toThrow("counts is empty");
  });
});

describe("the share of problems under a rate", () => {
  const counts = simulatedCounts(truths[5]!, shapes[1]!, 0);

  test("it increases with the rate, is 1 at rate 1, and an atom at 0 is never certain", () => {
    const rows = shareUnderRate(counts, [0, 0.001, 0.01, 0.1, 0.5, 1]);
    rows.forEach((row, index) => {
      expect(row.lower).toBeGreaterThanOrEqual((rows[index - 1]?.lower ?? 0) - 1e-3);
      expect(row.upper).toBeGreaterThanOrEqual((rows[index - 1]?.upper ?? 0) - 1e-3);
    });
    expect(rows[0]!.lower).toBe(0);
    expect(rows.at(-1)).toMatchObject({ lower: 1, upper: 1 });
  });

  test.each([
    { truth: truths[0]!, threshold: 0.01, share: 0.1484 },
    { truth: truths[4]!, threshold: 0.001, share: 0.4 },
    { truth: truths[5]!, threshold: 0.05, share: 0.5 },
    { truth: truths[5]!, threshold: 0.002, share: 0.5 },
    { truth: truths[6]!, threshold: 0.001, share: 0.3 + 0.7 * (1 - 0.999 ** 3) },
  ])("its interval covers the truth: $truth.name under $threshold", ({ truth, threshold, share }) => {
    const repetitions = 100;
    let covered = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const [row] = shareUnderRate(simulatedCounts(truth, shapes[0]!, repetition), [threshold]);
      if (row!.lower <= share && share <= row!.upper) covered += 1;
    }
    // .89 is about three standard errors below .95 at 100 repetitions.
    expect(covered / repetitions).toBeGreaterThanOrEqual(0.89);
  });

  test("a threshold outside [0, 1] throws", () => {
    expect(() => shareUnderRate(counts, [1.2])).toThrow("a rate is 1.2");
  });
});

const reference = JSON.parse(
  readFileSync(new URL("../../test/oracle/forecast-reference-widths.json", import.meta.url), "utf8"),
) as {
  repetitions: number;
  cells: { truth: string; shape: string; k: number; repairedMeanWidth: number }[];
  pythia: { model: string; width: number }[];
};

describe("coverage and width, a seeded slice of the long study", () => {
  const slice = [
    { truth: truths[2]!, shape: shapes[0]! },
    { truth: truths[1]!, shape: shapes[1]! },
    { truth: truths[0]!, shape: shapes[4]! },
  ];
  test.each(slice)(
    "60 intervals cover, no wider than 1.1 times the reference: $truth.name, $shape.name",
    (cell) => {
      const { repetitions } = reference;
      for (const found of measuredCells({ ...cell, repetitions, first: repetitions })) {
        // .89 is more than three standard errors below .95 at 150 repetitions.
        expect(found.coverage).toBeGreaterThanOrEqual(0.89);
        const width = reference.cells.find(
          ({ truth, shape, k }) => truth === found.truth && shape === found.shape && k === found.k,
        )?.repairedMeanWidth;
        expect(width).toBeDefined();
        expect(found.meanWidth).toBeLessThanOrEqual(1.1 * width!);
      }
    },
  );
});

describe.skipIf(!dataPresent)("seven Pythia models on MATH (skipped where the data are absent)", () => {
  test("thinned to 100 draws a problem, the interval of pass@1000 holds the value from all 10,000", async () => {
    const path = sharedData("pythia-gsm8k/large_language_monkeys_original_pass_at_k.parquet") ?? "";
    const models = await thinnedModels(path);
    expect(models.length).toBe(7);
    for (const { model, full, thinned } of models) {
      expect(full.length).toBe(128);
      const truth = full.reduce((sum, count) => sum + passAtK({ ...count, k: 1000 }), 0) / full.length;
      const [{ lower, upper } = { lower: 1, upper: 0 }] = forecastPassAtK(thinned, [1000]);
      expect(lower, model).toBeLessThanOrEqual(truth);
      expect(upper, model).toBeGreaterThanOrEqual(truth);
      const width = reference.pythia.find((row) => row.model === model)?.width;
      expect(width, model).toBeDefined();
      expect(upper - lower, model).toBeLessThanOrEqual(1.1 * width!);
    }
  });
});
