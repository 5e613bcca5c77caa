import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/tournament.json" with { type: "json" };
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import { drawTable, ratioEstimate } from "./ratio-estimator.ts";

/** Probabilities of each response, one list a model. */
type World = readonly (readonly number[])[];

function tableOf(world: World, draws: readonly { drawer: number; response: number; prompt: number }[]) {
  return drawTable({
    candidates: world.map((probabilities, index) => ({
      model: `m${index}`,
      logProbabilities: Float64Array.from(draws, ({ response }) => Math.log(probabilities[response]!)),
    })),
    drawnBy: draws.map(({ drawer }) => `m${drawer}`),
    prompts: draws.map(({ prompt }) => prompt),
  });
}

/** Every outcome of drawing `sizes[k]` responses from model k, with its probability. */
function* outcomes(world: World, sizes: readonly number[]) {
  const drawers = sizes.flatMap((size, model) => Array<number>(size).fill(model));
  const responses = world[0]!.length;
  for (let code = 0; code < responses ** drawers.length; code++) {
    const draws = drawers.map((drawer, place) => ({
      drawer,
      response: Math.floor(code / responses ** place) % responses,
      prompt: 0,
    }));
    const probability = draws.reduce(
      (product, { drawer, response }) => product * world[drawer]![response]!,
      1,
    );
    if (probability > 0) yield { draws, probability };
  }
}

const exactProbability = (world: World, of: number, under: number, n: number): number =>
  world[under]!.reduce((sum, q, response) => {
    const p = world[of]![response]!;
    return p > 0 && p >= n * q * (1 - 1e-9) ? sum + q : sum;
  }, 0);

