/** `--queue` and `--shard` from the command line, against a scripted server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRun } from "../../src/store/index.ts";
import { vllmRoutes } from "../endpoint/scripted-openai.ts";
import { type ScriptedServer, serve } from "../endpoint/scripted-server.ts";
import { lmcov } from "../lmcov.ts";
import { hasRedis, startRedis } from "./redis-server.ts";
import { exactScore, type Pair, pairOf } from "./scored-units.ts";

let folder = "";
let server: ScriptedServer;
const pairs = Array.from({ length: 60 }, (_, index) => pairOf(index));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-fleet-"));
  server = await serve(vllmRoutes());
  writeFileSync(join(folder, "pairs.jsonl"), pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function scoresIn(run: string): Promise<Map<string, number>> {
  const scores = new Map<string, number>();
  for await (const rows of readRun(run, { tables: ["likelihoods"] })) {
    for (const row of rows) {
      if (row.kind !== "likelihood") continue;
      expect(scores.has(row.problem)).toBe(false);
      scores.set(row.problem, Number(row.logProbability.toFixed(9)));
    }
  }
  return scores;
}

const expected = new Map(pairs.map((pair: Pair) => [pair.problem, Number(exactScore(pair).toFixed(9))]));
const score = (run: string) => [
  "score",
  ...["--model", `scripted=${server.address}`, "--input", join(folder, "pairs.jsonl"), "--out", run],
];

test("three shards at once, one of them in a Slurm array, make one run", async () => {
  const run = join(folder, "run");
  const slurm = { SLURM_ARRAY_TASK_ID: "2", SLURM_ARRAY_TASK_MIN: "0", SLURM_ARRAY_TASK_MAX: "2" };
  const results = await Promise.all([
    lmcov([...score(run), "--shard", "1/3"]),
    lmcov([...score(run), "--shard", "2/3"]),
    lmcov([...score(run), "--shard", "auto"], { env: slurm }),
  ]);
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await scoresIn(run)).toEqual(expected);
}, 120_000);

test.skipIf(!hasRedis)(
  "two workers do what one command queued, and the password is in no output (needs redis-server)",
  async () => {
    const redis = await startRedis(folder, "hush-hush");
    try {
      const run = join(folder, "run");
      const env = { LMCOV_REDIS_PASSWORD: "hush-hush" };
      const queue = ["--queue", `redis://127.0.0.1:${redis.port}`];
      const refused = await lmcov(["worker", ...queue, "--out", run], { env });
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(/has no queue; start lmcov sample --queue/);
      const withPassword = ["--queue", `redis://:hush-hush@127.0.0.1:${redis.port}`];
      const coordinator = lmcov([...score(run), ...withPassword, "--json"]);
      let workers = await Promise.all([1, 2].map(() => lmcov(["worker", ...queue, "--out", run], { env })));
      while (workers.some(({ stderr }) => /has no queue/.test(stderr))) {
        workers = await Promise.all([1, 2].map(() => lmcov(["worker", ...queue, "--out", run], { env })));
      }
      const { code, stdout, stderr } = await coordinator;
      expect({ code, stderr }).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("60 responses scored"),
      });
      expect(await scoresIn(run)).toEqual(expected);
      // A line a response in the input's order, of what the workers wrote.
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines.map(({ model }) => model)).toEqual(pairs.map(() => "scripted"));
      lines.forEach(({ logprob }, index) => {
        expect(logprob).toBeCloseTo(exactScore(pairs[index]!), 9);
      });
      const again = await lmcov([...score(run), ...withPassword, "--json"], { env });
      expect(again.stdout).toBe(stdout);
      const said = [stdout, stderr, ...workers.flatMap((one) => [one.stdout, one.stderr])].join("");
      expect(said).not.toContain("hush-hush");
    } finally {
      redis.stop();
    }
  },
  120_000,
);
