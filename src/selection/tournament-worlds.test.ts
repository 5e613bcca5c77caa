/** The tournament where the right choice is known: the paper's Figure 1 and Proposition E.1, and a real trajectory. */
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { sharedData } from "../../test/shared-data.ts";
import { randomGenerator } from "../numeric/index.ts";
import { crossEntropySelection } from "./cross-entropy.ts";
import { type LikelihoodTable, likelihoodTable } from "./likelihood-table.ts";
import { checkpointMixture } from "./mixture.ts";
import { studentizedSet } from "./studentized-set.ts";
import { distinguishingN, tournament } from "./tournament.ts";
import { exactHits, prunedHits, someoneHas, tournamentField } from "./tournament-hits.ts";
import { winnerCurve } from "./winner-curve.ts";

describe("the ideal trajectory of Figure 1", () => {
  // Nine prompts of ten want one path, the tenth another; checkpoint i gives the first path mass p_i.
  const masses = Array.from({ length: 31 }, (_, step) => 0.5 + (0.4 * step) / 30);
  const passAt8 = (mass: number) => 0.9 * (1 - (1 - mass) ** 8) + 0.1 * (1 - mass ** 8);
  const table = likelihoodTable({
    candidates: masses.map((mass, step) => ({
      model: `step ${step}`,
      logProbabilities: Float64Array.from({ length: 2000 }, (_, record) =>
        Math.log(record % 10 < 9 ? mass : 1 - mass),
      ),
    })),
  });
  const chosen = (model: string) => passAt8(masses[table.models.indexOf(model)]!);

  test("the least-KL checkpoint has pass@8 .957, and the tournament's choice for budget 8 has .991", () => {
    const least = crossEntropySelection(table).winner!;
    expect(least).toBe("step 30");
    expect(chosen(least)).toBeCloseTo(0.957, 3);
    const { winner, decided, tied } = tournament(table, { n: 8 });
    expect(tied).toHaveLength(31);
    expect(decided.by).toBe("cross-entropy");
    expect(chosen(winner)).toBeGreaterThanOrEqual(0.98);
    expect(chosen(winner)).toBeCloseTo(0.991, 3);
    expect(distinguishingN(table, { budget: 8 })).toBe(4);
    expect(chosen(tournament(table, { n: 4 }).winner)).toBeGreaterThanOrEqual(0.98);
  });

  test.each([
    { n: 8, pass: 0.957 },
    { n: 3, pass: 0.98 },
    { n: 2, pass: 0.991 },
  ])("the likeliest of those tied at N = $n has pass@8 $pass", ({ n, pass }) => {
    const { tied } = tournament(table, { n });
    const likeliest = tied.reduce((best, model) =>
      masses[table.models.indexOf(model)]! > masses[table.models.indexOf(best)]! ? model : best,
    );
    expect(chosen(likeliest)).toBeCloseTo(pass, 3);
  });

  test("at N = 8 no checkpoint is told from another, at N = 2 the late ones are", () => {
    const options = { generator: randomGenerator("figure 1"), replicates: 199 };
    expect(studentizedSet(table, { ...options, n: 8 }).models).toHaveLength(31);
    const { models } = studentizedSet(table, { ...options, n: 2 });
    expect(models).toHaveLength(19);
    expect(models).not.toContain("step 30");
  });
});

describe("the misspecified pair of Proposition E.1", () => {
  // α = ½, M = 16: the rare kind of prompt has probability p = α²/(64 log M).
  const alpha = 0.5;
  const largest = 16;
  const rare = alpha ** 2 / (64 * Math.log(largest));
  const random = randomGenerator("Proposition E.1");
  const dataOf = (records: number): LikelihoodTable => {
    const first = new Float64Array(records);
    const second = new Float64Array(records);
    for (let record = 0; record < records; record++) {
      const isRare = random.uniform() < rare;
      const one = random.uniform() < 0.5;
      const bernoulli = (p: number) => Math.log(one ? p : 1 - p);
      first[record] = bernoulli(isRare ? 0.5 : 1 / (2 * Math.exp(alpha)));
      second[record] = bernoulli(isRare ? 1 / (2 * largest) : 0.5);
    }
    return likelihoodTable({
      candidates: [
        { model: "covers", logProbabilities: first },
        { model: "likelier", logProbabilities: second },
      ],
    });
  };
  const shareOf = (repetitions: number, event: () => boolean) => {
    let count = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) if (event()) count++;
    return count / repetitions;
  };

  test("maximum likelihood picks the model that does not cover: .82 at n = 10, always at n = 1000", () => {
    const picks = (records: number) => () => crossEntropySelection(dataOf(records)).winner === "likelier";
    expect(Math.abs(shareOf(4000, picks(10)) - 0.82)).toBeLessThan(0.025);
    expect(shareOf(200, picks(1000))).toBe(1);
  });

  test("the tournament ties while the rare prompts are unseen, .93 at n = 100, and then picks the covering model", () => {
    const ties = (records: number) => () => tournament(dataOf(records), { n: 8 }).tied.length === 2;
    // A hit needs a rare prompt with response 1: a tie has probability (1 − p/2)^n.
    expect((1 - rare / 2) ** 100).toBeCloseTo(0.93, 2);
    expect(Math.abs(shareOf(3000, ties(100)) - (1 - rare / 2) ** 100)).toBeLessThan(0.015);
    expect(shareOf(60, ties(10_000))).toBe(0);
    expect(shareOf(60, () => tournament(dataOf(10_000), { n: 8 }).winner === "covers")).toBe(1);
  });

  test("the scores approach 0 and p/2", () => {
    const { scores } = tournament(dataOf(400_000), { n: 8 });
    expect(scores[0]?.score).toBe(0);
    expect(Math.abs(scores[1]!.score - rare / 2)).toBeLessThan(4 * Math.sqrt(rare / 2 / 400_000));
  });
});

