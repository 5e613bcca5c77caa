/** Many workers on one run, on a real Redis: workers die, the server restarts, and the result is the same. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { coordinateJob, queueAddress, systemClock } from "../../src/job/index.ts";
import { contentOf, draws, linesOf, rowsOf } from "./work.ts";

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const password = "a-password-of-the-test";
const script = fileURLToPath(new URL("./fleet-worker.ts", import.meta.url));

let folder = "";
let port = 0;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-fleet-"));
  port = await freePort();
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  await sleep(50);
  rmSync(folder, { recursive: true, force: true });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = server.address() as { port: number };
      server.close(() => resolve(free));
    });
  });
}

async function redis(): Promise<ChildProcess> {
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--requirepass", password];
  const child = spawn("redis-server", [...words, "--appendonly", "yes", "--appendfsync", "always"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (text: Buffer) => {
      if (text.includes("Ready to accept connections")) resolve();
    });
    child.on("exit", () => reject(new Error("redis-server ended")));
  });
  return child;
}

function worker(run: string, name: string): ChildProcess {
  const child = spawn(process.execPath, ["--import", "tsx", script, run, String(port), name], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, TEST_REDIS_PASSWORD: password },
  });
  children.push(child);
  return child;
}

const exited = (child: ChildProcess) =>
  child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once("exit", resolve))
    : Promise.resolve();

function filesUnder(path: string): string[] {
  return readdirSync(path).flatMap((name) => {
    const inner = join(path, name);
    // What a worker removed in between is none.
    const found = statSync(inner, { throwIfNoEntry: false });
    if (found === undefined) return [];
    return found.isDirectory() ? filesUnder(inner) : [inner];
  });
}

test.skipIf(!hasRedis)(
  "four workers of which two are killed, and a server that restarts, give the rows of one process (needs redis-server)",
  async () => {
    const run = join(folder, "run");
    const server = await redis();
    const units = draws(60, 50);
    let queued = 0;
    const job = coordinateJob({
      address: queueAddress(`redis://127.0.0.1:${port}`, password),
      folder: run,
      description: { software: {}, command: ["test"] },
      units: () => units,
      taskOf: (unit) => unit,
      clock: systemClock(() => performance.now()),
      signal: new AbortController().signal,
      onProgress: (progress) => {
        queued = progress.queued;
      },
    });
    while (queued < units.length) await sleep(20);
    const workers = [1, 2, 3, 4].map((number) => worker(run, `w${number}`));
    const finished = () =>
      filesUnder(join(run, "journal"))
        .filter((name) => name.endsWith(".jsonl"))
        .reduce((sum, name) => sum + (statSync(name, { throwIfNoEntry: false })?.size ?? 0), 0);
    // The job's end moves all rows away.
    let isOver = false;
    const ended = () => {
      isOver = true;
    };
    job.then(ended, ended);
    const reach = async (bytes: number) => {
      while (!isOver && finished() < bytes) await sleep(20);
    };
    await reach(100_000);
    workers[0]?.kill("SIGKILL");
    await reach(400_000);
    server.kill("SIGTERM");
    await exited(server);
    await redis();
    await reach(700_000);
    workers[1]?.kill("SIGKILL");
    expect(await job).toEqual({ finished: units.length, failed: 0 });
    await Promise.all(workers.map(exited));
    expect(await contentOf(run)).toEqual(linesOf(units.flatMap(rowsOf)));
    // All rows are in Parquet parts, and the password is nowhere.
    const files = filesUnder(run);
    expect(files.filter((name) => /units\/.*\.\d{6}\.jsonl$/.test(name))).toEqual([]);
    expect(files.filter((name) => readFileSync(name, "latin1").includes(password))).toEqual([]);
  },
  120_000,
);

test("an address holds the password and a message about it does not", () => {
  const address = queueAddress("redis://user:p%40ss@cache.example:6380/2");
  expect(address).toEqual({
    host: "cache.example",
    port: 6380,
    database: 2,
    username: "user",
    password: "p@ss",
    tls: false,
  });
  expect(() => queueAddress("redis://:secret@")).toThrow(/^(?!.*secret).*--queue: give redis/);
  expect(() => queueAddress("http://:secret@host")).toThrow(/^(?!.*secret).*--queue: give redis/);
});
