import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  atomTolerance,
  candidateEnvelope,
  envelopeLogRatios,
  logRatios,
  upperBoundLogRatios,
} from "./log-ratio.ts";
import { checkedLogProbabilities } from "./log-ratio-validation.ts";
import { coverageAt, coverageProfile } from "./profile.ts";

const none = Number.NEGATIVE_INFINITY;

describe("log-probabilities", () => {
  test("−∞ is legal and noise up to 1e-6 above 0 becomes 0", () => {
    const { values, clamped } = checkedLogProbabilities({
      model: "a",
      logProbabilities: [none, -0, 0, 1e-6, 9e-7, -5],
    });
    expect([...values]).toEqual([none, -0, 0, 0, 0, -5]);
    expect(clamped).toBe(2);
  });

  test("NaN, +∞ and values above 1e-6 are errors that name model and example", () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 1.1e-6, 3]) {
      expect(() => checkedLogProbabilities({ model: "m", logProbabilities: [-1, wrong] })).toThrow(
        `log-probability of model "m" on example 1 is ${wrong}: must be at most 0`,
      );
      const reference = { model: "r", logProbabilities: [-1, -1] };
      const model = { model: "m", logProbabilities: [-1, wrong] };
      expect(() => logRatios({ kind: "reference", reference, model, examples: ["x", "gsm8k/7"] })).toThrow(
        `log-probability of model "m" on example "gsm8k/7" is ${wrong}: must be at most 0`,
      );
    }
    expect(() => checkedLogProbabilities({ model: "m", logProbabilities: [] })).toThrow(
      'model "m" has no log-probabilities',
    );
  });
});

describe("log ratios", () => {
  test("follow the rules for models without mass", () => {
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: [-1, -1, none, none] },
      model: { model: "π̂", logProbabilities: [-3, none, -2, none] },
    });
    expect([...sample.values]).toEqual([2, Number.POSITIVE_INFINITY, none, none]);
    expect(sample.undefinedRatios).toBe(1);
    expect(sample.impossibleRecords).toBe(1);
    expect(coverageAt(sample, { n: 1 })).toBe(0.5);
    expect(coverageAt(sample, { n: 1e300 })).toBe(0.25);
    const profile = coverageProfile(sample, { ns: [2] });
    expect(profile).toMatchObject({ undefinedRatios: 1, impossibleRecords: 1, clamped: 0 });
  });

  test("differing lengths are an error with both models' names", () => {
    const reference = { model: "a", logProbabilities: [-1] };
    const model = { model: "b", logProbabilities: [-1, -2] };
    expect(() => logRatios({ kind: "empirical", reference, model })).toThrow(
      '"a" scored 1 records and "b" 2',
    );
    expect(() => candidateEnvelope([reference, model])).toThrow('"b" scored 2 records and "a" 1');
    expect(() => candidateEnvelope([])).toThrow("candidates is empty");
  });

  test("the upper bound is at least every log ratio of a model against this one", () => {
    const logProbability = fc.oneof(fc.double({ min: -800, max: 0, noNaN: true }), fc.constant(none));
    fc.assert(
      fc.property(fc.array(fc.tuple(logProbability, logProbability), { minLength: 1 }), (pairs) => {
        const reference = { model: "π", logProbabilities: pairs.map(([above]) => above) };
        const model = { model: "π̂", logProbabilities: pairs.map(([, below]) => below) };
        const { values } = logRatios({ kind: "empirical", reference, model });
        const bound = upperBoundLogRatios(model).values;
        return values.every((value, index) => value <= bound[index]!);
      }),
    );
  });

  test("the envelope is reached by some candidate and exceeded by none", () => {
    const models = [
      { model: "a", logProbabilities: [-1, -5, none] },
      { model: "b", logProbabilities: [-2, -3, none] },
      { model: "c", logProbabilities: [none, -9, none] },
    ];
    const envelope = candidateEnvelope(models);
    expect([...envelope]).toEqual([-1, -3, none]);
    const samples = models.map((model) => envelopeLogRatios({ envelope, model }));
    expect(samples.map(({ values }) => [...values])).toEqual([
      [0, 2, none],
      [1, 0, none],
      [Number.POSITIVE_INFINITY, 6, none],
    ]);
    expect(samples.map(({ undefinedRatios }) => undefinedRatios)).toEqual([1, 1, 1]);
    expect(samples[0]!.kind).toBe("envelope");
  });
});

describe("the tolerance at atoms", () => {
  test("counts ratios that float32 rounding put below N, and says how many", () => {
    // π = 3·π̂ at several scales, held as float32: the exact answer is Cov_3 = 1.
    const exact = [-1.3, -22.7, -310.1, -4005.9];
    const reference = Float32Array.from(exact);
    const model = Float32Array.from(exact, (value) => value - Math.log(3));
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: reference },
      model: { model: "π̂", logProbabilities: model },
    });
    expect([...sample.values].some((value) => value < Math.log(3))).toBe(true);
    const [point] = coverageProfile(sample, { ns: [3] }).profile;
    expect(point).toMatchObject({ coverage: 1, withinTolerance: 4 });
    const [next] = coverageProfile(sample, { ns: [3.01] }).profile;
    expect(next).toMatchObject({ coverage: 0, withinTolerance: 0 });
  });

  test("is 1e-9 + 1e-7·|log p|, of the larger finite magnitude", () => {
    expect(atomTolerance({ reference: -10, model: -4 })).toBeCloseTo(1e-9 + 1e-6, 20);
    expect(atomTolerance({ reference: none, model: -4 })).toBeCloseTo(1e-9 + 4e-7, 20);
    expect(atomTolerance({ reference: none, model: none })).toBe(1e-9);
  });
});
