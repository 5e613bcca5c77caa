import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { crossEntropySelection } from "./cross-entropy.ts";
import { type LikelihoodTable, likelihoodTable } from "./likelihood-table.ts";
import { distinguishingN, tournament, tournamentResolution } from "./tournament.ts";
import { exactHits, prunedHits, someoneHas, tournamentField } from "./tournament-hits.ts";

type Rows = Readonly<Record<string, readonly number[]>>;

function table(rows: Rows, kind: "float32" | "float64" = "float64"): LikelihoodTable {
  return likelihoodTable({
    candidates: Object.entries(rows).map(([model, values]) => ({
      model,
      logProbabilities: kind === "float32" ? Float32Array.from(values) : Float64Array.from(values),
    })),
  });
}

/** Straight from (29), in the words of the paper and nothing shared with the implementation. */
function worstHits(columns: readonly ArrayLike<number>[], logN: number): number[] {
  return columns.map((below, candidate) => {
    let most = 0;
    columns.forEach((above, opponent) => {
      if (opponent === candidate) return;
      let hits = 0;
      for (let record = 0; record < below.length; record++) {
        const [p, q] = [above[record]!, below[record]!];
        if (p === -Infinity) continue;
        if (q === -Infinity || p - q >= logN - 1e-9 - 1e-7 * Math.abs(q)) hits++;
      }
      most = Math.max(most, hits);
    });
    return most;
  });
}

