import { describe, expect, test } from "vitest";
import { answersOf, coverage, enumerated, randomModel } from "../../test/oracle/profile-finite-models.ts";
import { randomGenerator } from "../numeric/index.ts";
import { answerLogProbabilities } from "./answer-profile.ts";
import { samplesForCoverage } from "./bounds-best-of-n.ts";
import { tightnessPair } from "./bounds-from-divergence.ts";
import { boundsTable } from "./bounds-table.ts";
import { logRatios, upperBoundLogRatios } from "./log-ratio.ts";

const ns = [1.5, 4, 20];

describe("the table of bounds", () => {
  test("keeps every bound where the sample is the whole population, on 1000 random pairs", () => {
    const random = randomGenerator("tables");
    const sources = new Set<string>();
    for (let repeat = 0; repeat < 1000; repeat++) {
      const size = { prompts: 1 + random.integer(3), responses: 2 + random.integer(5) };
      const [reference, model] = [randomModel(random, size), randomModel(random, size)];
      const { sample, prompts } = enumerated(reference, model);
      for (const row of boundsTable(sample, { ns, prompts })) {
        sources.add(row.source);
        if (row.measured !== undefined && row.source !== "(5)")
          expect(row.holds, JSON.stringify(row)).toBe(true);
        if (row.source !== "D.1") continue;
        const n = { numerator: row.n! * 2, denominator: 2 };
        expect(Math.abs(row.measured! - coverage(reference, model, n))).toBeLessThanOrEqual(1e-12);
      }
    }
    expect([...sources].sort()).toEqual(
      ["(5)", "D.1", "D.3", "D.4", "D.6", "D.7", "Prop. 3.1", "beyond D.1", "beyond D.6"].sort(),
    );
  });

  test("shows the pair of D.2 at its binary bound", () => {
    const { reference, model } = tightnessPair({ n: 4, p: 0.5 });
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: reference.map(Math.log) },
      model: { model: "π̂", logProbabilities: model.map(Math.log) },
    });
    const row = boundsTable(sample, { ns: [4] }).find(({ source }) => source === "beyond D.1")!;
    expect(row).toMatchObject({ measured: 0.5, holds: true });
    expect(row.bound).toBeCloseTo(0.5, 12);
  });

  test("says that the printed answer inequality fails on its counterexample, and that the corrected one holds", () => {
    const answers = ["a", "a", "b"];
    // c1 and c2 as π draws them, and c3, which only π̂ gives mass to, recorded without weight by summing beforehand.
    const above = answerLogProbabilities({
      model: "π",
      logProbabilities: [0.5, 0.5, 0].map(Math.log),
      prompts: [1, 1, 1],
      answers,
    });
    const below = answerLogProbabilities({
      model: "π̂",
      logProbabilities: [0, 0.25, 0.75].map(Math.log),
      prompts: [1, 1, 1],
      answers,
    });
    const ratios = (reference: ArrayLike<number>, model: ArrayLike<number>) =>
      logRatios({
        kind: "reference",
        reference: { model: "π", logProbabilities: Array.from(reference).slice(0, 2) },
        model: { model: "π̂", logProbabilities: Array.from(model).slice(0, 2) },
      });
    const sample = ratios([0.5, 0.5].map(Math.log), [0, 0.25].map(Math.log));
    const table = boundsTable(sample, { ns: [4], answers: ratios(above, below), prompts: [1, 1] });
    const rows = table.filter(({ name }) => name.startsWith("answers"));
    expect(rows).toMatchObject([
      { source: "corrected §7.1", bound: 2, measured: 1, holds: true },
      { source: "§7.1 (false)", bound: 0.5, measured: 1, holds: false },
    ]);
    expect(
      coverage(answersOf([[2, 2, 0]], [0, 0, 1]), answersOf([[0, 1, 3]], [0, 0, 1]), {
        numerator: 4,
        denominator: 1,
      }),
    ).toBe(1);
  });

  test("says that a finite sample breaks D.1 where it does: KL is not bounded below by a sample mean", () => {
    // π̂ gives one drawn response far too little and another more than π: the mean of X is below its expectation.
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: [-2, -6] },
      model: { model: "π̂", logProbabilities: [-5, -1] },
    });
    const row = boundsTable(sample, { ns: [4] }).find(({ source }) => source === "D.1")!;
    expect(row).toMatchObject({ bound: 0, measured: 0.5, holds: false });
  });

  test("has rows on steps where steps are given, with D.11 at N and at N²", () => {
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: [0, 0] },
      model: { model: "π̂", logProbabilities: [-20, -0.1] },
    });
    const table = boundsTable(sample, {
      ns: [Math.E ** 2],
      epsilon: 0.5,
      stepDivergences: [
        [10, 10],
        [0.05, 0.05],
      ],
      stepSquaredHellinger: [new Array(20).fill(0.9), [0.01, 0.01]],
    });
    const row = (source: string) => table.find((entry) => entry.source === source)!;
    // D_seq = (2 + 0.1)/2 = 1.05 and the bound 2/(2 − 1)·1.05.
    expect(row("D.10").bound).toBeCloseTo(2.1, 12);
    expect(row("D.11")).toMatchObject({ bound: 0, measured: 0.5, holds: true });
    expect(row("beyond D.11").n).toBeCloseTo(Math.E ** 4, 9);
    expect(() => boundsTable(sample, { ns: [4], stepDivergences: [[1]] })).toThrow(
      "stepDivergences has length 1",
    );
  });

  test("gives the draws of D.6 at half the printed number, and only where its condition holds", () => {
    const sample = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: [-1, -1] },
      model: { model: "π̂", logProbabilities: [-2, -9] },
    });
    const draws = (epsilon: number) =>
      boundsTable(sample, { ns: [2], epsilon })
        .filter(({ draws }) => draws !== undefined)
        .map(({ source, draws }) => [source, draws]);
    const half = samplesForCoverage({ m: 2, epsilon: 0.1 });
    expect(draws(0.1)).toEqual([
      ["beyond D.6", half],
      ["D.6", 2 * half],
      ["D.7", 2],
    ]);
    expect(draws(0.5).map(([source]) => source)).toEqual(["beyond D.6", "D.7"]);
  });

  test("leaves out what is undefined and refuses what it cannot compare", () => {
    const impossible = logRatios({
      kind: "reference",
      reference: { model: "π", logProbabilities: [-1, Number.NEGATIVE_INFINITY] },
      model: { model: "π̂", logProbabilities: [-2, -1] },
    });
    expect(boundsTable(impossible, { ns: [4] }).map(({ source }) => source)).toEqual([
      "beyond D.6",
      "D.6",
      "D.7",
    ]);
    const bound = upperBoundLogRatios({ model: "a", logProbabilities: [-1] });
    expect(() => boundsTable(bound, { ns: [4] })).toThrow("of kind upper-bound");
    expect(() => boundsTable(impossible, { ns: [1] })).toThrow("ns[0] is 1: must be finite and above 1");
    expect(() => boundsTable(impossible, { ns: [] })).toThrow("ns is empty");
  });
});
