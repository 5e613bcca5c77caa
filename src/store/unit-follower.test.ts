import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UnitFollower } from "./unit-follower.ts";
import { UnitStore } from "./unit-store.ts";

const folder = await mkdtemp(join(tmpdir(), "lmcov-follower-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const keyOf = (number: number) => number.toString(16).padStart(16, "0");
const failure = { kind: "timeout", reason: "no answer in 60 s" };
const open = (run: string) =>
  UnitStore.open({
    folder: run,
    description: { software: {}, command: ["test"] },
    writer: { kind: "sole" },
    segmentBytes: 500,
  });

test("finished and failed units are counted as they come, through retries, new segments and compaction", async () => {
  const run = join(folder, "run");
  const follower = new UnitFollower(run);
  expect(await follower.read()).toEqual({ finished: 0, failures: [] });
  const store = await open(run);
  await store.add({ key: keyOf(1), rows: [] });
  await store.add({ key: keyOf(2), rows: [], failed: failure });
  expect(await follower.read()).toEqual({ finished: 1, failures: [failure] });
  await store.add({ key: keyOf(2), rows: [] });
  await store.add({ key: keyOf(3), rows: [], failed: failure });
  expect(await follower.read()).toEqual({ finished: 2, failures: [failure] });
  for (let number = 10; number < 30; number += 1) await store.add({ key: keyOf(number), rows: [] });
  expect((await follower.read()).finished).toBe(22);
  await store.close();
  expect(await follower.read()).toEqual({ finished: 22, failures: [failure] });
  expect(await new UnitFollower(run).read()).toEqual({ finished: 22, failures: [failure] });
  const again = await open(run);
  await again.add({ key: keyOf(3), rows: [] });
  expect(await follower.read()).toEqual({ finished: 23, failures: [] });
  await again.close();
});
