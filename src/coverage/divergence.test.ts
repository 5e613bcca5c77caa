import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/profile.json" with { type: "json" };
import { berkJonesBand } from "./berk-jones.ts";
import { klDivergence, squaredHellinger } from "./divergence.ts";
import { crossEntropyEstimate } from "./divergence-cross-entropy.ts";
import type { MeanEstimate } from "./divergence-mean.ts";
import { type LogRatioSample, logRatios } from "./log-ratio.ts";
import { coverageProfile } from "./profile.ts";

const infinite = Number.POSITIVE_INFINITY;

function sampleOf(reference: readonly number[], model: readonly number[]): LogRatioSample {
  return logRatios({
    kind: "reference",
    reference: { model: "π", logProbabilities: reference },
    model: { model: "π̂", logProbabilities: model },
  });
}

function expectSame(actual: MeanEstimate, expected: { estimate: number; lower: number; upper: number }) {
  for (const name of ["estimate", "lower", "upper"] as const) {
    expect(Math.abs(actual[name]! / expected[name] - 1), name).toBeLessThan(1e-9);
  }
}

describe("estimates with prompts as clusters", () => {
  test("equal numpy and scipy: profile, KL, Hellinger distance, cross-entropy", () => {
    for (const { level, prompts, reference, model, tokens, ...expected } of oracle.cases) {
      const sample = sampleOf(reference, model);
      const options = { prompts, level };
      const { profile } = coverageProfile(sample, { ns: expected.profile.map(({ n }) => n), ...options });
      profile.forEach((point, index) => {
        const { coverage, lower, upper, trials } = expected.profile[index]!;
        const band = berkJonesBand({ estimate: point.coverage, trials, level });
        expect(point.simultaneousLower).toBeCloseTo(band.lower, 9);
        expect(point.simultaneousUpper).toBeCloseTo(band.upper, 9);
        expect(point.coverage).toBeCloseTo(coverage, 12);
        expect(point.lower).toBeCloseTo(lower, 9);
        expect(point.upper).toBeCloseTo(upper, 9);
        expect(point.prompts).toBe(new Set(prompts).size);
      });
      expectSame(klDivergence(sample, options), expected.kl);
      expectSame(squaredHellinger(sample, options), expected.squaredHellinger);
      const losses = crossEntropyEstimate({
        model: "π̂",
        logProbabilities: model,
        tokenCounts: tokens,
        ...options,
      });
      expectSame(losses.sequence, expected.sequence);
      expectSame(losses.perToken!, expected.perToken);
    }
  });
});

describe("infinite and impossible ratios", () => {
  test("one drawn response without mass under the model makes KL infinite and the distance a share", () => {
    const sample = sampleOf([-1, -1, -1, -1], [-1, -1, -1, Number.NEGATIVE_INFINITY]);
    expect(klDivergence(sample)).toMatchObject({ estimate: infinite, lower: infinite, upper: infinite });
    expect(squaredHellinger(sample).estimate).toBe(0.25);
  });

  test("a response that the reference cannot have drawn leaves both unknown", () => {
    const sample = sampleOf([-1, Number.NEGATIVE_INFINITY], [-1, -1]);
    const unknown = { estimate: undefined, lower: undefined, upper: undefined, prompts: 2, responses: 2 };
    expect(klDivergence(sample)).toEqual(unknown);
    expect(squaredHellinger(sample)).toEqual(unknown);
  });

  test("a response without mass makes the cross-entropy infinite, per token too", () => {
    const input = { model: "a", logProbabilities: [-1, Number.NEGATIVE_INFINITY], tokenCounts: [1, 2] };
    const { sequence, perToken } = crossEntropyEstimate(input);
    expect([sequence.estimate, sequence.lower, perToken!.estimate]).toEqual([infinite, infinite, infinite]);
  });
});

describe("cross-entropy", () => {
  test("has no value per token without token counts, and names a wrong count", () => {
    expect(crossEntropyEstimate({ model: "a", logProbabilities: [-1] }).perToken).toBeUndefined();
    expect(() =>
      crossEntropyEstimate({ model: "a", logProbabilities: [-1, -2], tokenCounts: [1, 0] }),
    ).toThrow("tokenCounts[1] is 0: must be finite and at least 1");
    expect(() => crossEntropyEstimate({ model: "a", logProbabilities: [-1, -2], tokenCounts: [1] })).toThrow(
      "tokenCounts has length 1: must have one a record, 2",
    );
  });
});
