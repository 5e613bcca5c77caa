import { describe, expect, test } from "vitest";
import { type RandomGenerator, randomGenerator } from "../numeric/index.ts";
import { likelihoodTable } from "./likelihood-table.ts";
import { offsetTournament } from "./offset-tournament.ts";
import { drawTable, ratioEstimate } from "./ratio-estimator.ts";
import { tournament } from "./tournament.ts";

/** Candidates over `responses` responses a prompt: data from the first, draws from all. */
function worldOf(input: {
  readonly random: RandomGenerator;
  readonly candidates: number;
  readonly prompts: number;
  readonly responses: number;
  readonly spread: number;
}) {
  const { random, candidates, prompts, responses, spread } = input;
  const models = Array.from({ length: candidates }, (_, index) => `m${index}`);
  const data: { prompt: number; response: number }[] = [];
  const draws: { prompt: number; response: number; drawer: number }[] = [];
  const log = Array.from({ length: prompts }, () =>
    models.map(() => {
      const weights = Array.from({ length: responses }, () => Math.exp(spread * random.normal()));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.map((weight) => Math.log(weight / sum));
    }),
  );
  const drawFrom = (logs: readonly number[]): number => {
    let left = random.uniform();
    return Math.max(
      0,
      logs.findIndex((value) => {
        left -= Math.exp(value);
        return left < 0;
      }),
    );
  };
  for (let prompt = 0; prompt < prompts; prompt++) {
    for (let copy = 0; copy < 1 + (prompt % 2); copy++)
      data.push({ prompt, response: drawFrom(log[prompt]![0]!) });
    models.forEach((_, drawer) => {
      draws.push({ prompt, drawer, response: drawFrom(log[prompt]![drawer]!) });
    });
  }
  const columns = (rows: readonly { prompt: number; response: number }[]) =>
    models.map((model, index) => ({
      model,
      logProbabilities: Float64Array.from(rows, ({ prompt, response }) => log[prompt]![index]![response]!),
    }));
  return {
    table: likelihoodTable({ candidates: columns(data), prompts: data.map(({ prompt }) => prompt) }),
    draws: drawTable({
      candidates: columns(draws),
      drawnBy: draws.map(({ drawer }) => `m${drawer}`),
      prompts: draws.map(({ prompt }) => prompt),
    }),
    weights: new Map(Array.from({ length: prompts }, (_, prompt) => [prompt, 1 + (prompt % 2)])),
  };
}

