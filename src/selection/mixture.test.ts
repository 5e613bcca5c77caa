import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compensatedSum, randomGenerator } from "../numeric/index.ts";
import { likelihoodTable } from "./likelihood-table.ts";
import { empiricalCoverage } from "./likelihood-table-coverage.ts";
import { checkpointMixture, drawFromMixture, likelihoodGapBound, mixtureColumn } from "./mixture.ts";
import { heldOutMixture } from "./mixture-held-out.ts";

/** Candidates whose deficits differ by record. */
function world(input: {
  readonly key: string;
  readonly candidates: number;
  readonly records: number;
  readonly spread: number;
}) {
  const random = randomGenerator(input.key);
  return likelihoodTable({
    candidates: Array.from({ length: input.candidates }, (_, index) => ({
      model: `m${index}`,
      logProbabilities: Float64Array.from(
        { length: input.records },
        () => -30 - input.spread * random.gamma(0.5 + index / 4),
      ),
    })),
  });
}

const meanOf = (values: Float64Array) => compensatedSum(values) / values.length;

describe("maximum-likelihood mixture of checkpoints", () => {
  test("disjoint candidates get the shares of the records that they explain", () => {
    const table = likelihoodTable({
      candidates: [0, 1, 2].map((index) => ({
        model: `m${index}`,
        logProbabilities: Float64Array.from({ length: 10 }, (_, record) =>
          (record < 5 ? 0 : record < 8 ? 1 : 2) === index ? -1 : -Infinity,
        ),
      })),
    });
    const { weights, certificate, meanLogLikelihood } = checkpointMixture(table);
    weights.forEach(({ weight }, index) => {
      expect(weight).toBeCloseTo([0.5, 0.3, 0.2][index]!, 7);
    });
    expect(certificate).toBeCloseTo(1, 9);
    expect(meanLogLikelihood).toBeCloseTo(
      0.5 * Math.log(0.5) + 0.3 * Math.log(0.3) + 0.2 * Math.log(0.2) - 1,
      9,
    );
  });

  test("the optimality conditions hold, and no long run of expectation-maximisation is better", () => {
    for (const candidates of [2, 3, 9, 25]) {
      const table = world({ key: `mixture ${candidates}`, candidates, records: 400, spread: 3 });
      const { weights, certificate, gap, meanLogLikelihood } = checkpointMixture(table);
      expect(certificate).toBeLessThanOrEqual(1 + 1e-9);
      expect(gap).toBeLessThan(1e-9);
      expect(compensatedSum(weights.map(({ weight }) => weight))).toBeCloseTo(1, 12);
      const column = mixtureColumn(
        table,
        weights.map(({ weight }) => weight),
      );
      expect(meanOf(column)).toBeCloseTo(meanLogLikelihood, 12);
      table.columns.forEach((values, index) => {
        const ratio = meanOf(Float64Array.from(values, (value, record) => Math.exp(value - column[record]!)));
        expect(ratio).toBeLessThanOrEqual(1 + 1e-9);
        if (weights[index]!.weight > 1e-6) expect(ratio).toBeGreaterThan(1 - 1e-6);
      });
      let em = new Float64Array(candidates).fill(1 / candidates);
      for (let step = 0; step < 3000; step++) {
        const mixed = mixtureColumn(table, em);
        em = em.map((weight, index) => {
          let ratio = 0;
          for (let record = 0; record < table.records; record++) {
            ratio += Math.exp(table.columns[index]![record]! - mixed[record]!);
          }
          return Math.min(1, (weight * ratio) / table.records);
        });
      }
      const attained = meanOf(mixtureColumn(table, em));
      expect(meanLogLikelihood).toBeGreaterThanOrEqual(attained - 1e-10);
      expect(meanLogLikelihood - attained).toBeLessThan(1e-4);
    }
  });

  test("every candidate has Ĉov_N at most 1/N over the mixture, and 0 over equal weights once N exceeds K", () => {
    const ns = [1.5, 2, 3, 5, 9, 17, 100];
    for (const candidates of [2, 8]) {
      const table = world({ key: `certificate ${candidates}`, candidates, records: 300, spread: 4 });
      const { coverage } = checkpointMixture(table, { ns });
      coverage.forEach(({ n, mixture, bound, uniform }) => {
        expect(mixture).toBeLessThanOrEqual(1 / n + 1e-9);
        expect(mixture).toBeLessThanOrEqual(bound);
        if (n > candidates) expect(uniform).toBe(0);
      });
      expect(coverage.some(({ mixture }) => mixture > 0)).toBe(true);
    }
  });

  test("records that no candidate can give are counted and left out", () => {
    const table = likelihoodTable({
      candidates: [
        { model: "a", logProbabilities: Float64Array.of(-1, -Infinity, -Infinity) },
        { model: "b", logProbabilities: Float64Array.of(-Infinity, -Infinity, -2) },
      ],
    });
    const { weights, impossible, meanLogLikelihood } = checkpointMixture(table, { ns: [4] });
    expect(impossible).toBe(1);
    expect(weights[0]?.weight).toBeCloseTo(0.5, 9);
    expect(meanLogLikelihood).toBeCloseTo(Math.log(0.5) - 1.5, 9);
    const empty = likelihoodTable({
      candidates: [{ model: "a", logProbabilities: Float64Array.of(-Infinity) }],
    });
    expect(() => checkpointMixture(empty)).toThrow("no candidate gives any record mass");
  });

  test("(64) holds for every mixture of the candidates against the best one", () => {
    const table = world({ key: "gap bound", candidates: 4, records: 120, spread: 3 });
    const { weights } = checkpointMixture(table);
    const best = mixtureColumn(
      table,
      weights.map(({ weight }) => weight),
    );
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: 0, max: 5 }), { minLength: 4, maxLength: 4 })
          .filter((list) => list.some((v) => v > 0)),
        fc.double({ min: 1.1, max: 40, noNaN: true }),
        (shares, n) => {
          const sum = shares.reduce((total, share) => total + share, 0);
          const other = mixtureColumn(
            table,
            shares.map((share) => share / sum),
          );
          const logLikelihoodGap = Math.max(0, compensatedSum(best) - compensatedSum(other)) + 1e-7;
          const { coverage } = empiricalCoverage({ of: other, under: best, n });
          expect(coverage).toBeLessThanOrEqual(likelihoodGapBound({ logLikelihoodGap, records: 120, n }));
        },
      ),
    );
    expect(() => likelihoodGapBound({ logLikelihoodGap: 1, records: 1, n: 1 })).toThrow("n is 1");
    expect(() => likelihoodGapBound({ logLikelihoodGap: -1, records: 1, n: 2 })).toThrow(
      "logLikelihoodGap is -1",
    );
  });
});