describe("P[π'/π ≥ N] from draws of the candidates", () => {
  const worlds: readonly { world: World; sizes: readonly number[] }[] = [
    {
      world: [
        [0.1, 0.6, 0.3],
        [0.5, 0.2, 0.3],
        [0.25, 0.25, 0.5],
      ],
      sizes: [2, 1, 1],
    },
    {
      world: [
        [0.05, 0.95, 0],
        [0.8, 0.1, 0.1],
        [0.3, 0, 0.7],
      ],
      sizes: [1, 3, 1],
    },
    {
      world: [
        [0.25, 0.5, 0.25],
        [0.5, 0.5, 0],
        [0.125, 0.375, 0.5],
      ],
      sizes: [3, 0, 2],
    },
    {
      world: [
        [0.01, 0.04, 0.25, 0.7],
        [0.04, 0.36, 0.3, 0.3],
      ],
      sizes: [2, 2],
    },
  ];
  test.each(worlds)("both estimators are unbiased over all outcomes of $sizes draws", ({ world, sizes }) => {
    for (const n of [1.5, 2, 4]) {
      for (let of = 0; of < world.length; of++) {
        for (let under = 0; under < world.length; under++) {
          if (of === under) continue;
          for (const method of ["on-policy", "balance"] as const) {
            let mean = 0;
            let usable = true;
            for (const { draws, probability } of outcomes(world, sizes)) {
              const result = ratioEstimate(tableOf(world, draws), {
                of: `m${of}`,
                under: `m${under}`,
                n,
                method,
              });
              usable = result !== undefined;
              mean += probability * (result?.estimate ?? 0);
            }
            expect(usable).toBe(sizes[under]! > 0 || (method === "balance" && sizes[of]! > 0));
            if (usable) expect(Math.abs(mean - exactProbability(world, of, under, n))).toBeLessThan(1e-12);
          }
        }
      }
    }
  });

  test("prompts are averaged by their weights, and those without draws of either model are left out", () => {
    const world: World = [
      [0.1, 0.9],
      [0.8, 0.2],
      [0.5, 0.5],
    ];
    const table = tableOf(world, [
      { drawer: 0, response: 0, prompt: 7 },
      { drawer: 0, response: 1, prompt: 7 },
      { drawer: 0, response: 1, prompt: 8 },
      { drawer: 1, response: 0, prompt: 9 },
      { drawer: 2, response: 0, prompt: 10 },
    ]);
    const estimate = (method: "on-policy" | "balance", weights?: ReadonlyMap<number, number>) =>
      ratioEstimate(table, { of: "m1", under: "m0", n: 4, method, ...(weights ? { weights } : {}) });
    expect(estimate("on-policy")).toMatchObject({ estimate: 0.25, prompts: 2, draws: 3 });
    expect(
      estimate(
        "on-policy",
        new Map([
          [7, 3],
          [8, 1],
        ]),
      )?.estimate,
    ).toBeCloseTo(3 / 8, 14);
    expect(estimate("on-policy", new Map([[8, 1]]))).toMatchObject({ estimate: 0, standardError: undefined });
    // Prompt 7: 0.1/(2·0.1); prompt 9: 0.1/0.8.
    expect(estimate("balance")?.estimate).toBeCloseTo((0.5 + 0.125) / 3, 14);
    expect(estimate("balance")?.prompts).toBe(3);
    expect(estimate("on-policy", new Map([[10, 1]]))).toBeUndefined();
    const values = [0.5, 0, 0.125];
    const mean = (0.5 + 0.125) / 3;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    expect(estimate("balance")?.standardError).toBeCloseTo(Math.sqrt(squares / 2 / 3), 14);
  });

  /** Mean square error of a prompt's estimate, `prompts` prompts, 8 candidates with normal log-densities. */
  function meanSquares(input: {
    readonly draw: (random: RandomGenerator, drawer: number) => number[];
    readonly pools: readonly number[];
    readonly candidates: number;
    readonly n: number;
    readonly prompts: number;
    readonly probability: number;
    readonly method: "on-policy" | "balance";
    readonly key: string;
  }): number {
    const { draw, pools, candidates, n, prompts, probability, method, key } = input;
    const random = randomGenerator(key);
    const columns = Array.from({ length: candidates }, () => [] as number[]);
    const drawnBy: string[] = [];
    const promptOf: number[] = [];
    let sum = 0;
    for (let prompt = 0; prompt < prompts; prompt++) {
      for (const [drawer, size] of pools.entries()) {
        for (let index = 0; index < size; index++) {
          draw(random, drawer).forEach((value, model) => {
            columns[model]!.push(value - 60);
          });
          drawnBy.push(`m${drawer}`);
          promptOf.push(prompt);
        }
      }
    }
    const table = drawTable({
      candidates: columns.map((values, index) => ({
        model: `m${index}`,
        logProbabilities: Float64Array.from(values),
      })),
      drawnBy,
      prompts: promptOf,
    });
    // One estimate a prompt: a weight for it alone.
    for (let prompt = 0; prompt < prompts; prompt++) {
      const weights = new Map([[prompt, 1]]);
      const { estimate } = ratioEstimate(table, { of: "m1", under: "m0", n, method, weights })!;
      sum += (estimate - probability) ** 2;
    }
    return sum / prompts;
  }

  test.each(oracle.variances)(
    "with a normal log-ratio of scale $s at N = $n the variance of counting over balance is the integral's",
    ({ s, n, probability, count, balance }) => {
      const draw = (random: RandomGenerator, drawer: number) => [
        0,
        s * random.normal() + (drawer === 0 ? -1 : 1) * ((s * s) / 2),
      ];
      const prompts = 1500;
      const measured = meanSquares({
        ...{ draw, candidates: 2, n, prompts, probability, method: "balance", key: `balance ${s} ${n}` },
        pools: [30, 30],
      });
      // Three standard errors of the mean square: most prompts have a hit, so its kurtosis is near 3.
      expect(Math.abs(measured / (balance / 60) - 1)).toBeLessThan(0.15);
      const stated = s === 3 ? 85 : n === 64 ? 47 : 14;
      expect(Math.abs(count / balance / stated - 1)).toBeLessThan(0.15);
    },
  );

  test("with 100 draws from each of 8 candidates the relative error is .89 by counting, .23 from a pair, .16 from all pools", () => {
    const { sigma, probability } = oracle.pools;
    const draw = (random: RandomGenerator, drawer: number) =>
      Array.from(
        { length: 8 },
        (_, model) => sigma * random.normal() + (model === drawer ? 0.5 : -0.5) * sigma ** 2,
      );
    const relative = (method: "on-policy" | "balance", pools: readonly number[], prompts: number) =>
      Math.sqrt(
        meanSquares({
          draw,
          pools,
          candidates: 8,
          n: 8,
          prompts,
          probability,
          method,
          key: `pools ${pools}`,
        }),
      ) / probability;
    const pair = relative("balance", [100, 100, 0, 0, 0, 0, 0, 0], 400);
    const all = relative("balance", Array<number>(8).fill(100), 300);
    const count = relative("on-policy", [100, 0, 0, 0, 0, 0, 0, 0], 600);
    expect(Math.abs(count / 0.89 - 1)).toBeLessThan(0.15);
    expect(Math.abs(pair / 0.23 - 1)).toBeLessThan(0.15);
    expect(Math.abs(all / 0.16 - 1)).toBeLessThan(0.15);
    expect(Math.abs(oracle.pools.count / 0.89 - 1)).toBeLessThan(0.15);
    expect(Math.abs(oracle.pools.pair / 0.23 - 1)).toBeLessThan(0.15);
    expect(Math.abs(oracle.pools.all / 0.16 - 1)).toBeLessThan(0.15);
  });

  test("bad draws are refused, naming what is wrong", () => {
    const candidates = [{ model: "a", logProbabilities: Float64Array.of(-1, -Infinity) }];
    expect(() => drawTable({ candidates, drawnBy: ["a", "b"], prompts: [1, 1] })).toThrow('draw 1 is by "b"');
    expect(() => drawTable({ candidates, drawnBy: ["a", "a"], prompts: [1, 1] })).toThrow(
      'draw 1 has no mass under "a"',
    );
    expect(() => drawTable({ candidates, drawnBy: ["a"], prompts: [1] })).toThrow(
      "scores 2 draws: must score all 1",
    );
    expect(() => drawTable({ candidates, drawnBy: ["a", "a"], prompts: [1] })).toThrow(
      "prompts has length 1",
    );
    expect(() => drawTable({ candidates: [], drawnBy: [], prompts: [] })).toThrow("drawnBy is empty");
    const table = tableOf([[1]], [{ drawer: 0, response: 0, prompt: 0 }]);
    expect(() => ratioEstimate(table, { of: "x", under: "m0", n: 2, method: "balance" })).toThrow('"x"');
  });
});
