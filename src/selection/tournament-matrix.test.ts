import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { empiricalCoverage, likelihoodTable, tournament } from "./index.ts";
import { tournamentMatrix } from "./tournament-matrix.ts";

const generator = randomGenerator("tournament matrix");
const ns = [1, 1.5, 2, 4, 8, 64, 1000];
const records = 300;
const candidates = Array.from({ length: 6 }, (_, index) => ({
  model: `m${index}`,
  logProbabilities: Float64Array.from({ length: records }, (_value, record) =>
    // Atoms at exact factors of 2, and responses without mass.
    record % 29 === index ? Number.NEGATIVE_INFINITY : -5 - Math.log(2) * generator.integer(8),
  ),
}));
const table = likelihoodTable({ candidates });
const matrix = tournamentMatrix(table, { ns });

test("every pair has the hits of the empirical coverage at every N, atoms and zero mass included", () => {
  for (const [n, value] of ns.entries()) {
    for (const [opponent, { logProbabilities: of }] of candidates.entries()) {
      for (const [candidate, { logProbabilities: under }] of candidates.entries()) {
        if (opponent === candidate) continue;
        expect(matrix.hits({ n, opponent, candidate })).toBe(empiricalCoverage({ of, under, n: value }).hits);
      }
    }
  }
});

test("the worst opponents are the tournament's", () => {
  for (const [n, value] of ns.entries()) {
    const { scores } = tournament(table, { n: value });
    scores.forEach(({ score, opponent }, candidate) => {
      const worst = matrix.worst({ n, candidate });
      expect(worst.hits / records).toBe(score);
      expect(matrix.models[worst.opponent]).toBe(opponent);
    });
  }
});

test("N must ascend from at least 1", () => {
  expect(() => tournamentMatrix(table, { ns: [] })).toThrow("ns is empty");
  expect(() => tournamentMatrix(table, { ns: [0.5] })).toThrow("ns[0] is 0.5");
  expect(() => tournamentMatrix(table, { ns: [2, 2] })).toThrow("ns[1] is 2: must be above 2");
});