describe("offset tournament", () => {
  test.each([
    { candidates: 2, repetitions: 40 },
    { candidates: 6, repetitions: 40 },
    { candidates: 70, repetitions: 4 },
  ])("it equals (32) written out, for $candidates candidates", ({ candidates, repetitions }) => {
    const random = randomGenerator(`offset ${candidates}`);
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const { table, draws, weights } = worldOf({
        random,
        candidates,
        prompts: 12,
        responses: 6,
        spread: 2.5,
      });
      const method = repetition % 2 === 0 ? "balance" : "on-policy";
      const n = 8 + 8 * random.uniform();
      const exponent = 0.9 * 0.5 * (1 - Math.log(8) / Math.log(n));
      const gamma = n ** exponent;
      const expected = table.models.map((under, candidate) =>
        table.models.reduce((most, of, opponent) => {
          if (opponent === candidate) return most;
          let hits = 0;
          for (let record = 0; record < table.records; record++) {
            if (table.columns[opponent]![record]! - table.columns[candidate]![record]! >= Math.log(n)) hits++;
          }
          const onPolicy = ratioEstimate(draws, { of, under, n, method, weights })!.estimate;
          return Math.max(most, hits / table.records - 2 * gamma * onPolicy);
        }, 0),
      );
      const result = offsetTournament(table, { draws, n, exponent, method, promptWeights: weights });
      expect(result.gamma).toBe(gamma);
      expect(result.score).toBeCloseTo(Math.min(...expected), 12);
      expect(expected[table.models.indexOf(result.winner)]).toBeCloseTo(result.score, 12);
      result.scores.forEach(({ score, exact, coverage, onPolicy, opponent }, index) => {
        if (exact) expect(score).toBeCloseTo(expected[index]!, 12);
        else expect(score).toBeLessThanOrEqual(expected[index]! + 1e-12);
        if (opponent !== undefined) expect(score).toBeCloseTo(coverage! - 2 * gamma * onPolicy!, 12);
      });
      if (candidates <= 64) expect(result.scores.every(({ exact }) => exact)).toBe(true);
      expect(result.estimatedPairs).toBeLessThanOrEqual(candidates * (candidates - 1));
    }
  });

  test("most pairs need no estimate from draws", () => {
    const { table, draws } = worldOf({
      ...{ random: randomGenerator("lazy"), candidates: 20, prompts: 200, responses: 8, spread: 2 },
    });
    const { estimatedPairs } = offsetTournament(table, { draws, n: 8, exponent: 0 });
    expect(estimatedPairs).toBeLessThan(0.3 * 20 * 19);
  });

  test("an opponent whose lead is as large on the candidate's own draws does not count against it", () => {
    // "spread" puts 1/20 on each of 20 responses, "sharp" 16/20 on one; both data and draws are spread's.
    const spread = new Float64Array(20).fill(Math.log(1 / 20));
    const sharp = Float64Array.from({ length: 20 }, (_, index) => Math.log(index === 0 ? 16 / 20 : 4 / 380));
    const candidates = [
      { model: "spread", logProbabilities: spread },
      { model: "sharp", logProbabilities: sharp },
    ];
    const table = likelihoodTable({ candidates });
    const draws = drawTable({
      candidates,
      drawnBy: Array<string>(20).fill("spread"),
      prompts: Array<number>(20).fill(0),
    });
    expect(tournament(table, { n: 16 }).scores[0]?.score).toBe(1 / 20);
    expect(offsetTournament(table, { draws, n: 16, exponent: 0 }).scores[0]?.score).toBe(0);
  });

  test("without hits among the draws it is the simple tournament", () => {
    const random = randomGenerator("no hits");
    const { table } = worldOf({ random, candidates: 5, prompts: 30, responses: 5, spread: 2 });
    const candidates = table.models.map((model) => ({
      model,
      logProbabilities: new Float64Array(5).fill(-1),
    }));
    const draws = drawTable({ candidates, drawnBy: table.models, prompts: Array<number>(5).fill(0) });
    const simple = tournament(table, { n: 8 });
    const offset = offsetTournament(table, { draws, n: 8, exponent: 0 });
    expect(offset.scores.map(({ score }) => score)).toEqual(simple.scores.map(({ score }) => score));
    expect(offset.winner).toBe(simple.winner);
    expect(offset.tied).toEqual(simple.tied);
  });

  test("N below 8γ² and foreign draws are refused", () => {
    const candidates = [{ model: "a", logProbabilities: Float64Array.of(-1) }];
    const table = likelihoodTable({ candidates });
    const draws = drawTable({ candidates, drawnBy: ["a"], prompts: [0] });
    expect(() => offsetTournament(table, { draws, n: 16, exponent: 0.5 })).toThrow(
      "n must be at least 8·gamma², 128",
    );
    expect(() => offsetTournament(table, { draws, n: 7, exponent: 0 })).toThrow("8·gamma², 8");
    expect(offsetTournament(table, { draws, n: 64, exponent: 1 / 4 }).gamma).toBeCloseTo(64 ** 0.25, 14);
    expect(() => offsetTournament(table, { draws, n: 8, exponent: -1 })).toThrow("exponent is -1");
    const foreign = drawTable({
      candidates: [{ model: "b", logProbabilities: Float64Array.of(-1) }],
      drawnBy: ["b"],
      prompts: [0],
    });
    expect(() => offsetTournament(table, { draws: foreign, n: 8, exponent: 0 })).toThrow("other models");
  });
});
