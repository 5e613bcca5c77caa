/** Counts of a run's outcomes by SQL: what commands on counts need of millions of draws, without a row object each. */
import type { Count, SamplingSettings, StoppingRule } from "../record/index.ts";
import { openDatabase, rowAppender, sqlText } from "./database.ts";
import type { RewardedDraws } from "./rewarded-draws.ts";
import { plainNumber, unitRowsOf } from "./row-parts.ts";
import { createTableSql } from "./row-tables.ts";
import { finishedParts, readRunDescription } from "./run-folder.ts";
import { countKeys, drawsKey, rewardedDraws } from "./run-rewards.ts";
import { stoppingOfProblem } from "./stopping.ts";
import { UnitsSnapshot } from "./unit-segments.ts";

/** Outcomes counted by the database, with the draws among them that carry a reward where these were asked for. */
export interface CountedOutcomes extends Count {
  readonly rewarded: RewardedDraws;
}

export interface RunCountsOptions {
  /** Give the draws with a reward beside the counts. */
  readonly rewards?: boolean;
}

/**
 * The outcomes of a run as one count for each model, problem, sampling, verifier and draw set, in the order in which they
 * first appear; undefined where a draw occurs more than once, so that only its rows can tell a repetition from a
 * contradiction.
 */
export async function runCounts(
  folder: string,
  options: RunCountsOptions = {},
): Promise<readonly (Count | CountedOutcomes)[] | undefined> {
  const units = await UnitsSnapshot.open(folder);
  try {
    return await countedOutcomes(folder, units, options);
  } finally {
    await units.close();
  }
}

async function countedOutcomes(
  folder: string,
  units: UnitsSnapshot,
  { rewards = false }: RunCountsOptions,
): Promise<readonly (Count | CountedOutcomes)[] | undefined> {
  const parts = await finishedParts(folder, "outcomes", units);
  if (parts.length === 0 && units.isEmpty) return [];
  const { connection, close } = await openDatabase();
  try {
    await connection.run(createTableSql("outcomes"));
    const appendRows = await rowAppender(connection);
    for await (const rows of unitRowsOf(folder, { table: "outcomes", units })) {
      await appendRows("outcomes", rows);
    }
    const sources = ["SELECT * FROM outcomes"];
    if (parts.length > 0) {
      sources.unshift(`SELECT * FROM read_parquet([${parts.map(sqlText).join(", ")}])`);
    }
    const source = sources.join(" UNION ALL BY NAME ");
    const result = await connection.runAndReadAll(`
      SELECT ${countKeys.join(", ")}, sampling,
        count(*) AS draws,
        count(DISTINCT draw) AS distinct_draws,
        count(*) FILTER (verdict = 'correct') AS correct,
        count(*) FILTER (verdict = 'unscored') AS unscored,
        CASE WHEN count(fingerprint) = count(*) AND min(fingerprint) = max(fingerprint)
          THEN min(fingerprint) END AS fingerprint,
        arg_min(file, position) AS file,
        min(position) AS first
      FROM (SELECT *, row_number() OVER () AS position FROM (${source}))
      GROUP BY ALL
      ORDER BY first`);
    const rows = result.getRowObjectsJS();
    if (rows.some((row) => row.draws !== row.distinct_draws)) return undefined;
    const { stopping } = await readRunDescription(folder);
    const draws = rewards ? await rewardedDraws(connection, source) : undefined;
    return rows.map((row) => {
      const rewarded = draws?.get(drawsKey(row));
      return { ...countOf(row, stopping), ...(rewarded !== undefined && { rewarded }) };
    });
  } finally {
    close();
  }
}

function countOf(row: Record<string, unknown>, rule: StoppingRule | undefined): Count {
  const number = (name: string) => plainNumber(row[name]) as number;
  const text = (name: string) => row[name] as string;
  const unscored = number("unscored");
  const [n, correct] = [number("draws") - unscored, number("correct")];
  return {
    kind: "count",
    model: text("model"),
    ...(row.step !== null && { step: number("step") }),
    ...(row.training_tokens !== null && { trainingTokens: number("training_tokens") }),
    task: text("task"),
    problem: text("problem"),
    promptHash: text("prompt_hash"),
    sampling: JSON.parse(text("sampling")) as SamplingSettings,
    samplingHash: text("sampling_hash"),
    source: { file: text("file") },
    drawSet: `outcomes ${text("draw_set")}`,
    n,
    correct,
    unscored,
    ...(row.fingerprint !== null && { fingerprint: number("fingerprint") }),
    stopping: rule === undefined ? { kind: "unknown" } : stoppingOfProblem({ n, correct }, rule),
    verifier: text("verifier"),
  };
}
