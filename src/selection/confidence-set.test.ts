import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/selection.json" with { type: "json" };
import { clopperPearson } from "../coverage/interval.ts";
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import { confidenceSet, type ModelValues, studentFromNormal } from "./confidence-set.ts";

const rows = (values: Readonly<Record<string, readonly number[]>>): ModelValues[] =>
  Object.entries(values).map(([model, list]) => ({ model, values: Float64Array.from(list) }));

/** Models with these mean rates on problems of varying difficulty, `draws` each. */
function simulated(input: {
  readonly rates: readonly number[];
  readonly problems: number;
  readonly draws: number;
  readonly random: RandomGenerator;
}): ModelValues[] {
  const { rates, problems, draws, random } = input;
  const difficulty = Float64Array.from({ length: problems }, () => 1.5 * random.normal());
  return rates.map((rate, index) => ({
    model: `${index}`,
    values: Float64Array.from(difficulty, (shift) => {
      const probability = 1 / (1 + Math.exp(-(Math.log(rate / (1 - rate)) + shift)));
      return random.binomial(draws, probability) / draws;
    }),
  }));
}

describe("confidence set of the best models", () => {
  test("the critical value is that of all 256 equally likely samples of 4 problems", () => {
    const values = [
      [1, 1, 0.5, 0.75],
      [0.5, 1, 1, 0.75],
      [1, 0.25, 1, 1],
    ];
    const models = rows({ a: values[0]!, b: values[1]!, c: values[2]! });
    const mean = (list: readonly number[], sample: readonly number[]) =>
      sample.reduce((sum, problem) => sum + list[problem]!, 0) / sample.length;
    const everything = [0, 1, 2, 3];
    const error = (left: readonly number[], right: readonly number[]) => {
      const differences = left.map((value, problem) => value - right[problem]!);
      const center = mean(differences, everything);
      const variance = differences.reduce((sum, value) => sum + (value - center) ** 2, 0) / 3;
      return Math.sqrt(variance / 4 + 1 / 16);
    };
    const maxima: number[] = [];
    for (let code = 0; code < 256; code++) {
      const sample = everything.map((place) => Math.floor(code / 4 ** place) % 4);
      let maximum = 0;
      for (const [left, right] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const) {
        const difference = (chosen: readonly number[]) =>
          mean(values[left]!, chosen) - mean(values[right]!, chosen);
        const deviation = Math.sqrt(4 / 3) * Math.abs(difference(sample) - difference(everything));
        maximum = Math.max(maximum, deviation / error(values[left]!, values[right]!));
      }
      maxima.push(maximum);
    }
    maxima.sort((left, right) => left - right);
    // Levels in the middle of an atom of the exact distribution, where sampling noise cannot move the quantile.
    let checked = 0;
    for (let start = 128; start < 256; ) {
      let end = start;
      while (end < 256 && maxima[end]! - maxima[start]! < 1e-9) end++;
      if (end - start >= 12) {
        const level = (start + end) / 2 / 256;
        const set = confidenceSet(models, {
          generator: randomGenerator("exhaustive"),
          level,
          replicates: 40_000,
        });
        const expected = studentFromNormal({ value: maxima[start]!, degreesOfFreedom: 3 });
        expect(Math.abs(set.critical! - expected)).toBeLessThan(1e-9);
        expect(set.members.every(({ inSet }) => inSet)).toBe(true);
        checked++;
      }
      start = end;
    }
    expect(checked).toBeGreaterThanOrEqual(2);
  });

  test("the step from normal to Student's t agrees with scipy to a relative 1e-4", () => {
    for (const { normal, degreesOfFreedom, student } of oracle.student) {
      const value = studentFromNormal({ value: normal, degreesOfFreedom });
      expect(Math.abs(value / student - 1)).toBeLessThan(1e-4);
    }
  });

  test.each([
    { name: "2 tied models, 100 problems", rates: [0.5, 0.5], problems: 100, draws: 1 },
    { name: "10 tied models, 200 problems", rates: Array<number>(10).fill(0.3), problems: 200, draws: 2 },
    {
      name: "10 tied models that rarely succeed, 200 problems",
      rates: Array<number>(10).fill(0.02),
      problems: 200,
      draws: 1,
    },
    {
      name: "5 tied models and 5 worse, 200 problems",
      rates: [0.5, 0.5, 0.5, 0.5, 0.5, 0.45, 0.4, 0.3, 0.3, 0.1],
      problems: 200,
      draws: 4,
    },
  ])("a truly best model is kept with probability at least .95, and all of them at once: $name", (world) => {
    const { name, rates, problems, draws } = world;
    const random = randomGenerator(`confidence set, ${name}`);
    const top = Math.max(...rates);
    const repetitions = 400;
    const kept = rates.map(() => 0);
    let together = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const models = simulated({ rates, problems, draws, random });
      const { members } = confidenceSet(models, { generator: random, replicates: 199 });
      members.forEach(({ inSet }, index) => {
        if (inSet) kept[index]!++;
      });
      if (members.every(({ inSet }, index) => rates[index]! < top || inSet)) together++;
    }
    for (const [index, times] of kept.entries()) {
      if (rates[index] === top) expect(times / repetitions).toBeGreaterThanOrEqual(0.95);
    }
    // Not below .95 by more than chance explains.
    expect(
      clopperPearson({ successes: together, trials: repetitions, level: 0.95 }).upper,
    ).toBeGreaterThanOrEqual(0.95);
    if (rates.at(-1)! < top)
      expect(kept.reduce((sum, times) => sum + times, 0) / repetitions).toBeLessThan(6.5);
  });

  test("a clearly worse model is left out, and a copy of the best never is", () => {
    const random = randomGenerator("clear");
    const [best, worse] = simulated({ rates: [0.7, 0.3], problems: 300, draws: 4, random });
    const set = confidenceSet([worse!, best!, { model: "copy", values: best!.values }], {
      generator: random,
    });
    expect(set.best).toBe("0");
    expect(set.members.map(({ model, inSet }) => [model, inSet])).toEqual([
      ["1", false],
      ["0", true],
      ["copy", true],
    ]);
    expect(set.members[2]!.standardError).toBe(1 / 300);
  });

  test("the same generator gives the same set, in whatever order the models come up to ties", () => {
    const models = simulated({
      rates: [0.5, 0.45, 0.3],
      problems: 50,
      draws: 4,
      random: randomGenerator("order"),
    });
    const forth = confidenceSet(models, { generator: randomGenerator("seed") });
    const back = confidenceSet([...models].reverse(), { generator: randomGenerator("seed") });
    expect(back.best).toBe(forth.best);
    expect([...back.members].reverse()).toEqual(forth.members);
    expect(back.critical).toBeCloseTo(forth.critical!, 12);
  });

  test("one problem tells nothing: every model is kept and no error is claimed", () => {
    const set = confidenceSet(rows({ a: [1], b: [0] }), { generator: randomGenerator("one") });
    expect(set.critical).toBeUndefined();
    expect(set.members.map(({ inSet, standardError }) => [inSet, standardError])).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
  });

  test("bad arguments are refused with their value and limit", () => {
    const generator = randomGenerator("bad");
    expect(() => confidenceSet([], { generator })).toThrow(/models is empty/);
    expect(() => confidenceSet(rows({ a: [] }), { generator })).toThrow(/values is empty/);
    expect(() => confidenceSet(rows({ a: [1, 0], b: [1] }), { generator })).toThrow(/length 1: must be 2/);
    expect(() => confidenceSet(rows({ a: [1, 2] }), { generator })).toThrow(/values\[1\] is 2/);
    expect(() => confidenceSet(rows({ a: [1] }), { generator, level: 0 })).toThrow(/level is 0/);
    expect(() => confidenceSet(rows({ a: [1] }), { generator, replicates: 0.5 })).toThrow(
      /replicates is 0.5/,
    );
  });
});
