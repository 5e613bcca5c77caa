import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { crossEntropySelection } from "./cross-entropy.ts";
import { likelihoodTable } from "./likelihood-table.ts";
import { tournament } from "./tournament.ts";
import { type StreamedColumns, tournamentOfStream } from "./tournament-stream.ts";

function sourceOf(columns: Readonly<Record<string, Float32Array>>): StreamedColumns {
  const records = Object.values(columns)[0]?.length ?? 0;
  return { models: Object.keys(columns), records, column: async (model) => columns[model]! };
}

describe("tournament of streamed columns", () => {
  test("it has the results of the tournament in memory, ties included", async () => {
    const random = randomGenerator("streamed");
    for (let repetition = 0; repetition < 150; repetition++) {
      const levels = 2 + random.integer(6);
      const records = 1 + random.integer(40);
      const columns: Record<string, Float32Array> = {};
      for (let index = 0; index < 1 + random.integer(50); index++) {
        columns[`m${index}`] = Float32Array.from({ length: records }, () =>
          random.uniform() < 0.03 ? -Infinity : -Math.log(2) * (1 + random.integer(levels)),
        );
      }
      const table = likelihoodTable({
        candidates: Object.entries(columns).map(([model, logProbabilities]) => ({ model, logProbabilities })),
      });
      const n = [2, 4, 8, 16][random.integer(4)]!;
      const inMemory = tournament(table, { n });
      const streamed = await tournamentOfStream(sourceOf(columns), { n });
      expect(streamed.winner).toBe(inMemory.winner);
      expect(streamed.score).toBe(inMemory.score);
      expect(streamed.tied).toEqual(inMemory.tied);
      expect(streamed.decided).toEqual(inMemory.decided);
      streamed.scores.forEach(({ score, exact }, index) => {
        if (exact) expect(score).toBe(inMemory.scores[index]!.score);
        else expect(score).toBeLessThanOrEqual(inMemory.scores[index]!.score);
      });
      expect([...streamed.crossEntropies]).toEqual(
        crossEntropySelection(table).scores.map(({ score }) => score),
      );
    }
  });

  test("a trajectory of 60 checkpoints on 50,000 records takes about four readings of each column", async () => {
    const random = randomGenerator("streamed trajectory");
    const columns: Record<string, Float32Array> = {};
    for (let step = 0; step < 60; step++) {
      const share = 0.02 + Math.abs(step - 40) / 80;
      columns[`step ${step}`] = Float32Array.from({ length: 50_000 }, () =>
        random.uniform() < share ? -30 + 4 * Math.log(random.uniform()) : -30,
      );
    }
    const streamed = await tournamentOfStream(sourceOf(columns), { n: 16 });
    const table = likelihoodTable({
      candidates: Object.entries(columns).map(([model, logProbabilities]) => ({ model, logProbabilities })),
    });
    const inMemory = tournament(table, { n: 16 });
    expect(streamed.winner).toBe(inMemory.winner);
    expect(streamed.score).toBe(inMemory.score);
    expect(streamed.columnsRead).toBeLessThan(4.5 * 60);
  });

  test("wrong columns are refused", async () => {
    const columns = { a: Float32Array.of(-1, -2), b: Float32Array.of(-1) };
    await expect(tournamentOfStream(sourceOf(columns), { n: 2 })).rejects.toThrow('model "b" has 1 records');
    const bad = { a: Float32Array.of(-1, Number.NaN) };
    await expect(tournamentOfStream(sourceOf(bad), { n: 2 })).rejects.toThrow(
      'log-probability NaN of model "a"',
    );
    await expect(tournamentOfStream(sourceOf({}), { n: 2 })).rejects.toThrow("models is empty");
  });
});
