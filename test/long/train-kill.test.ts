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

function afterMilliseconds(wait: number): () => boolean {
  let over = false;
  sleep(wait).then(() => {
    over = true;
  });
  return () => over;
}

test.each([
  ["one micro-batch, one thread", { threads: 1 }],
  ["micro-batches, two threads", { microBatch: 4, threads: 2 }],
])("killed twenty times: %s", async (_, change) => {
  const name = `train-${change.threads}.yaml`;
  await writeTraining(
    folder,
    {
      ...change,
      name: "sums",
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
    // By time, so that also reading, opening and resuming are hit; by progress, so that steps and probes are.
    const over = count % 2 === 0 ? afterMilliseconds(2000 * moments.uniform()) : undefined;
    const lines = progressed + 1 + moments.integer(60);
    const { ended } = await disturbed(train(killed), {
      cwd: folder,
      signal: "SIGKILL",
      moment: async () => over?.() ?? (await journalLines(join(folder, killed))) >= lines,
    });
    if (ended !== "SIGKILL") break;
    count += 1;
    progressed = await journalLines(join(folder, killed));
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
