import fc from "fast-check";
import { expect, test } from "vitest";
import { logSumExp } from "../numeric/index.ts";
import {
  composed,
  type Filter,
  logSoftmax,
  minP,
  samplingFilter,
  temperature,
  topK,
  topP,
} from "./filters.ts";
import { kthLargest } from "./kth-largest.ts";
import { mostProbable } from "./most-probable.ts";

const logs = (...probabilities: number[]) => Float64Array.from(probabilities, Math.log);
const probabilities = (values: Float64Array) => [...values].map(Math.exp);

/** Small grids of log-odds, so that ties are common, with some tokens of probability 0. */
const logits = fc
  .array(fc.oneof(fc.integer({ min: -8, max: 8 }), fc.constant(Number.NEGATIVE_INFINITY)), {
    minLength: 1,
    maxLength: 12,
  })
  .filter((values) => values.some(Number.isFinite))
  .map((values) => Float64Array.from(values));

/** Tokens from the most probable on, equal ones by id. */
const ranking = (values: Float64Array) =>
  [...values.keys()].sort((left, right) => values[right]! - values[left]! || left - right);

function expectKept(actual: Float64Array, given: Float64Array, kept: readonly number[]): void {
  const total = kept.reduce((sum, token) => sum + Math.exp(given[token]!), 0);
  [...given.keys()].forEach((token) => {
    const wanted = kept.includes(token) ? Math.exp(given[token]!) / total : 0;
    expect(Math.exp(actual[token]!)).toBeCloseTo(wanted, 12);
  });
}

const filters: readonly [string, Filter][] = [
  ["temperature 0", temperature(0)],
  ["temperature 0.3", temperature(0.3)],
  ["top-k 3", topK(3)],
  ["top-p 0.7", topP(0.7)],
  ["min-p 0.2", minP(0.2)],
  ["all", composed([temperature(0.8), topK(4), topP(0.9), minP(0.1)])],
];

test.each(filters)("%s gives a normalised distribution and leaves its argument alone", (_, filter) => {
  fc.assert(
    fc.property(logits, (values) => {
      const given = Float64Array.from(values);
      const result = filter(values);
      expect(values).toEqual(given);
      expect(logSumExp(result)).toBeCloseTo(0, 12);
      values.forEach((value, token) => {
        if (value === Number.NEGATIVE_INFINITY) expect(result[token]).toBe(Number.NEGATIVE_INFINITY);
      });
    }),
  );
});

test("top-k keeps exactly k tokens, equal ones by ascending id", () => {
  fc.assert(
    fc.property(logits, fc.integer({ min: 1, max: 12 }), (values, k) => {
      expectKept(topK(k)(values), values, ranking(values).slice(0, k));
    }),
  );
});

test("top-p keeps the shortest run of most probable tokens whose mass reaches p", () => {
  fc.assert(
    fc.property(logits, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (values, p) => {
      const normal = logSoftmax(values);
      const order = ranking(normal);
      let mass = 0;
      let size = 0;
      while (mass < p && size < order.length) mass += Math.exp(normal[order[size++]!]!);
      fc.pre(Math.abs(mass - p) > 1e-9);
      expectKept(topP(p)(values), normal, order.slice(0, size));
    }),
  );
});

test("min-p keeps the tokens with at least a share of the largest probability", () => {
  const values = logs(0.5, 0.25, 0.125, 0.125);
  expectKept(minP(0.5)(values), values, [0, 1]);
  expectKept(minP(0)(values), values, [0, 1, 2, 3]);
  expectKept(minP(1)(values), values, [0]);
});

test("temperature raises probabilities to a power and normalises", () => {
  const values = logs(0.2, 0.3, 0.5);
  const powers = [0.2, 0.3, 0.5].map((value) => value ** (1 / 0.7));
  const total = powers.reduce((sum, value) => sum + value, 0);
  probabilities(temperature(0.7)(values)).forEach((value, token) => {
    expect(value).toBeCloseTo(powers[token]! / total, 13);
  });
});

test("temperature 0 takes the first of the most probable tokens, and a tiny temperature shares among them", () => {
  const values = logs(0.2, 0.4, 0.4);
  expect(probabilities(temperature(0)(values))).toEqual([0, 1, 0]);
  expect(probabilities(temperature(1e-300)(values))).toEqual([0, 0.5, 0.5]);
});

test("settings apply temperature before top-p, so that a hot distribution keeps more tokens", () => {
  const values = logs(0.7, 0.2, 0.1);
  expect(probabilities(samplingFilter({ topP: 0.6 })!(values)).filter((value) => value > 0)).toHaveLength(1);
  const hot = samplingFilter({ temperature: 3, topP: 0.6 })!(values);
  expect(probabilities(hot).filter((value) => value > 0)).toHaveLength(2);
  expect(samplingFilter({ temperature: 1, topK: 0, topP: 1, minP: 0 })).toBeUndefined();
});

test.each([
  [() => temperature(-1), /temperature is -1: /],
  [() => temperature(Number.NaN), /temperature is NaN: /],
  [() => topK(0), /top-k is 0: /],
  [() => topK(1.5), /top-k is 1.5: /],
  [() => topP(0), /top-p is 0: /],
  [() => topP(1.1), /top-p is 1.1: /],
  [() => minP(2), /min-p is 2: /],
  [() => topK(1)(Float64Array.of(0, Number.NaN)), /log-sum of a distribution is NaN: /],
  [() => topP(0.5)(Float64Array.of(Number.NEGATIVE_INFINITY)), /log-sum of a distribution is -Infinity: /],
  [() => minP(0.5)(Float64Array.of(Number.POSITIVE_INFINITY)), /log-sum of a distribution is Infinity: /],
])("a setting or distribution out of its limits throws, case %#", (call, message) => {
  expect(call).toThrow(RangeError);
  expect(call).toThrow(message);
});

test("selection finds what a sort finds", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40 }), (values) => {
      const sorted = [...values].sort((left, right) => right - left);
      sorted.forEach((value, index) => {
        expect(kthLargest(Float64Array.from(values), index + 1)).toBe(value);
      });
      const best = mostProbable(Float64Array.from(values), 3).map(({ token }) => token);
      expect(best).toEqual(ranking(Float64Array.from(values)).slice(0, 3));
    }),
  );
});
