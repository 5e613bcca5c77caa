import { describe, expect, test } from "vitest";
import { overAllSubsets } from "../../test/all-subsets.ts";
import type { ScoredDraws } from "../coverage/best-of-n.ts";
import { randomGenerator } from "../numeric/index.ts";
import { goldFall } from "./gold-fall.ts";

const meanOver = (problems: readonly ScoredDraws[], n: number) =>
  problems.reduce((sum, problem) => sum + overAllSubsets(problem, n), 0) / problems.length;

/**
 * A draw is broken with probability `broken`: wrong, and liked most. Of the others a share `right` is correct and liked
 * more than the wrong ones. So the best of N is correct if none is broken and one is correct.
 */
function brokenReward(input: {
  seed: string;
  problems: number;
  draws: number;
  broken: number;
  right: number;
}) {
  const generator = randomGenerator(input.seed);
  return Array.from({ length: input.problems }, (): ScoredDraws => {
    const kinds = Array.from({ length: input.draws }, () =>
      generator.uniform() < input.broken ? "broken" : generator.uniform() < input.right ? "right" : "wrong",
    );
    return {
      proxy: kinds.map((kind) => ({ broken: 2, right: 1, wrong: 0 })[kind]),
      gold: kinds.map((kind) => Number(kind === "right")),
    };
  });
}

const truth = (n: number, { broken, right }: { broken: number; right: number }) =>
  (1 - broken) ** n * (1 - (1 - right) ** n);

describe("the fall of gold with N", () => {
  test("is the difference of the means over all subsets, and the proxy's rise too, in any unit of gold", () => {
    for (const seed of ["one", "two", "three"]) {
      const generator = randomGenerator(seed);
      const problems = Array.from({ length: 12 }, () => {
        const proxy = Array.from({ length: 7 }, () => generator.integer(5));
        return {
          proxy,
          gold: proxy.map((value) => (value === 4 ? -300 : 100 * value + generator.integer(40))),
        };
      });
      const fall = goldFall(problems, [7, 1, 2, 4], { generator });
      const curve = [1, 2, 4, 7].map((n) => ({ n, gold: meanOver(problems, n) }));
      const best = curve.reduce((left, right) => (right.gold > left.gold + 1e-9 ? right : left));
      expect(fall).toMatchObject({ from: best.n, to: 7, problems: 12 });
      expect(fall?.estimate).toBeCloseTo(best.gold - curve[3]!.gold, 9);
      const proxies = problems.map(({ proxy }) => ({ proxy, gold: proxy }));
      expect(fall?.proxyRise).toBeCloseTo(meanOver(proxies, 7) - meanOver(proxies, best.n), 12);
    }
  });

  test("there is none where gold is highest at the largest N, or does not depend on N", () => {
    const generator = randomGenerator("none");
    const rising = Array.from({ length: 20 }, () => ({ proxy: [1, 2, 3], gold: [0, 0, 1] }));
    expect(goldFall(rising, [1, 2, 3], { generator })).toBeUndefined();
    const flat = Array.from({ length: 20 }, () => ({ proxy: [1, 2, 3], gold: [0.3, 0.3, 0.3] }));
    expect(goldFall(flat, [1, 2, 3], { generator })).toBeUndefined();
    const tied = Array.from({ length: 20 }, () => ({ proxy: [5, 5, 5], gold: [1, 0, 0] }));
    expect(goldFall(tied, [1, 2, 3], { generator })).toBeUndefined();
    expect(goldFall([], [1], { generator })).toBeUndefined();
  });

  test("its interval holds the true fall, and the fall is shown, where a broken reward is over-optimised", () => {
    const world = { broken: 0.08, right: 0.3 };
    const ns = [1, 2, 4, 8, 16];
    const repetitions = 100;
    let [covered, shown] = [0, 0];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const seed = `broken ${repetition}`;
      const problems = brokenReward({ ...world, seed, problems: 80, draws: 16 });
      const fall = goldFall(problems, ns, { generator: randomGenerator(seed), replicates: 200 });
      if (fall?.isShown) shown++;
      const fallen = truth(fall?.from ?? 1, world) - truth(16, world);
      if (fall !== undefined && fall.lower! <= fallen && fallen <= fall.upper!) covered++;
    }
    expect(shown).toBe(repetitions);
    expect(covered / repetitions).toBeGreaterThan(0.95 - 2 * Math.sqrt((0.95 * 0.05) / repetitions));
  });

  test("is shown in at most 5 of 100 samples where the reward knows nothing", () => {
    const repetitions = 200;
    let shown = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const generator = randomGenerator(`blind ${repetition}`);
      const problems = Array.from({ length: 40 }, () => {
        const rate = generator.uniform();
        const gold = Array.from({ length: 8 }, () => Number(generator.uniform() < rate));
        return { gold, proxy: gold.map(() => generator.uniform()) };
      });
      if (goldFall(problems, [1, 2, 4, 8], { generator, replicates: 200 })?.isShown) shown++;
    }
    expect(shown / repetitions).toBeLessThan(0.05 + 2 * Math.sqrt((0.95 * 0.05) / repetitions));
  });

  test("one problem has no interval, and two alike show nothing", () => {
    const generator = randomGenerator("few");
    const problem = { proxy: [1, 2, 3], gold: [0, 1, 0] };
    const single = goldFall([problem], [2, 3], { generator });
    expect(single?.estimate).toBeCloseTo(1 / 3, 12);
    expect(single).toMatchObject({ lower: undefined, upper: undefined, isShown: false });
    expect(goldFall([problem, problem], [2, 3], { generator })).toMatchObject({
      isShown: false,
      problems: 2,
    });
    const many = Array.from({ length: 30 }, () => problem);
    expect(goldFall(many, [2, 3], { generator })?.isShown).toBe(true);
  });

  test("an N above the pool and rewards that are not finite are refused", () => {
    const generator = randomGenerator("refused");
    const problem = { proxy: [1, 2], gold: [0, 1] };
    expect(() => goldFall([problem], [1, 3], { generator })).toThrow(/n is 3: must be at most 2/);
    expect(() => goldFall([{ ...problem, proxy: [1, Number.NaN] }], [1, 2], { generator })).toThrow(
      /proxy\[1\] is NaN/,
    );
    expect(() =>
      goldFall([{ ...problem, gold: [0, Number.POSITIVE_INFINITY] }], [1, 2], { generator }),
    ).toThrow(/gold\[1\] is Infinity/);
  });
});
