import { describe, expect, test } from "vitest";
import { logGamma, randomGenerator } from "../numeric/index.ts";
import { betaBinomialForecast, type ProblemCount } from "./index.ts";

function logLikelihood(counts: readonly ProblemCount[], alpha: number, beta: number): number {
  let sum = 0;
  for (const { draws, correct } of counts) {
    sum += logGamma(alpha + correct) + logGamma(beta + draws - correct) - logGamma(alpha + beta + draws);
    sum -= logGamma(alpha) + logGamma(beta) - logGamma(alpha + beta);
  }
  return sum;
}

function sample(name: string, problems: number, draws: () => number, a: number, b: number): ProblemCount[] {
  const random = randomGenerator(`beta-binomial, ${name}`);
  return Array.from({ length: problems }, () => {
    const n = draws();
    return { draws: n, correct: random.binomial(n, random.beta(a, b)) };
  });
}

describe("the beta-binomial comparison", () => {
  test("the fit is a maximum: no neighbour in any direction is more likely", () => {
    for (const [a, b] of [
      [0.5, 2],
      [0.05, 1],
      [3, 3],
      [20, 1],
    ] as const) {
      const counts = sample(`${a} ${b}`, 200, () => 50, a, b);
      const { alpha, beta } = betaBinomialForecast(counts, []);
      const best = logLikelihood(counts, alpha!, beta!);
      for (let angle = 0; angle < 2 * Math.PI; angle += Math.PI / 8) {
        for (const size of [1e-4, 1e-2, 0.5]) {
          const near = logLikelihood(
            counts,
            alpha! * Math.exp(size * Math.cos(angle)),
            beta! * Math.exp(size * Math.sin(angle)),
          );
          expect(near).toBeLessThanOrEqual(best + 1e-8);
        }
      }
    }
  });

  test("with ragged draws it recovers the truth it assumes", () => {
    const random = randomGenerator("ragged");
    const counts = sample("ragged", 20_000, () => 5 + random.integer(200), 0.7, 2.5);
    const { alpha, beta } = betaBinomialForecast(counts, []);
    expect(Math.abs(alpha! / 0.7 - 1)).toBeLessThan(0.05);
    expect(Math.abs(beta! / 2.5 - 1)).toBeLessThan(0.05);
  });

  test("its pass@k is that of the fitted distribution, by integration, short and long of 10,000 draws", () => {
    const counts = sample("integral", 100, () => 40, 2, 3);
    const { alpha, beta, forecast } = betaBinomialForecast(counts, [1, 7, 10_000, 10_001]);
    const normaliser = Math.exp(logGamma(alpha! + beta!) - logGamma(alpha!) - logGamma(beta!));
    const integrated = (k: number): number => {
      let fail = 0;
      const steps = 200_000;
      for (let index = 1; index < steps; index++) {
        const p = index / steps;
        fail += (normaliser * p ** (alpha! - 1) * (1 - p) ** (beta! - 1 + k)) / steps;
      }
      return 1 - fail;
    };
    expect(forecast[0]!.estimate).toBeCloseTo(integrated(1), 8);
    expect(forecast[1]!.estimate).toBeCloseTo(integrated(7), 8);
    expect((1 - forecast[2]!.estimate) / (1 - forecast[3]!.estimate)).toBeCloseTo(1, 3);
  });

  test("its pass@k keeps its digits up to the largest k: Γ(z)/Γ(z+α) by its asymptotic form", () => {
    const counts = sample("far", 100, () => 40, 0.1, 0.5);
    const ks = [1e6, 1e9, 1e12, 1e14, Number.MAX_SAFE_INTEGER];
    const { alpha, beta, forecast } = betaBinomialForecast(counts, ks);
    forecast.forEach(({ k, estimate }) => {
      const scale = Math.exp(logGamma(alpha! + beta!) - logGamma(beta!));
      // Tricomi and Erdélyi (1951): (z + (α − 1)/2)^−α, to a relative 1/z².
      const failure = scale * (beta! + k + (alpha! - 1) / 2) ** -alpha!;
      expect(Math.abs((1 - estimate) / failure - 1)).toBeLessThan(1e-11);
    });
  });

  test("without spread, or with all or nothing solved, the limit of the family is used and no shape claimed", () => {
    expect(betaBinomialForecast([{ draws: 10, correct: 0 }], [100])).toMatchObject({
      alpha: undefined,
      forecast: [{ k: 100, estimate: 0 }],
    });
    expect(betaBinomialForecast([{ draws: 10, correct: 10 }], [100]).forecast[0]!.estimate).toBe(1);
    const alike = Array.from({ length: 50 }, () => ({ draws: 100, correct: 1 }));
    const { alpha, forecast } = betaBinomialForecast(alike, [100]);
    expect(alpha).toBeUndefined();
    expect(forecast[0]!.estimate).toBeCloseTo(1 - 0.99 ** 100, 10);
  });

  test("it is labelled as a comparison and carries its sample size", () => {
    const found = betaBinomialForecast([{ draws: 10, correct: 3 }], [20]);
    expect(found.label).toContain("parametric comparison");
    expect(found).toMatchObject({ problems: 1, draws: 10 });
    expect(() => betaBinomialForecast([{ draws: 1, correct: 0 }], [0])).toThrow("k is 0");
  });
});
