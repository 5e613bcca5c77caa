/** An import that is interrupted or killed at any moment, and run again, gives what an undisturbed one gives. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomGenerator } from "../../src/numeric/index.ts";
import { ensureBuilt, lmcov, mainFile } from "../lmcov.ts";

let folder: string;
const logs = ["a.csv", "b.csv", "c.csv"];
const problems = 40;
const drawsEach = 500;

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "lmcov-interrupted-"));
  const generator = randomGenerator("interruption logs");
  for (const [index, log] of logs.entries()) {
    const lines = ["model,task,problem,correct"];
    for (let problem = 0; problem < problems; problem += 1) {
      for (let draw = 0; draw < drawsEach; draw += 1) {
        lines.push(`m${index},t,p${problem},${generator.uniform() < problem / problems ? 1 : 0}`);
      }
    }
    await writeFile(join(folder, log), `${lines.join("\n")}\n`);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts the import and sends the signal when told; resolves to the exit code, or the signal that killed it. */
async function disturbed(
  run: string,
  signal: NodeJS.Signals,
  when: Promise<unknown>,
): Promise<number | string | null> {
  const child = spawn(process.execPath, [mainFile, "import", ...logs, "--out", run], {
    cwd: folder,
    stdio: "ignore",
  });
  const ended = new Promise<number | string | null>((resolve) =>
    child.on("exit", (code, by) => resolve(by ?? code)),
  );
  await Promise.race([when, ended]);
  child.kill(signal);
  return ended;
}

async function appearance(path: string): Promise<void> {
  while (!existsSync(path)) await sleep(5);
}

async function passAtK(input: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await lmcov(["passk", ...input, "--k", "1,10,100", "--csv"], {
    cwd: folder,
  });
  expect(code, stderr).toBe(0);
  return stdout;
}

describe("an import", () => {
  test("killed at random moments finishes when run again, with nothing lost and nothing double", async () => {
    const moments = randomGenerator("interruption moments");
    const run = "killed";
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await disturbed(run, "SIGKILL", sleep(150 + 1200 * moments.uniform()));
    }
    const last = await lmcov(["import", ...logs, "--out", run, "--json"], { cwd: folder });
    expect(last.code, last.stderr).toBe(0);
    const { imported, skipped } = JSON.parse(last.stdout);
    expect(imported + skipped).toBe(logs.length);
    expect(await passAtK([run])).toBe(await passAtK(logs));
    const leftovers = (await readdir(join(folder, run, "outcomes"))).filter(
      (name) => !/^[0-9a-f]{24}-\d+\.parquet$/.test(name),
    );
    expect(leftovers).toEqual([]);
    expect((await readdir(join(folder, run, "outcomes"))).length).toBe(logs.length);
  }, 120_000);

  test("stopped by Ctrl-C exits with 130", async () => {
    // An import that ended before it was stopped says nothing.
    let code: Awaited<ReturnType<typeof disturbed>> = 0;
    for (let attempt = 0; code === 0 && attempt < 5; attempt += 1) {
      const run = `stopped-${attempt}`;
      code = await disturbed(run, "SIGINT", appearance(join(folder, run, "run.json")));
    }
    expect(code).toBe(130);
  });
});