describe("held-out value of the mixture", () => {
  test("every record is scored by weights that have not seen its prompt", () => {
    const random = randomGenerator("held out");
    const prompts = Array.from({ length: 60 }, (_, record) => Math.floor(record / 3));
    const rows = Array.from({ length: 3 }, () =>
      Array.from({ length: 60 }, () => -10 - 3 * random.gamma(0.7)),
    );
    const tableOf = (change: number) =>
      likelihoodTable({
        candidates: rows.map((row, index) => ({
          model: `m${index}`,
          logProbabilities: Float64Array.from(
            row,
            (value, record) => value - (prompts[record] === change ? 2 + index : 0),
          ),
        })),
        prompts,
      });
    const original = heldOutMixture(tableOf(-1), { generator: randomGenerator("folds"), folds: 4 });
    for (const prompt of [0, 7, 19]) {
      const changed = heldOutMixture(tableOf(prompt), { generator: randomGenerator("folds"), folds: 4 });
      const same = changed.weights.filter((weights, fold) =>
        weights.every((weight, index) => weight === original.weights[fold]![index]),
      );
      // Only the fold that holds the prompt does not see the change.
      expect(same.length).toBe(1);
    }
    expect(original.mixture).toBeLessThanOrEqual(checkpointMixture(tableOf(-1)).meanLogLikelihood);
    original.candidates.forEach(({ meanLogLikelihood }, index) => {
      expect(meanLogLikelihood).toBeCloseTo(meanOf(Float64Array.from(rows[index]!)), 12);
    });
  });

  test("on many prompts it approaches the in-sample value, and beats every candidate where none is best everywhere", () => {
    const table = world({ key: "held out, many", candidates: 4, records: 4000, spread: 3 });
    const inSample = checkpointMixture(table, { ns: [8] });
    const held = heldOutMixture(table, { generator: randomGenerator("folds"), ns: [8] });
    expect(inSample.meanLogLikelihood - held.mixture).toBeLessThan(0.01);
    expect(held.mixture).toBeGreaterThan(
      Math.max(...held.candidates.map((entry) => entry.meanLogLikelihood)),
    );
    expect(Math.abs(held.coverage[0]!.mixture - inSample.coverage[0]!.mixture)).toBeLessThan(0.01);
    expect(() => heldOutMixture(table, { generator: randomGenerator("folds"), folds: 1 })).toThrow(
      "folds is 1",
    );
  });
});

describe("draws from a mixture", () => {
  test("models come up by their weights, never one of weight 0", () => {
    const generator = randomGenerator("mixture draws");
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 40_000; draw++) counts[drawFromMixture([0.2, 0, 0.7, 0.1], generator)]!++;
    expect(counts[1]).toBe(0);
    [0.2, 0, 0.7, 0.1].forEach((weight, index) => {
      expect(Math.abs(counts[index]! / 40_000 - weight)).toBeLessThan(
        4 * Math.sqrt((weight * (1 - weight)) / 40_000) + 1e-12,
      );
    });
    expect(() => drawFromMixture([0.5, 0.4], generator)).toThrow("weights sum to 0.9");
    expect(() => drawFromMixture([1.5, -0.5], generator)).toThrow("weights[1] is -0.5");
  });
});
