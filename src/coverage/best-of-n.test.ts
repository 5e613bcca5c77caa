import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { overAllSubsets } from "../../test/all-subsets.ts";
import oracle from "../../test/oracle/best-of-n.json" with { type: "json" };
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { randomGenerator } from "../numeric/index.ts";
import { bestN, bestOfNCurve, bestOfNValue } from "./best-of-n.ts";
import { bestOfNDivergence, bestOfNDivergenceBound } from "./best-of-n-divergence.ts";
import { majorityVote } from "./majority-vote.ts";

const pool = fc
  .array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -8, max: 8 })), {
    minLength: 1,
    maxLength: 9,
  })
  .map((pairs) => ({ proxy: pairs.map(([proxy]) => proxy), gold: pairs.map(([, gold]) => gold / 8) }));

describe("Best-of-N from one pool", () => {
  test("equals exact fractions to 1e-12 up to 2000 draws, ties included", () => {
    for (const { proxy, gold, curve } of oracle.values) {
      for (const { n, value } of curve) {
        expect(Math.abs(bestOfNValue({ proxy, gold, n }) - value)).toBeLessThanOrEqual(1e-12);
      }
    }
  });

  test("is the mean over all subsets of the pool", () => {
    fc.assert(
      fc.property(pool, (draws) => {
        for (let n = 1; n <= draws.proxy.length; n++) {
          expect(bestOfNValue({ ...draws, n })).toBeCloseTo(overAllSubsets(draws, n), 12);
        }
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  test("depends on the proxy's order alone", () => {
    fc.assert(
      fc.property(pool, (draws) => {
        const stretched = draws.proxy.map((value) => Math.exp(value) * 1e6 - 17);
        for (let n = 1; n <= draws.proxy.length; n++) {
          expect(bestOfNValue({ proxy: stretched, gold: draws.gold, n })).toBe(bestOfNValue({ ...draws, n }));
        }
      }),
      { seed: 6 },
    );
  });

  test("N = 1 is the mean of gold, whatever the proxy", () => {
    fc.assert(
      fc.property(pool, (draws) => {
        const mean = draws.gold.reduce((sum, value) => sum + value, 0) / draws.gold.length;
        expect(bestOfNValue({ ...draws, n: 1 })).toBeCloseTo(mean, 13);
      }),
      { seed: 7 },
    );
  });

  test("never falls with N where gold is the proxy", () => {
    fc.assert(
      fc.property(pool, ({ gold }) => {
        let last = Number.NEGATIVE_INFINITY;
        for (let n = 1; n <= gold.length; n++) {
          const value = bestOfNValue({ proxy: gold, gold, n });
          expect(value).toBeGreaterThanOrEqual(last - 1e-14);
          last = value;
        }
        expect(last).toBeCloseTo(Math.max(...gold), 13);
      }),
      { seed: 8 },
    );
  });

  test("agrees with a hundred thousand random subsets of a large pool", () => {
    const random = randomGenerator("best of n, Monte Carlo");
    const size = 500;
    const n = 24;
    const gold = Float64Array.from({ length: size }, () => random.normal());
    const proxy = gold.map((value) => Math.round(2 * (value + random.normal())));
    const order = Array.from({ length: size }, (_, index) => index);
    const repetitions = 100_000;
    let sum = 0;
    let squares = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      let best = Number.NEGATIVE_INFINITY;
      let tied = 0;
      let total = 0;
      for (let place = 0; place < n; place++) {
        const other = place + random.integer(size - place);
        [order[place], order[other]] = [order[other]!, order[place]!];
        const index = order[place]!;
        if (proxy[index]! < best) continue;
        if (proxy[index]! > best) [best, tied, total] = [proxy[index]!, 0, 0];
        tied++;
        total += gold[index]!;
      }
      sum += total / tied;
      squares += (total / tied) ** 2;
    }
    const mean = sum / repetitions;
    const error = Math.sqrt((squares / repetitions - mean ** 2) / repetitions);
    expect(Math.abs(bestOfNValue({ proxy, gold, n }) - mean)).toBeLessThan(4 * error);
  });

  test("an N above the pool and rewards that are not finite are refused", () => {
    expect(() => bestOfNValue({ proxy: [1, 2], gold: [1, 2], n: 3 })).toThrow(/n is 3: must be at most 2/);
    expect(() => bestOfNValue({ proxy: [], gold: [], n: 1 })).toThrow(/at most 0/);
    expect(() => bestOfNValue({ proxy: [1], gold: [1], n: 0.5 })).toThrow(/n is 0.5/);
    expect(() => bestOfNValue({ proxy: [1, Number.NaN], gold: [1, 2], n: 1 })).toThrow(/proxy\[1\] is NaN/);
    expect(() => bestOfNValue({ proxy: [1], gold: [Number.POSITIVE_INFINITY], n: 1 })).toThrow(/gold\[0\]/);
    expect(() => bestOfNValue({ proxy: [1], gold: [1, 2], n: 1 })).toThrow(/gold has length 2/);
  });
});

describe("Best-of-N curve over problems", () => {
  const random = randomGenerator("curve");
  const problems = Array.from({ length: 40 }, (_, index) => {
    const gold = Array.from({ length: 8 + (index % 3) }, () => (random.uniform() < 0.4 ? 1 : 0));
    return { gold, proxy: gold.map((value) => value + random.normal()) };
  });

  test("is the mean of the problems' values, also where pools differ in size", () => {
    for (const entry of bestOfNCurve(problems, [1, 3, 8])) {
      const mean = (reward: "proxy" | "gold") =>
        problems.reduce(
          (sum, draws) => sum + bestOfNValue({ proxy: draws.proxy, gold: draws[reward], n: entry.n }),
          0,
        ) / 40;
      expect(entry.gold.estimate).toBeCloseTo(mean("gold"), 13);
      expect(entry.proxy.estimate).toBeCloseTo(mean("proxy"), 13);
      expect(entry.problems).toBe(40);
      expect(entry.draws).toBe(problems.reduce((sum, { gold }) => sum + gold.length, 0));
      expect(entry.klBound).toBe(bestOfNDivergenceBound(entry.n));
      expect(entry.klExact).toBeLessThanOrEqual(entry.klBound + 1e-12);
      for (const reward of [entry.gold, entry.proxy]) {
        expect(reward.lower!).toBeLessThan(reward.estimate);
        expect(reward.upper!).toBeGreaterThan(reward.estimate);
      }
    }
    expect(() => bestOfNCurve(problems, [9])).toThrow(/n is 9: must be at most 8/);
  });

  test("the order of problems and draws changes nothing", () => {
    const backwards = [...problems].reverse().map(({ proxy, gold }) => ({
      proxy: [...proxy].reverse(),
      gold: [...gold].reverse(),
    }));
    const curve = bestOfNCurve(problems, [2, 8]);
    bestOfNCurve(backwards, [2, 8]).forEach((entry, index) => {
      expect(entry.gold.estimate).toBeCloseTo(curve[index]!.gold.estimate, 14);
      expect(entry.gold.lower).toBeCloseTo(curve[index]!.gold.lower!, 12);
      expect(entry.klExact).toBeCloseTo(curve[index]!.klExact, 14);
    });
  });

  test("problems that show no spread of a real reward have no interval", () => {
    const [entry] = bestOfNCurve(
      [
        { proxy: [1, 2], gold: [0.5, 0.5] },
        { proxy: [3, 4], gold: [0.5, 0.5] },
      ],
      [1],
    );
    expect(entry!.gold).toEqual({ estimate: 0.5, lower: undefined, upper: undefined });
    expect(entry!.proxy.lower).toBeLessThan(2.5);
    expect(bestOfNCurve([{ proxy: [1.5], gold: [2] }], [1])[0]!.gold.lower).toBeUndefined();
  });

  test("intervals of a real reward cover the truth in about 95 of 100 simulations", () => {
    const generator = randomGenerator("best of n coverage");
    let covered = 0;
    const repetitions = 1000;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const sample = Array.from({ length: 30 }, () => {
        const level = generator.normal();
        const proxy = Array.from({ length: 4 }, () => level + generator.normal());
        return { proxy, gold: proxy };
      });
      const { lower, upper } = bestOfNCurve(sample, [2])[0]!.gold;
      // E max of two standard normals is 1/√π.
      if (lower! <= 1 / Math.sqrt(Math.PI) && 1 / Math.sqrt(Math.PI) <= upper!) covered++;
    }
    expect(covered / repetitions).toBeGreaterThan(0.95 - 2 * Math.sqrt((0.95 * 0.05) / repetitions));
  });
});

describe("the best N", () => {
  test("an over-optimised proxy has its best N inside, as the curve of a heavy-tailed proxy has", () => {
    const random = randomGenerator("over-optimised");
    const problems = Array.from({ length: 300 }, () => {
      const gold: number[] = [];
      const proxy: number[] = [];
      for (let draw = 0; draw < 64; draw++) {
        const quality = random.normal();
        const broken = random.uniform() < 0.03;
        gold.push(broken ? -2 : quality);
        proxy.push(broken ? 5 + random.uniform() : quality + 0.5 * random.normal());
      }
      return { proxy, gold };
    });
    const ns = [1, 2, 4, 8, 16, 32, 64];
    const curve = bestOfNCurve(problems, ns);
    const result = bestN(problems, ns, { generator: randomGenerator("bootstrap") });
    expect(result.n).toBeGreaterThan(1);
    expect(result.n).toBeLessThan(64);
    expect(result.gold).toBeCloseTo(curve.find(({ n }) => n === result.n)!.gold.estimate, 12);
    expect(result.gold).toBeCloseTo(Math.max(...curve.map(({ gold }) => gold.estimate)), 12);
    expect(result.lower).toBeLessThanOrEqual(result.n);
    expect(result.upper).toBeGreaterThanOrEqual(result.n);
    expect(result.shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(curve.at(-1)!.proxy.estimate).toBeGreaterThan(curve.at(-2)!.proxy.estimate);
    expect(curve.at(-1)!.gold.estimate).toBeLessThan(curve.at(-2)!.gold.estimate);
  });

  test("where nothing depends on N the smallest N is the best, with certainty", () => {
    const problems = [
      { proxy: [1, 2, 3], gold: [1 / 3, 1 / 3, 1 / 3] },
      { proxy: [1, 2, 3], gold: [0.1, 0.1, 0.1] },
    ];
    const result = bestN(problems, [3, 1, 2], { generator: randomGenerator("flat"), replicates: 50 });
    expect(result).toMatchObject({ n: 1, lower: 1, upper: 1 });
  });

  test("the same seed gives the same answer and wrong options are refused", () => {
    const problems = [
      { proxy: [1, 2], gold: [0, 1] },
      { proxy: [1, 2], gold: [1, 0] },
    ];
    const once = bestN(problems, [1, 2], { generator: randomGenerator("a") });
    expect(bestN(problems, [1, 2], { generator: randomGenerator("a") })).toEqual(once);
    expect(() => bestN(problems, [], { generator: randomGenerator("a") })).toThrow(/ns is empty/);
    expect(() => bestN(problems, [1], { generator: randomGenerator("a"), replicates: 0 })).toThrow(
      /replicates is 0/,
    );
    expect(() => bestN([], [1], { generator: randomGenerator("a") })).toThrow(/problems is empty/);
  });
});

describe("the divergence of Best-of-N", () => {
  test("equals 60-digit arithmetic to 1e-12 relative", () => {
    for (const { weights, n, kl } of oracle.divergences) {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const probabilities = weights.map((weight) => weight / total);
      const value = bestOfNDivergence({ probabilities, n });
      expect(Math.abs(value - kl)).toBeLessThanOrEqual(1e-12 * Math.max(kl, 1e-4));
    }
  });

  test("never exceeds log N − (N−1)/N, and tends to it for many levels", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 300 }),
        (weights, n) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const probabilities = weights.map((weight) => weight / total);
          const value = bestOfNDivergence({ probabilities, n });
          expect(value).toBeLessThanOrEqual(bestOfNDivergenceBound(n) + 1e-12);
          expect(value).toBeGreaterThanOrEqual(0);
        },
      ),
      { seed: 9, numRuns: 500 },
    );
    const fine = bestOfNDivergence({ probabilities: new Float64Array(1e5).fill(1e-5), n: 8 });
    expect(bestOfNDivergenceBound(8) - fine).toBeLessThan(1e-3);
  });

  test("probabilities that are not positive or do not sum to 1 are refused", () => {
    expect(() => bestOfNDivergence({ probabilities: [0.5, 0.4], n: 2 })).toThrow(/sum to 0.9/);
    expect(() => bestOfNDivergence({ probabilities: [0, 1], n: 2 })).toThrow(/probabilities\[0\] is 0/);
    expect(() => bestOfNDivergence({ probabilities: [Number.NaN, 1], n: 2 })).toThrow(/NaN/);
    expect(() => bestOfNDivergenceBound(0)).toThrow(/n is 0/);
  });
});

