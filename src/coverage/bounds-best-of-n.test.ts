import { describe, expect, test } from "vitest";
import { coverage, enumerated, randomModel, worstRegret } from "../../test/oracle/profile-finite-models.ts";
import { randomGenerator } from "../numeric/index.ts";
import {
  printedRegretBound,
  printedSamplesForCoverage,
  regretBound,
  regretLowerBound,
  samplesByKlLaw,
  samplesForCoverage,
} from "./bounds-best-of-n.ts";
import { regretFromProfile, samplesFromProfile } from "./bounds-samples-needed.ts";
import { klDivergence } from "./divergence.ts";
import { logRatios } from "./log-ratio.ts";

const pairs = 20_000;
const rounding = 1e-12;

const random = randomGenerator("finite pairs for Best-of-N");
const cases = Array.from({ length: pairs }, () => {
  const size = { prompts: 1 + random.integer(2), responses: 2 + random.integer(4) };
  return { reference: randomModel(random, size), model: randomModel(random, size) };
});

describe("Best-of-N on 20,000 random finite pairs, all rewards of 0 and 1 tried", () => {
  test("M·log(1/ε) draws leave at most Cov_M + (1 − Cov_M)·ε, whatever Cov_M is", () => {
    let tightest = 0;
    for (const { reference, model } of cases) {
      const m = { numerator: 4 + random.integer(36), denominator: 4 };
      const epsilon = 0.99 * random.uniform() + 0.01;
      const n = Math.ceil(samplesForCoverage({ m: m.numerator / 4, epsilon }));
      const bound = regretBound({ coverage: coverage(reference, model, m), epsilon });
      const regret = worstRegret(reference, model, n);
      expect(regret).toBeLessThanOrEqual(bound + rounding);
      tightest = Math.max(tightest, regret / bound);
    }
    expect(tightest).toBeGreaterThan(0.9);
  });

  test("D.6 as printed holds under its condition", () => {
    for (const { reference, model } of cases) {
      const m = { numerator: 4 + random.integer(36), denominator: 4 };
      const epsilon = 0.99 * random.uniform() + 0.01;
      const atM = coverage(reference, model, m);
      if (atM > 0.5 && epsilon > 1 / Math.E) continue;
      const n = Math.ceil(printedSamplesForCoverage({ m: m.numerator / 4, epsilon }));
      const bound = printedRegretBound({ coverage: atM, epsilon });
      expect(worstRegret(reference, model, n)).toBeLessThanOrEqual(bound + rounding);
    }
  });

  test("D.7: the worst reward leaves at least ½·Cov_{2N}", () => {
    for (const { reference, model } of cases) {
      const n = 2 + random.integer(30);
      const bound = regretLowerBound({
        coverage: coverage(reference, model, { numerator: 2 * n, denominator: 1 }),
      });
      expect(worstRegret(reference, model, n)).toBeGreaterThanOrEqual(bound - rounding);
    }
  });
});

describe("draws that a profile calls for", () => {
  const few = cases.slice(0, 500).map((pair) => ({ ...pair, ...enumerated(pair.reference, pair.model) }));

  test("leave at most the regret asked for, for the worst reward", () => {
    let reachable = 0;
    for (const { reference, model, sample, prompts } of few) {
      const regret = 0.02 + 0.9 * random.uniform();
      const n = samplesFromProfile(sample, { regret, prompts });
      if (n === undefined) continue;
      reachable += 1;
      // Beyond 1e12 draws (1 − q)^N is rounding.
      if (n < 1e12) expect(worstRegret(reference, model, Math.ceil(n))).toBeLessThanOrEqual(regret + 1e-9);
      expect(regretFromProfile(sample, { n, prompts })).toBeCloseTo(regret, 9);
    }
    expect(reachable).toBeGreaterThan(300);
  });

  test("are undefined where more than that regret lies where the model has no mass", () => {
    for (const { reference, model, sample, prompts } of few) {
      const lost = coverage(reference, model, { numerator: 1e9, denominator: 1 });
      const n = samplesFromProfile(sample, { regret: 0.3, prompts });
      expect(n === undefined).toBe(lost >= 0.3);
    }
  });

  test("are no more for any M that one tries by hand", () => {
    for (const { reference, model, sample, prompts } of few) {
      const m = { numerator: 4 + random.integer(100), denominator: 4 };
      const atM = coverage(reference, model, m);
      const regret = 0.3;
      if (atM >= regret) continue;
      const epsilon = (regret - atM) / (1 - atM);
      const byHand = samplesForCoverage({ m: m.numerator / 4, epsilon });
      expect(samplesFromProfile(sample, { regret, prompts })!).toBeLessThanOrEqual(byHand * (1 + 1e-12));
    }
  });
});

describe("the KL law", () => {
  test("asks for more than 10⁵ draws where 3 do: it cannot give up the 5% of responses that are out of reach", () => {
    const tokens = 40;
    const heavy = Array.from({ length: 100 }, (_, record) => (record < 5 ? -tokens * Math.log(2) : -1e-3));
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: heavy.map(() => 0) },
      model: { model: "π̂", logProbabilities: heavy },
    });
    const divergence = klDivergence(sample).estimate!;
    const byKl = samplesByKlLaw({ kl: divergence, epsilon: 0.1 });
    const byCoverage = samplesFromProfile(sample, { regret: 0.1 })!;
    expect(byKl).toBeGreaterThan(1e5);
    expect(byCoverage).toBeLessThan(4);
  });

  test("wrong arguments are named with their limits", () => {
    expect(() => samplesByKlLaw({ kl: -1, epsilon: 1 })).toThrow("kl is -1: must be at least 0");
    expect(() => samplesForCoverage({ m: 0.5, epsilon: 0.1 })).toThrow("m is 0.5: must be at least 1");
    expect(() => regretBound({ coverage: 0.5, epsilon: 0 })).toThrow(
      "epsilon is 0: must be above 0 and at most 1",
    );
    expect(() => regretLowerBound({ coverage: 2 })).toThrow("coverage is 2: must be between 0 and 1");
  });
});
