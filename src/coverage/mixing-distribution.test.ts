import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { fitMixingDistribution, type MixingDistribution, type ProblemCount } from "./index.ts";
import { rateGrid } from "./rate-grid.ts";

interface OracleEntry {
  readonly name: string;
  readonly counts: readonly (readonly [number, number, number])[];
  readonly points: number;
  readonly logLikelihood: number;
  readonly gap: number;
  readonly finerLogLikelihood: number;
}

const oracle = JSON.parse(
  readFileSync(new URL("../../test/oracle/mixing-distribution.json", import.meta.url), "utf8"),
) as readonly OracleEntry[];

function expanded(entry: OracleEntry): ProblemCount[] {
  return entry.counts.flatMap(([draws, correct, problems]) =>
    Array.from({ length: problems }, () => ({ draws, correct })),
  );
}

/** max_k Σ_i L_i(p_k)/f_i / m − 1 and Σ_i log f_i from the returned rates and weights alone, in log space. */
function recomputed(counts: readonly ProblemCount[], { rates, weights }: MixingDistribution) {
  const gradient = new Float64Array(rates.length);
  let logLikelihood = 0;
  for (const { draws, correct } of counts) {
    const logs = Array.from(rates, (rate) => {
      const hit = correct === 0 ? 0 : correct * Math.log(rate);
      return hit + (draws === correct ? 0 : (draws - correct) * Math.log1p(-rate));
    });
    const largest = Math.max(...logs);
    const likelihoods = logs.map((value) => Math.exp(value - largest));
    const mixture = likelihoods.reduce((sum, value, point) => sum + value * weights[point]!, 0);
    likelihoods.forEach((value, point) => {
      gradient[point]! += value / mixture / counts.length;
    });
    logLikelihood += Math.log(mixture) + largest;
  }
  return { gap: Math.max(...gradient) - 1, logLikelihood };
}

function world(name: string, problems: number, draws: (uniform: number) => number): ProblemCount[] {
  const random = randomGenerator(`mixing distribution, ${name}`);
  return Array.from({ length: problems }, () => {
    const count = draws(random.uniform());
    const u = random.uniform();
    const rate = u < 0.15 ? 0 : u < 0.5 ? random.beta(0.3, 10) : random.beta(2, 2);
    return { draws: count, correct: random.binomial(count, rate) };
  });
}

describe("the mixing distribution against an independent convex solver", () => {
  test.each(oracle)("its log-likelihood is at least the solver's: $name", (entry) => {
    const counts = expanded(entry);
    const fit = fitMixingDistribution(counts);
    expect(fit.rates.length).toBe(entry.points);
    // The certificate allows 1e-8 a problem.
    expect(fit.logLikelihood).toBeGreaterThanOrEqual(entry.logLikelihood - 1e-8 * counts.length);
    expect(fit.logLikelihood - entry.logLikelihood).toBeLessThan(
      2 * (entry.gap + 1e-11) * counts.length + 1e-7,
    );
  });

  test.each(oracle)("a grid of half the steps gains less than a third of a nat: $name", (entry) => {
    const { logLikelihood } = fitMixingDistribution(expanded(entry));
    expect(entry.finerLogLikelihood - logLikelihood).toBeLessThan(1 / 3);
  });
});