test("on more records than the ordering subsample holds, the pruned tournament still equals every pair counted", () => {
  const random = randomGenerator("long columns");
  for (let repetition = 0; repetition < 8; repetition++) {
    const table = likelihoodTable({
      candidates: Array.from({ length: 20 }, (_, index) => ({
        model: `m${index}`,
        logProbabilities: Float32Array.from({ length: 12_345 }, () =>
          random.uniform() < 0.1 + 0.02 * ((index * 7) % 5) ? -20 - 4 * random.gamma(1) : -20,
        ),
      })),
    });
    const field = tournamentField(table);
    for (const n of [2, 16, 1e4]) {
      const exact = exactHits(field, n);
      const pruned = prunedHits(field, n);
      expect(pruned.least).toBe(exact.least);
      expect(pruned.tied).toEqual(exact.tied);
      const most = Math.max(...exact.hits);
      expect(someoneHas(field, n, most)).toBe(true);
      expect(someoneHas(field, n, most + 1)).toBe(false);
    }
  }
});

const parquet = sharedData("pythia-gsm8k/gpt4_gsm8k_neg_log_likelihood.parquet");

describe.skipIf(parquet === undefined)(
  "nine Pythia models on GSM8K solutions (needs ../shared/data)",
  async () => {
    const table = parquet === undefined ? undefined! : await pythia(parquet);

    test("at N = 16 the largest wins with .1107 before .6262 and .7127", () => {
      const { winner, tied, scores, records } = tournament(table, { n: 16 });
      expect(records).toBe(1319);
      expect(winner).toBe("Pythia_12B_300B");
      expect(tied).toHaveLength(1);
      const score = (model: string) => scores.find((entry) => entry.model === model)!.score;
      expect(score("Pythia_12B_300B")).toBe(146 / 1319);
      expect(score("Pythia_6.9B_300B")).toBeCloseTo(0.6262, 4);
      expect(score("Pythia_2.8B_300B")).toBeCloseTo(0.7127, 4);
      expect(crossEntropySelection(table).winner).toBe(winner);
      expect(studentizedSet(table, { n: 16, generator: randomGenerator("pythia") }).models).toEqual([winner]);
      expect(winnerCurve(table, { ns: [2, 8, 64, 1e6] }).every((entry) => entry.winner === winner)).toBe(
        true,
      );
    });

    test("the mixture leans on the largest, keeps smaller ones, and its certificate holds", () => {
      const { weights, certificate, coverage } = checkpointMixture(table, { ns: [2, 16] });
      const weight = (model: string) => weights.find((entry) => entry.model === model)!.weight;
      expect(weight("Pythia_12B_300B")).toBeCloseTo(0.8022, 3);
      expect(weight("Pythia_6.9B_300B")).toBeCloseTo(0.1385, 3);
      expect(certificate).toBeLessThanOrEqual(1 + 1e-9);
      expect(coverage[1]!.mixture).toBeLessThan(1 / 16);
      expect(coverage[1]!.uniform).toBe(0);
    });
  },
);

async function pythia(path: string): Promise<LikelihoodTable> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT "Model" AS model, list("Log Score" ORDER BY "Problem Idx") AS scores FROM '${path}' GROUP BY 1 ORDER BY 1`,
  );
  return likelihoodTable({
    candidates: reader.getRowsJS().map(([model, scores]) => ({
      model: String(model),
      logProbabilities: Float64Array.from(scores as number[]),
    })),
  });
}