describe("simple tournament", () => {
  test("pruned and exact runs equal brute force in 1000 random cases, most of them with ties and ratios of exactly N", () => {
    const random = randomGenerator("pruned tournament");
    let withTies = 0;
    for (let repetition = 0; repetition < 1000; repetition++) {
      const candidates = 1 + random.integer(14);
      const records = 1 + random.integer(60);
      const levels = 2 + random.integer(6);
      const n = [1, 1.5, 2, 4, 8, 16][random.integer(6)]!;
      const columns = Array.from({ length: candidates }, () =>
        Array.from({ length: records }, () =>
          random.uniform() < 0.05 ? -Infinity : -Math.log(2) * (1 + random.integer(levels)),
        ),
      );
      const rows = Object.fromEntries(columns.map((column, index) => [`m${index}`, column]));
      const world = table(rows, repetition % 2 === 0 ? "float32" : "float64");
      const field = tournamentField(world);
      const logN = Math.log(n);
      const expected = worstHits(world.columns, logN);
      const least = Math.min(...expected);
      const tied = expected.flatMap((hits, index) => (hits === least ? [index] : []));
      if (tied.length > 1) withTies++;
      expect([...exactHits(field, n).hits]).toEqual(expected);
      const pruned = prunedHits(field, n);
      expect(pruned.least).toBe(least);
      expect(pruned.tied).toEqual(tied);
      pruned.hits.forEach((hits, index) => {
        if (pruned.exact[index] === 1) expect(hits).toBe(expected[index]);
        else expect(hits).toBeLessThanOrEqual(expected[index]!);
      });
      const most = Math.max(...expected);
      expect(someoneHas(field, n, Math.max(1, most))).toBe(most > 0);
      expect(someoneHas(field, n, most + 1)).toBe(false);
    }
    expect(withTies).toBeGreaterThan(300);
  });

  test("above 64 candidates the winner's score is exact and the others' are lower bounds that say so", () => {
    const random = randomGenerator("many candidates");
    const columns = Array.from({ length: 80 }, (_, index) =>
      Float64Array.from({ length: 500 }, () => -20 - Math.abs((1 + index / 40) * random.normal())),
    );
    const world = likelihoodTable({
      candidates: columns.map((logProbabilities, index) => ({ model: `m${index}`, logProbabilities })),
    });
    const expected = worstHits(columns, Math.log(8)).map((hits) => hits / 500);
    const { winner, score, scores } = tournament(world, { n: 8 });
    expect(score).toBe(Math.min(...expected));
    expect(expected[world.models.indexOf(winner)]).toBe(score);
    expect(scores.some(({ exact }) => !exact)).toBe(true);
    scores.forEach((entry, index) => {
      if (entry.exact) expect(entry.score).toBe(expected[index]);
      else {
        expect(entry.score).toBeGreaterThan(score);
        expect(entry.score).toBeLessThanOrEqual(expected[index]!);
      }
    });
  });

  test("the scores do not depend on the order of records or candidates, nor on a common factor of a record", () => {
    const cell = fc.integer({ min: -12, max: -1 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 30 }),
        fc.double({ min: 1.2, max: 50, noNaN: true }),
        (records, n) => {
          const scoresOf = (list: readonly (readonly number[])[]) =>
            tournament(
              table({ a: list.map((r) => r[0]!), b: list.map((r) => r[1]!), c: list.map((r) => r[2]!) }),
              {
                n,
              },
            );
          const original = scoresOf(records);
          expect(scoresOf(records.toReversed())).toEqual(original);
          const shifted = scoresOf(records.map((r, index) => r.map((value) => value - (index % 3) * 4)));
          expect(shifted.scores).toEqual(original.scores);
          const swapped = tournament(
            table({
              c: records.map((r) => r[2]!),
              a: records.map((r) => r[0]!),
              b: records.map((r) => r[1]!),
            }),
            { n },
          );
          expect(swapped.winner).toBe(original.winner);
        },
      ),
    );
  });

  test("a ratio of exactly N counts, and the records that the tolerance decides are counted", () => {
    const exact = {
      a: [-2, -2, -2],
      b: [-2 - Math.log(3), -2 - Math.log(3) + 1e-12, -2 - Math.log(3) + 0.01],
    };
    for (const kind of ["float32", "float64"] as const) {
      const { scores, winner } = tournament(table(exact, kind), { n: 3 });
      expect(winner).toBe("a");
      expect(scores[1]?.score).toBe(2 / 3);
    }
    const { atTolerance } = tournament(table({ a: [-1, -9, -9], b: [-1 - Math.log(4), -4, -1] }), { n: 4 });
    expect(atTolerance).toBe(1);
  });

  test("no mass against some mass exceeds every N, and 0/0 does not but is counted", () => {
    const { winner, score, scores, undefinedRatios } = tournament(
      table({
        a: [-Infinity, -Infinity, -1, -1],
        b: [-5, -Infinity, -1, -90],
        c: [-Infinity, -Infinity, -2, -2],
      }),
      { n: 1e30 },
    );
    expect(scores.map((entry) => entry.score)).toEqual([0.25, 0.25, 0.25]);
    expect(score).toBe(0.25);
    expect(["a", "c"]).toContain(winner);
    expect(undefinedRatios).toBe(1);
  });

  test("a tie goes by the score at a smaller N, then by cross-entropy, then by name", () => {
    const bySmaller = tournament(table({ a: [-1, -4, -1], b: [-1, -2.5, -1.2], c: [-1, -2, -1.1] }), {
      n: 16,
    });
    expect(bySmaller.tied).toEqual(["a", "b", "c"]);
    expect(bySmaller.winner).toBe("c");
    const untilTwo = tournament(table({ a: [-1, -3.4], b: [-1, -2], c: [-1, -2.1] }), { n: 8 });
    expect(untilTwo.decided).toEqual({ by: "cross-entropy", n: undefined });
    expect(untilTwo.winner).toBe("b");
    const smaller = tournament(table({ a: [-1, -1.4], b: [-1, -3], c: [-1.9, -1.4] }), { n: 8 });
    expect(smaller.decided).toEqual({ by: "score at smaller N", n: 2 });
    expect(smaller.winner).toBe("a");
    expect(tournament(table({ b: [-1, -2], a: [-1, -2] }), { n: 8 }).decided.by).toBe("name");
    expect(tournament(table({ b: [-1, -2], a: [-1, -2] }), { n: 8 }).winner).toBe("a");
  });

  test("N is the largest at which best and worst differ by ten records", () => {
    const early = new Array<number>(40).fill(-1);
    const late = early.map(
      (value, record) => value - (record < 12 ? Math.log(5) : record < 20 ? Math.log(2) : 0),
    );
    expect(distinguishingN(table({ early, late }), { budget: 16 })).toBe(4);
    expect(distinguishingN(table({ early, late }), { budget: 3 })).toBe(3);
    expect(distinguishingN(table({ early, late }), { budget: 16, minimumHits: 13 })).toBe(2);
    expect(distinguishingN(table({ early, late }), { budget: 16, minimumHits: 21 })).toBeUndefined();
    expect(distinguishingN(table({ early }), { budget: 16 })).toBeUndefined();
  });

  test("the resolution is 8·log(4|Π|/δ)/n with prompts for n, and half of it by the lemma", () => {
    const { theorem, lemma } = tournamentResolution({ candidates: 31, prompts: 1000, delta: 0.1 });
    expect(theorem).toBeCloseTo((8 * Math.log(1240)) / 1000, 14);
    expect(lemma).toBeCloseTo((4 * Math.log(1240)) / 1000, 14);
    const repeated = likelihoodTable({
      candidates: [{ model: "a", logProbabilities: new Float64Array(6).fill(-1) }],
      prompts: ["x", "x", "y", "y", "z", "z"],
    });
    expect(tournament(repeated, { n: 2 }).prompts).toBe(3);
    expect(tournament(repeated, { n: 2 }).resolution.lemma).toBeCloseTo((4 * Math.log(80)) / 3, 14);
  });

  test("bad arguments are refused, naming value and limit", () => {
    const world = table({ a: [-1] });
    expect(() => tournament(world, { n: 0.5 })).toThrow("n is 0.5: must be finite and at least 1");
    expect(() => tournament(world, { n: Number.NaN })).toThrow("n is NaN");
    expect(() => tournament(world, { n: 2, delta: 1 })).toThrow("delta is 1");
    expect(() => distinguishingN(world, { budget: 1 })).toThrow("budget is 1");
    expect(() => table({ a: [-1, Number.NaN] })).toThrow('log-probability NaN of model "a", record 1');
    expect(() => table({ a: [-1, 0.1] })).toThrow("must be at most 0");
    expect(() => table({ a: [Infinity] })).toThrow("log-probability Infinity");
    expect(() => table({ a: [-1], b: [-1, -2] })).toThrow('model "b" has 2 records: must have 1');
    expect(() => table({})).toThrow("candidates is empty");
    expect(table({ a: [1e-7, -1] }).columns[0]?.[0]).toBe(0);
  });
});

describe("cross-entropy selection", () => {
  test("it takes the least mean of −log π, and no model where each calls some response impossible", () => {
    const { winner, scores } = crossEntropySelection(
      table({ a: [-1, -2], b: [-0.5, -Infinity], c: [-1.5, -1.5] }),
    );
    expect(winner).toBe("a");
    expect(scores.map(({ score }) => score)).toEqual([1.5, Infinity, 1.5]);
    expect(scores.map(({ impossible }) => impossible)).toEqual([0, 1, 0]);
    expect(crossEntropySelection(table({ a: [-Infinity], b: [-Infinity] })).winner).toBeUndefined();
  });
});
