/** The draws of a run that carry a reward, read by SQL one after the other: a database that gathers them needs much memory. */
import type { Verdict } from "../record/index.ts";
import type { Connection } from "./database.ts";
import { RewardedDrawColumns, type RewardedDraws } from "./rewarded-draws.ts";
import { plainNumber } from "./row-parts.ts";

/** Columns that tell the draws of one count from those of another. */
export const countKeys = [
  "model",
  "step",
  "training_tokens",
  "task",
  "problem",
  "prompt_hash",
  "sampling_hash",
  "verifier",
  "draw_set",
] as const;

/** By `drawsKey`; `source` is a query of all outcomes. */
export async function rewardedDraws(
  connection: Connection,
  source: string,
): Promise<ReadonlyMap<string, RewardedDraws>> {
  const result = await connection.stream(
    `SELECT reward, verdict, gold, answer, ${countKeys.join(", ")} FROM (${source}) WHERE reward IS NOT NULL`,
  );
  const draws = new Map<string, RewardedDrawColumns>();
  let lastKey: string | undefined;
  let columns = new RewardedDrawColumns();
  for await (const chunk of result.yieldRowsJs()) {
    for (const [reward, verdict, gold, answer, ...values] of chunk) {
      const key = keyOf(values);
      if (key !== lastKey) {
        columns = draws.get(key) ?? new RewardedDrawColumns();
        draws.set(key, columns);
        lastKey = key;
      }
      columns.add({
        reward: reward as number,
        verdict: verdict as Verdict,
        ...(gold !== null && { gold: gold as number }),
        ...(answer !== null && { answer: answer as string }),
      });
    }
  }
  return draws;
}

export const drawsKey = (row: Readonly<Record<string, unknown>>): string =>
  keyOf(countKeys.map((key) => row[key]));

const keyOf = (values: readonly unknown[]) => values.map((value) => plainNumber(value) ?? "").join("\u0000");