describe("the certificate", () => {
  test.each([
    { name: "10 draws", problems: 300, draws: () => 10 },
    { name: "100 draws", problems: 1000, draws: () => 100 },
    { name: "1000 draws", problems: 1000, draws: () => 1000 },
    { name: "10,000 draws", problems: 500, draws: () => 10_000 },
    { name: "100,000 draws", problems: 300, draws: () => 100_000 },
    { name: "a million draws", problems: 200, draws: () => 1_000_000 },
    { name: "10 to 10,000 draws", problems: 300, draws: (u: number) => Math.floor(10 * 1000 ** u) },
    { name: "1 to a million draws", problems: 150, draws: (u: number) => Math.floor(1e6 ** u) },
  ])(
    "the gap is below 1e-8 with $name, also recomputed from rates and weights alone",
    ({ name, problems, draws }) => {
      const counts = world(name, problems, draws);
      const fit = fitMixingDistribution(counts);
      const found = recomputed(counts, fit);
      expect(fit.gap).toBeLessThan(1e-8);
      expect(found.gap).toBeLessThan(1e-8 + 1e-11);
      expect(fit.logLikelihood / found.logLikelihood).toBeCloseTo(1, 12);
      expect(fit.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...fit.weights)).toBeGreaterThanOrEqual(0);
    },
  );

  test("it holds for random small logs of any shape", () => {
    const count = fc
      .tuple(fc.integer({ min: 0, max: 40 }), fc.nat())
      .map(([draws, hits]) => ({ draws, correct: hits % (draws + 1) }));
    fc.assert(
      fc.property(fc.array(count, { minLength: 1, maxLength: 25 }), (counts) => {
        const fit = fitMixingDistribution(counts);
        const { gap, logLikelihood } = recomputed(counts, fit);
        return (
          gap < 1e-8 + 1e-11 &&
          Math.abs(logLikelihood - fit.logLikelihood) < 1e-9 * (1 + Math.abs(logLikelihood))
        );
      }),
      { numRuns: 150, seed: 5 },
    );
  });
});

describe("the mixing distribution", () => {
  test("it is unchanged when problems are reordered or all doubled", () => {
    const counts = world("order", 120, () => 60);
    const fit = fitMixingDistribution(counts);
    const reversed = fitMixingDistribution([...counts].reverse());
    const doubled = fitMixingDistribution([...counts, ...counts]);
    expect(reversed.logLikelihood).toBeCloseTo(fit.logLikelihood, 5);
    expect(doubled.logLikelihood).toBeCloseTo(2 * fit.logLikelihood, 5);
  });

  test("it does not see the stopping rule", () => {
    const plain = [
      { draws: 12, correct: 2 },
      { draws: 50, correct: 1 },
    ];
    const stopping = { kind: "successes", successes: 2, cap: 50 } as const;
    const stopped = plain.map((count) => ({ ...count, stopping }));
    expect(fitMixingDistribution(stopped)).toEqual(fitMixingDistribution(plain));
  });

  test("no success anywhere puts all mass at rates that cannot be told from 0", () => {
    const { rates, weights } = fitMixingDistribution([{ draws: 50, correct: 0 }]);
    const mean = rates.reduce((sum, rate, point) => sum + rate * weights[point]!, 0);
    expect(mean).toBeLessThan(1e-9);
  });

  test("impossible counts throw", () => {
    expect(() => fitMixingDistribution([])).toThrow("counts is empty");
    expect(() => fitMixingDistribution([{ draws: 1, correct: 2 }])).toThrow("counts[0].correct is 2");
  });
});

describe("the grid of rates", () => {
  test("it ascends from 0 to 1 and no step exceeds half a standard error or 8%", () => {
    for (const largestDraws of [1, 10, 100, 10_000, 1_000_000]) {
      const rates = rateGrid({ largestDraws, largestK: 1e6 });
      expect(rates[0]).toBe(0);
      expect(rates.at(-1)).toBe(1);
      for (let point = 2; point < rates.length - 1; point++) {
        const rate = rates[point - 1]!;
        const step = rates[point]! - rate;
        expect(step).toBeGreaterThan(0);
        if (rate < 0.1 / largestDraws) continue;
        const limit = Math.min(0.08 * rate, 0.5 * Math.sqrt((rate * (1 - rate)) / largestDraws));
        expect(step).toBeLessThanOrEqual(limit * (1 + 1e-9));
      }
      expect(rates[1]).toBeLessThanOrEqual(0.01 / 1e6);
    }
  });

  test("rates asked for are points of it", () => {
    expect(rateGrid({ largestDraws: 10, largestK: 10, include: [0.123, 0] })).toContain(0.123);
    expect(() => rateGrid({ largestDraws: 10, largestK: 10, include: [1.5] })).toThrow("a rate is 1.5");
    expect(() => rateGrid({ largestDraws: 10, largestK: Number.NaN })).toThrow("largestK is NaN");
  });
});
