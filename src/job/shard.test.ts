import { expect, test } from "vitest";
import { shortHash } from "../record/index.ts";
import { isInShard, shardOf } from "./shard.ts";

test("a shard is written i/k", () => {
  expect(shardOf("2/8", {})).toEqual({ index: 2, count: 8 });
});

test("auto takes the task of a Slurm array, whatever its bounds and step", () => {
  const bounds = { SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_MAX: "24", SLURM_ARRAY_TASK_STEP: "2" };
  expect(shardOf("auto", { ...bounds, SLURM_ARRAY_TASK_ID: "10" })).toEqual({ index: 1, count: 8 });
  expect(shardOf("auto", { ...bounds, SLURM_ARRAY_TASK_ID: "24" })).toEqual({ index: 8, count: 8 });
});

test("auto takes the index of a Kubernetes job, which must be told the number of shards", () => {
  expect(shardOf("auto/3", { JOB_COMPLETION_INDEX: "2" })).toEqual({ index: 3, count: 3 });
  expect(() => shardOf("auto", { JOB_COMPLETION_INDEX: "2" })).toThrow(/auto\/k/);
});

test.each(["0/3", "4/3", "1/0", "x", "auto", "1/2/3"])("%s is refused", (text) => {
  expect(() => shardOf(text, {})).toThrow(/^--shard/);
});

test("every unit is in one shard, and shards are about equal", () => {
  const sizes = [0, 0, 0, 0, 0];
  for (let unit = 0; unit < 5000; unit++) {
    const key = shortHash(`unit ${unit}`);
    const shards = [1, 2, 3, 4, 5].filter((index) => isInShard(key, { index, count: 5 }));
    expect(shards).toHaveLength(1);
    sizes[(shards[0] as number) - 1]! += 1;
  }
  for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(130);
});
