import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { likelihoodTable } from "./likelihood-table.ts";
import { winFrequencies } from "./tournament-bootstrap.ts";
import { winnerCurve } from "./winner-curve.ts";

describe("win frequencies", () => {
  test("they are those of all equally likely samples of prompts, ties shared", () => {
    const candidates = 3;
    const prompts = [0, 0, 1, 2, 3, 3];
    const random = randomGenerator("win frequencies");
    for (let repetition = 0; repetition < 5; repetition++) {
      const columns = Array.from({ length: candidates }, () =>
        Float64Array.from(prompts, () => -1 - 2 * random.integer(3)),
      );
      const expected = [0, 0, 0];
      for (let code = 0; code < 4 ** 4; code++) {
        const copies = [0, 0, 0, 0];
        for (let place = 0; place < 4; place++) copies[Math.floor(code / 4 ** place) % 4]!++;
        const scores = columns.map((below, candidate) =>
          Math.max(
            ...columns.map((above, opponent) =>
              opponent === candidate
                ? 0
                : prompts.reduce(
                    (hits, prompt, record) =>
                      hits + (above[record]! - below[record]! >= Math.log(4) ? copies[prompt]! : 0),
                    0,
                  ),
            ),
          ),
        );
        const least = Math.min(...scores);
        const winners = scores.filter((score) => score === least).length;
        scores.forEach((score, index) => {
          if (score === least) expected[index]! += 1 / winners / 256;
        });
      }
      const table = likelihoodTable({
        candidates: columns.map((logProbabilities, index) => ({ model: `m${index}`, logProbabilities })),
        prompts,
      });
      const frequencies = winFrequencies(table, { n: 4, generator: random, replicates: 20_000 });
      frequencies.forEach(({ frequency }, index) => {
        expect(Math.abs(frequency - expected[index]!)).toBeLessThan(4 * Math.sqrt(0.25 / 20_000));
      });
    }
  });

  test("they sum to 1 and replicates are checked", () => {
    const random = randomGenerator("sum");
    const table = likelihoodTable({
      candidates: Array.from({ length: 70 }, (_, index) => ({
        model: `m${index}`,
        logProbabilities: Float64Array.from({ length: 50 }, () => -5 - 3 * random.gamma(1)),
      })),
    });
    const sum = winFrequencies(table, { n: 8, generator: random, replicates: 50 }).reduce(
      (total, { frequency }) => total + frequency,
      0,
    );
    expect(sum).toBeCloseTo(1, 12);
    expect(() => winFrequencies(table, { n: 8, generator: random, replicates: 0 })).toThrow(
      "replicates is 0",
    );
  });
});

describe("winners over N", () => {
  test("the curve holds the tournament's result at each N, and no N is refused", () => {
    const table = likelihoodTable({
      candidates: [
        { model: "a", logProbabilities: Float64Array.of(-1, -1, -1, -8) },
        { model: "b", logProbabilities: Float64Array.of(-2, -2, -2, -2) },
      ],
    });
    expect(winnerCurve(table, { ns: [2, 50, 1e6] })).toEqual([
      { n: 2, winner: "a", score: 0.25, tied: 1, decided: { by: "score", n: 2 } },
      { n: 50, winner: "b", score: 0, tied: 1, decided: { by: "score", n: 50 } },
      expect.objectContaining({ n: 1e6, winner: "b", score: 0, tied: 2 }),
    ]);
    expect(() => winnerCurve(table, { ns: [] })).toThrow("ns is empty");
  });
});
