/** A training killed twenty times at random moments ends as the undisturbed one does, byte for byte. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomGenerator } from "../../src/numeric/index.ts";
import { ensureBuilt, lmcov } from "../lmcov.ts";
import { disturbed, filesOf, journalLines, writeSums, writeTraining } from "../training.ts";

const kills = 20;
let folder: string;
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-train-kill-"));
  await writeSums(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["one micro-batch, one thread", { threads: 1 }],
  ["micro-batches, two threads", { microBatch: 4, threads: 2 }],
])("killed %i times: %s", async (_, change) => {
  const name = `train-${change.threads}.yaml`;
  await writeTraining(
    folder,
    {
      ...change,
      steps: 1500,
      checkpoints: { every: 100, keepLast: 2 },
      state: { steps: 3 },
      probes: { every: 50 },
    },
    name,
  );
  const train = (out: string) => ["train", name, "--out", out];
  const [whole, killed] = [`whole-${change.threads}`, `killed-${change.threads}`];
  expect((await lmcov(train(whole), { cwd: folder })).code).toBe(0);
  const moments = randomGenerator(`training kills, ${change.threads} threads`);
  let count = 0;
  let progressed = 0;
  while (count < kills) {
    // From the start of the process on, so that also reading, opening and resuming are hit.
    const wait = 150 + 900 * moments.uniform();
    const began = sleep(wait);
    let over = false;
    began.then(() => {
      over = true;
    });
    const { ended } = await disturbed(train(killed), {
      cwd: folder,
      signal: "SIGKILL",
      moment: async () => over,
    });
    if (ended !== "SIGKILL") break;
    count += 1;
    const lines = await journalLines(join(folder, killed));
    if (lines > progressed) progressed = lines;
  }
  expect(count).toBe(kills);
  expect(progressed).toBeGreaterThan(0);
  const last = await lmcov(train(killed), { cwd: folder });
  expect(last.code, last.stderr).toBe(0);
  const [found, wanted] = await Promise.all(
    [killed, whole].map(async (run) => ({
      checkpoints: await filesOf(join(folder, run, "checkpoints")),
      journal: await readFile(join(folder, run, "journal", "train.jsonl"), "utf8"),
    })),
  );
  expect(found?.journal).toBe(wanted?.journal);
  expect([...(found?.checkpoints.keys() ?? [])].sort()).toEqual(
    [...(wanted?.checkpoints.keys() ?? [])].sort(),
  );
  for (const [file, bytes] of wanted?.checkpoints ?? []) {
    expect(found?.checkpoints.get(file)?.equals(bytes), file).toBe(true);
  }
});