describe.skipIf(!dataPresent)("Best-of-N on real logs (skipped where ../shared/data is absent)", () => {
  test("on 100 MATH problems × 8 the reward model's best of 8 is above majority and mean", () => {
    const path = sharedData("rlvr-math/eval_rm_maj_example__math_cot_100.jsonl") ?? "";
    const rows = readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const problems = rows.map(({ pred_score, score }) => ({
      proxy: pred_score.map(([value]: [number]) => value),
      gold: score.map(Number),
    }));
    const [mean, best] = bestOfNCurve(problems, [1, 8]);
    const [majority] = majorityVote(
      rows.map(({ pred, score }) => ({ answers: pred, correct: score })),
      [8],
      { generator: randomGenerator("math") },
    );
    expect(mean!.gold.estimate).toBeCloseTo(0.91, 12);
    expect(majority!.estimate).toBeCloseTo(0.925, 12);
    expect(best!.gold.estimate).toBeCloseTo(0.94, 12);
    // The same 100 problems do not tell the three apart.
    expect(mean!.gold.upper!).toBeGreaterThan(best!.gold.estimate);
    expect(best!.klExact).toBeGreaterThan(1.1);
    expect(best!.klExact).toBeLessThan(best!.klBound);
    const chosen = bestN(problems, [1, 2, 3, 4, 5, 6, 7, 8], { generator: randomGenerator("math") });
    expect([chosen.n, chosen.lower, chosen.upper]).toEqual([8, 2, 8]);
  });
});
