/** The seven Pythia models on MATH thinned from 10,000 draws a problem to 100, without replacement, the same every time. */
import type { ProblemCount } from "../../src/coverage/index.ts";
import { randomGenerator } from "../../src/numeric/index.ts";

export interface ThinnedModel {
  readonly model: string;
  readonly full: readonly ProblemCount[];
  readonly thinned: readonly ProblemCount[];
}

const kept = 100;

export async function thinnedModels(path: string): Promise<ThinnedModel[]> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const reader = await connection.runAndReadAll(
    `select distinct Model, "Problem Idx", "Num. Samples Total", "Num. Samples Correct" from '${path}'
     where Benchmark = 'MATH' and Model like 'Pythia%' order by all`,
  );
  const models = new Map<string, ProblemCount[]>();
  for (const [model, , draws, correct] of reader.getRows()) {
    const name = String(model);
    models.set(name, [...(models.get(name) ?? []), { draws: Number(draws), correct: Number(correct) }]);
  }
  return [...models].map(([model, full]) => {
    const random = randomGenerator(`thinned to ${kept} draws, ${model}`);
    const thinned = full.map(({ draws, correct }) => {
      let hits = 0;
      for (let taken = 0; taken < kept; taken++) {
        if (random.integer(draws - taken) < correct - hits) hits += 1;
      }
      return { draws: kept, correct: hits };
    });
    return { model, full, thinned };
  });
}
