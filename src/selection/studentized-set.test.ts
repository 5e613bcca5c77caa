import { describe, expect, test } from "vitest";
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import { likelihoodTable } from "./likelihood-table.ts";
import { studentizedSet } from "./studentized-set.ts";

/** Candidates that each lose a share of the records by an exponential deficit of mean 3 nats. */
function losing(input: {
  readonly random: RandomGenerator;
  readonly shares: readonly number[];
  readonly records: number;
  readonly prompts?: readonly number[];
}) {
  const { random, shares, records, prompts } = input;
  return likelihoodTable({
    candidates: shares.map((share, index) => ({
      model: `m${index}`,
      logProbabilities: Float64Array.from({ length: records }, () =>
        random.uniform() < share ? -10 - 3 * random.gamma(1) : -10,
      ),
    })),
    ...(prompts ? { prompts } : {}),
  });
}

describe("studentized set of the tournament", () => {
  test.each([
    {
      name: "30 candidates tied exactly",
      shares: Array<number>(30).fill(0.05),
      records: 1000,
      repetitions: 60,
    },
    { name: "2 tied", shares: [0.1, 0.1], records: 300, repetitions: 200 },
    {
      name: "3 tied and 7 worse",
      shares: [0.04, 0.04, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3],
      records: 600,
      repetitions: 100,
    },
  ])("it holds all truly best candidates at its level: $name", ({ name, shares, records, repetitions }) => {
    const random = randomGenerator(`studentized set, ${name}`);
    const best = Math.min(...shares);
    let together = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const { members } = studentizedSet(losing({ random, shares, records }), {
        n: 8,
        generator: random,
        replicates: 199,
      });
      if (members.every(({ inSet }, index) => inSet || shares[index]! > best)) together++;
    }
    // Three binomial standard errors below the level.
    expect(together / repetitions).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / repetitions));
  });

  test("it is small where candidates differ: of 10 graded ones about 3 remain", () => {
    const random = randomGenerator("studentized set, graded");
    const shares = Array.from({ length: 10 }, (_, index) => 0.03 + 0.015 * index);
    let size = 0;
    for (let repetition = 0; repetition < 30; repetition++) {
      const { models, winner } = studentizedSet(losing({ random, shares, records: 1000 }), {
        n: 8,
        generator: random,
        replicates: 199,
      });
      expect(models[0]).toBe(winner);
      size += models.length / 30;
    }
    expect(size).toBeLessThan(3.3);
  });

  test("records repeated within prompts do not make it smaller", () => {
    const random = randomGenerator("studentized set, clusters");
    const shares = [0.1, 0.13];
    const single = losing({ random, shares, records: 400 });
    const repeat = (column: ArrayLike<number>) =>
      Float64Array.from({ length: 3200 }, (_, record) => column[record >> 3]!);
    const repeated = (prompts: boolean) =>
      likelihoodTable({
        candidates: single.models.map((model, index) => ({
          model,
          logProbabilities: repeat(single.columns[index]!),
        })),
        ...(prompts ? { prompts: Array.from({ length: 3200 }, (_, record) => record >> 3) } : {}),
      });
    const setOf = (table: typeof single) =>
      studentizedSet(table, { n: 8, generator: randomGenerator("clusters"), replicates: 999 });
    const expected = setOf(single);
    const clustered = setOf(repeated(true));
    expect(clustered.prompts).toBe(400);
    expect(clustered.critical).toBeCloseTo(expected.critical!, 12);
    clustered.members.forEach(({ difference, standardError }, index) => {
      expect(difference).toBeCloseTo(expected.members[index]!.difference!, 12);
      expect(standardError).toBeCloseTo(expected.members[index]!.standardError!, 12);
    });
    expect(setOf(repeated(false)).members[1]!.standardError).toBeLessThan(
      expected.members[1]!.standardError! / 2,
    );
  });

  test("a prompt with more records weighs more, and the differences are those of the scores", () => {
    const random = randomGenerator("studentized set, ragged");
    const prompts = Array.from({ length: 300 }, (_, record) => Math.floor(Math.sqrt(record)));
    const table = losing({ random, shares: [0.1, 0.15, 0.2], records: 300, prompts });
    const { members, winner } = studentizedSet(table, { n: 8, generator: random, replicates: 99 });
    const score = (candidate: number) => {
      const hits = table.columns.map((above, opponent) => {
        let count = 0;
        for (let record = 0; record < 300; record++) {
          if (above[record]! - table.columns[candidate]![record]! >= Math.log(8)) count++;
        }
        return opponent === candidate ? 0 : count;
      });
      return Math.max(...hits) / 300;
    };
    members.forEach(({ difference }, index) => {
      expect(difference).toBeCloseTo(score(index) - score(table.models.indexOf(winner)), 12);
    });
  });

  test("above 64 candidates those far behind are out at once and the others are told apart as below", () => {
    const random = randomGenerator("studentized set, many");
    const shares = Array.from({ length: 80 }, (_, index) => (index < 5 ? 0.03 : 0.6));
    const table = losing({ random, shares, records: 2000 });
    const many = studentizedSet(table, { n: 8, generator: randomGenerator("many"), replicates: 199 });
    expect(many.members.slice(5).every(({ inSet }) => !inSet)).toBe(true);
    expect(many.models.length).toBeGreaterThanOrEqual(4);
    expect(many.members.every(({ inSet, difference }) => !inSet || difference !== undefined)).toBe(true);
  });

  test("with a single prompt nothing is told apart, and bad options are refused", () => {
    const table = losing({
      random: randomGenerator("one"),
      shares: [0, 1],
      records: 5,
      prompts: [1, 1, 1, 1, 1],
    });
    const { models, critical } = studentizedSet(table, { n: 2, generator: randomGenerator("one") });
    expect(models).toHaveLength(2);
    expect(critical).toBeUndefined();
    expect(() => studentizedSet(table, { n: 0, generator: randomGenerator("x") })).toThrow("n is 0");
    expect(() => studentizedSet(table, { n: 2, generator: randomGenerator("x"), level: 2 })).toThrow(
      "level is 2",
    );
  });
});
