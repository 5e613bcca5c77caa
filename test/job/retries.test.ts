/** What a job does when servers fail, in virtual time. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EndpointError } from "../../src/endpoint/index.ts";
import { secondsBeforeRetry } from "../../src/job/failure.ts";
import { type JobOptions, runJob } from "../../src/job/index.ts";
import { failedUnits, runCounts } from "../../src/store/index.ts";
import { outcomeRow } from "../rows.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { contentOf, type Draw, draws, linesOf, rowsOf } from "./work.ts";

class Failure extends Error {
  readonly fault: string;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly status: number;

  constructor(fault: string, details: { retryable: boolean; retryAfter?: number; status?: number }) {
    super(`the server says ${fault}`);
    this.fault = fault;
    this.retryable = details.retryable;
    this.retryAfter = details.retryAfter;
    this.status = details.status ?? 500;
  }
}

let folder = "";
let clock = new VirtualClock();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-retries-"));
  clock = new VirtualClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

const options = (change: Partial<JobOptions<Draw>> & Pick<JobOptions<Draw>, "run">): JobOptions<Draw> => ({
  folder: join(folder, "run"),
  description: { software: {}, command: ["test"] },
  lanes: [{ name: "server", units: draws(5, 8) }],
  clock,
  signal: new AbortController().signal,
  disk: { interval: 0 },
  ...change,
});

const name = ({ problem, draw }: Draw) => `${problem}/${draw}`;
const unscored = ({ problem, draw }: Draw, reason: string) => [
  outcomeRow({ problem, draw, verdict: "unscored", reason }),
];

test("waits double from attempt to attempt up to a limit, each uniform below its own, and are never less than asked", () => {
  const backOff = { first: 0.5, longest: 60 };
  for (const [attempt, limit] of [
    [1, 0.5],
    [2, 1],
    [5, 8],
    [9, 60],
  ] as const) {
    const waits = Array.from({ length: 2000 }, (_, unit) =>
      secondsBeforeRetry({ key: `unit ${unit}`, attempt }, backOff),
    );
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    expect(Math.max(...waits)).toBeLessThan(limit);
    expect(mean / limit).toBeGreaterThan(0.47);
    expect(mean / limit).toBeLessThan(0.53);
  }
  const asked = secondsBeforeRetry({ key: "unit", attempt: 1, retryAfter: 30 }, backOff);
  expect(asked).toBeGreaterThanOrEqual(30);
  expect(asked).toBeLessThan(31);
});

test("a server that asks for rest gets it from all requests, and nothing is lost", async () => {
  const times: number[] = [];
  let limitedAt: number | undefined;
  const result = await runJob(
    options({
      async run(unit) {
        times.push(clock.now());
        await clock.sleep(100);
        if (limitedAt === undefined && times.length > 12) {
          limitedAt = clock.now();
          throw new Failure("rate limit", { retryable: true, retryAfter: 7, status: 429 });
        }
        return rowsOf(unit);
      },
    }),
  );
  expect(result).toMatchObject({ done: 40, failed: 0, errors: { "rate limit": 1 } });
  const rested = times.filter((time) => time > (limitedAt ?? 0));
  expect(Math.min(...rested)).toBeGreaterThanOrEqual((limitedAt ?? 0) + 7000);
});

test("a unit that fails again and again while others succeed is recorded as failed, counts as unscored, and can be tried again", async () => {
  const isBad = (unit: Draw) => unit.problem === "p2" && unit.draw === 3;
  let attempts = 0;
  const first = await runJob(
    options({
      failedRows: unscored,
      async run(unit) {
        await clock.sleep(50);
        if (!isBad(unit)) return rowsOf(unit);
        attempts += 1;
        throw new Failure("server error", { retryable: true });
      },
      retry: { attempts: 4 },
      lanes: [{ name: "server", units: draws(5, 60) }],
      concurrency: 2,
    }),
  );
  expect(first).toMatchObject({ done: 299, failed: 1, failures: { "server error": 1 } });
  expect(attempts).toBe(4);
  expect(await failedUnits(join(folder, "run"))).toEqual(new Map([["server error", 1]]));
  const counts = (await runCounts(join(folder, "run"))) ?? [];
  expect(counts.find((row) => row.problem === "p2")).toMatchObject({ n: 59, unscored: 1 });
  const job = options({
    lanes: [{ name: "server", units: draws(5, 60) }],
    run: async (unit) => rowsOf(unit),
  });
  expect(await runJob(job)).toMatchObject({ done: 0, before: 299, failed: 1 });
  expect(await runJob({ ...job, retryFailed: true })).toMatchObject({ done: 1, before: 299, failed: 0 });
  expect(await contentOf(join(folder, "run"))).toEqual(linesOf(draws(5, 60).flatMap(rowsOf)));
});

test("in an outage no unit is given up: the job stops after two minutes and the same job does the rest", async () => {
  let answered = 0;
  const first = await runJob(
    options({
      async run(unit) {
        await clock.sleep(100);
        if (answered >= 10) throw new Failure("connection", { retryable: true });
        answered += 1;
        return rowsOf(unit);
      },
    }),
  );
  expect(first).toMatchObject({ done: 10, failed: 0, stopped: { kind: "server" } });
  expect(first.stopped?.message).toMatch(/^server: every request fails, .*the server says connection/);
  expect(clock.now()).toBeGreaterThan(120_000);
  expect(clock.now()).toBeLessThan(300_000);
  expect(await runJob(options({ run: async (unit) => rowsOf(unit) }))).toMatchObject({
    done: 30,
    before: 10,
  });
});

test("a server that refuses everything is left at once, and no unit is recorded as failed", async () => {
  let asked = 0;
  const result = await runJob(
    options({
      lanes: [{ name: "server", units: draws(100, 10) }],
      async run() {
        asked += 1;
        await clock.sleep(10);
        throw new Failure("refused", { retryable: false, status: 401 });
      },
    }),
  );
  expect(result).toMatchObject({ done: 0, failed: 0, stopped: { kind: "server" } });
  expect(asked).toBeLessThan(200);
  expect(await failedUnits(join(folder, "run"))).toEqual(new Map());
});

test("prompts that are too long are failed units however many follow each other", async () => {
  const result = await runJob(
    options({
      lanes: [{ name: "server", units: draws(100, 2) }],
      failedRows: unscored,
      async run() {
        await clock.sleep(10);
        throw new Failure("too long", { retryable: false, status: 400 });
      },
    }),
  );
  expect(result).toMatchObject({ done: 0, failed: 200, failures: { "too long": 200 } });
  expect(result.stopped).toBeUndefined();
});

test("an answer that ignores what was asked is one bad machine's where the server did it before, and the server's where it never did", async () => {
  const ignoring = Object.assign(new Failure("refused", { retryable: false }), { status: undefined });
  let asked = 0;
  const sometimes = await runJob(
    options({
      async run(unit) {
        asked += 1;
        await clock.sleep(10);
        if (asked > 4 && asked % 3 === 0) throw ignoring;
        return rowsOf(unit);
      },
    }),
  );
  expect(sometimes).toMatchObject({ done: 40, failed: 0 });
  // The bad machine may be the first that answers.
  let first = 0;
  const later = await runJob(
    options({
      folder: join(folder, "later"),
      async run(unit) {
        first += 1;
        const ignored = first <= 5;
        await clock.sleep(10);
        if (ignored) throw ignoring;
        return rowsOf(unit);
      },
    }),
  );
  expect(later).toMatchObject({ done: 40, failed: 0, errors: { refused: 5 } });
  const few = await runJob(
    options({
      folder: join(folder, "few"),
      lanes: [{ name: "s", units: draws(3, 1) }],
      run: () => Promise.reject(ignoring),
    }),
  );
  expect(few).toMatchObject({ done: 0, failed: 3 });
  const never = await runJob(
    options({
      folder: join(folder, "other"),
      lanes: [{ name: "s", units: draws(80, 1) }],
      run: () => Promise.reject(ignoring),
    }),
  );
  expect(never).toMatchObject({ done: 0, failed: 0, stopped: { kind: "server" } });
});

test("a request that is known not to be done is asked once, and the others are done", async () => {
  let asked = 0;
  const result = await runJob(
    options({
      lanes: [{ name: "server", units: draws(10, 4) }],
      failedRows: unscored,
      async run(unit) {
        asked += 1;
        const isKnown = asked % 2 === 0;
        await clock.sleep(10);
        if (isKnown) throw new EndpointError("unsupported", "no token ids");
        return rowsOf(unit);
      },
    }),
  );
  expect(result).toMatchObject({ done: 20, failed: 20, failures: { unsupported: 20 } });
  expect(asked).toBe(40);
});

describe("a budget", () => {
  test("of units is kept to the unit, over resumed runs too", async () => {
    const run = async (unit: Draw) => {
      await clock.sleep(10);
      return rowsOf(unit);
    };
    expect(await runJob(options({ run, budget: { units: 13 } }))).toMatchObject({
      done: 13,
      stopped: { kind: "budget" },
    });
    expect(await runJob(options({ run, budget: { units: 20 } }))).toMatchObject({ done: 7, before: 13 });
    expect(await runJob(options({ run, budget: { units: 20 } }))).toMatchObject({ done: 0 });
  });

  test("of tokens and of money ends near its limit, with what was spent before counted", async () => {
    const run = async (unit: Draw) => {
      await clock.sleep(10);
      return { rows: rowsOf(unit), usage: { inputTokens: 100, outputTokens: 50 } };
    };
    const first = await runJob(options({ run, budget: { tokens: 1500 }, concurrency: 4 }));
    expect(first.done).toBeGreaterThanOrEqual(8);
    expect(first.done).toBeLessThanOrEqual(12);
    const prices = { input: 1000, output: 4000 };
    // 0.3 a unit: 20 units in all.
    const second = await runJob(options({ run, budget: { money: 6, prices }, concurrency: 4 }));
    expect(first.done + second.done).toBeGreaterThanOrEqual(18);
    expect(first.done + second.done).toBeLessThanOrEqual(22);
  });
});

test("a server that hangs does not keep another from its units", async () => {
  const finished: string[] = [];
  const stop = new AbortController();
  const [slow, fast] = [draws(2, 5), draws(7, 20).filter(({ problem }) => !["p0", "p1"].includes(problem))];
  const job = runJob(
    options({
      lanes: [
        { name: "slow", units: slow },
        { name: "fast", units: fast },
      ],
      signal: stop.signal,
      async run(unit, signal) {
        const hangs = unit.problem === "p0" || unit.problem === "p1";
        if (hangs)
          await new Promise((_, reject) =>
            signal.addEventListener("abort", () => reject(new Error("given up"))),
          );
        await clock.sleep(10);
        finished.push(name(unit));
        if (finished.length === fast.length) setTimeout(() => stop.abort(), 50);
        return rowsOf(unit);
      },
    }),
  );
  expect(await job).toMatchObject({ done: 100, failed: 0, stopped: { kind: "interrupted" } });
});

test("a full disk stops the job cleanly, and the same job does the rest", async () => {
  const { open } = await import("node:fs/promises");
  let written = 0;
  const result = await runJob(
    options({
      run: async (unit) => rowsOf(unit),
      disk: {
        interval: 0,
        openFile: async (path) => {
          const handle = await open(path, "ax");
          return {
            writeFile: async (data) => {
              written += (data as Buffer).length;
              if (written > 6000)
                throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
              await handle.writeFile(data);
            },
            datasync: () => handle.datasync(),
            close: () => handle.close(),
          };
        },
      },
      concurrency: 2,
    }),
  );
  expect(result.stopped).toMatchObject({ kind: "disk", message: expect.stringContaining("ENOSPC") });
  expect(result.done).toBeLessThan(40);
  const rest = await runJob(options({ run: async (unit) => rowsOf(unit) }));
  expect(rest.before + rest.done).toBe(40);
  expect(rest.before).toBe(result.done);
  expect(await contentOf(join(folder, "run"))).toEqual(linesOf(draws(5, 8).flatMap(rowsOf)));
});
