/** Jobs as their callers see them: units in, rows of the run folder out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type DrawSeries,
  type JobOptions,
  runJob,
  seriesName,
  systemClock,
  type Unit,
  unitKey,
} from "../../src/job/index.ts";
import type { Outcome, Row } from "../../src/record/index.ts";
import { Ledger, readRun, runCounts } from "../../src/store/index.ts";
import { outcomeRow } from "../rows.ts";

interface Draw extends Unit {
  readonly problem: string;
  readonly draw: number;
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-job-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function draws(problems: number, n: number): Draw[] {
  return Array.from({ length: problems * n }, (_, index) => {
    const [problem, draw] = [`p${index % problems}`, Math.floor(index / problems)];
    return { key: unitKey({ model: "m", promptHash: problem, samplingHash: "", draw }), problem, draw };
  });
}

const rowOf = ({ problem, draw }: Draw): Row =>
  outcomeRow({ problem, draw, verdict: draw % 3 === 0 ? "correct" : "incorrect" });

function options(change: Partial<JobOptions<Draw>> & { units?: Iterable<Draw> }): JobOptions<Draw> {
  const { units = draws(5, 10), ...rest } = change;
  return {
    folder: join(folder, "run"),
    description: { software: {}, command: ["test"] },
    lanes: [{ name: "server", units }],
    run: async (unit) => [rowOf(unit)],
    clock: systemClock(() => performance.now()),
    signal: new AbortController().signal,
    ...rest,
  };
}

async function drawsIn(): Promise<string[]> {
  const found: string[] = [];
  for await (const rows of readRun(join(folder, "run"))) {
    for (const row of rows) if (row.kind === "outcome") found.push(`${row.problem}/${row.draw}`);
  }
  return found.sort();
}

const namesOf = (units: readonly Draw[]) => units.map(({ problem, draw }) => `${problem}/${draw}`).sort();

test("every unit is in the run folder once, and running again does nothing", async () => {
  const first = await runJob(options({}));
  expect(first).toMatchObject({ done: 50, before: 0, failed: 0 });
  const again = await runJob(options({ run: () => Promise.reject(new Error("called")) }));
  expect(again).toMatchObject({ done: 0, before: 50, failed: 0 });
  expect(await drawsIn()).toEqual(namesOf(draws(5, 10)));
  expect(await runCounts(join(folder, "run"))).toMatchObject(
    Array.from({ length: 5 }, () => ({ n: 10, correct: 4 })),
  );
});

test("a job that is interrupted goes on with the rest", async () => {
  const stop = new AbortController();
  let called = 0;
  const run = async (unit: Draw) => {
    called += 1;
    if (called === 20) stop.abort();
    return [rowOf(unit)];
  };
  const first = await runJob(options({ run, signal: stop.signal }));
  expect(first.stopped?.kind).toBe("interrupted");
  const second = await runJob(options({}));
  expect(first.done + second.done).toBe(50);
  expect(second.before).toBe(first.done);
  expect(await drawsIn()).toEqual(namesOf(draws(5, 10)));
});

const series = (problems: number): DrawSeries<Draw>[] =>
  Array.from({ length: problems }, (_, index) => ({
    name: seriesName(rowOf({ key: "", problem: `p${index}`, draw: 0 }) as Outcome),
    unit: (draw) => ({
      key: unitKey({ model: "m", promptHash: `p${index}`, samplingHash: "", draw }),
      problem: `p${index}`,
      draw,
    }),
  }));

test("a problem ends at its second success, whatever order the answers come in and however often the job is cut", async () => {
  const stopping = { kind: "successes", successes: 2, cap: 12 } as const;
  // Problem i succeeds at draws i, 2i + 1, …: p0 at 0 and 1, p9 at 9 only.
  const isRight = ({ problem, draw }: Draw) => (draw + 1) % (Number(problem.slice(1)) + 1) === 0;
  const run = async (unit: Draw) => {
    // Late draws answer first.
    await new Promise((resolve) => setTimeout(resolve, (13 - unit.draw) * 2));
    return [outcomeRow({ ...unit, verdict: isRight(unit) ? "correct" : "incorrect" })];
  };
  const job = (signal: AbortSignal) =>
    runJob(
      options({
        description: { software: {}, command: ["test"], stopping },
        lanes: [{ name: "server", series: series(10) }],
        stopAt: stopping,
        concurrency: { least: 32, start: 32, most: 32 },
        run,
        signal,
      }),
    );
  for (const milliseconds of [20, 40, 60]) {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), milliseconds);
    await job(stop.signal);
  }
  await job(new AbortController().signal);
  const expected: string[] = [];
  for (let problem = 0; problem < 10; problem++) {
    const last = Math.min(12, 2 * (problem + 1));
    for (let draw = 0; draw < last; draw++) expected.push(`p${problem}/${draw}`);
  }
  expect(await drawsIn()).toEqual(expected.sort());
  // The counts carry the rule that estimators need, problem by problem: p9 met the cap with one success.
  const rules = new Map<string, unknown>();
  for (const row of (await runCounts(join(folder, "run"))) ?? []) {
    if (row.kind === "count")
      rules.set(row.problem, { n: row.n, correct: row.correct, stopping: row.stopping });
  }
  expect(rules.get("p1")).toEqual({ n: 4, correct: 2, stopping });
  expect(rules.get("p9")).toEqual({ n: 12, correct: 1, stopping });
  const ledger = new Ledger();
  for await (const rows of readRun(join(folder, "run"))) ledger.add(rows, stopping);
  const problems = ledger.groups()[0]?.problems ?? [];
  expect(
    problems.map(({ problem, n, correct, stopping: rule }) => [problem, { n, correct, stopping: rule }]),
  ).toEqual(expect.arrayContaining([...rules]));
  await expect(runJob(options({}))).rejects.toThrow(
    /was begun with --stop-at 2, cap 12 and not with no --stop-at/,
  );
});

test("with a stopping rule too, a job ends where every draw fails in a way that one success would excuse", async () => {
  const refusal = Object.assign(new Error("no echo"), { fault: "refused", retryable: false });
  const result = await runJob(
    options({
      description: {
        software: {},
        command: ["test"],
        stopping: { kind: "successes", successes: 1, cap: 4 },
      },
      lanes: [{ name: "server", series: series(2) }],
      stopAt: { successes: 1, cap: 4 },
      furthestAhead: 1,
      run: () => Promise.reject(refusal),
    }),
  );
  expect(result).toMatchObject({ done: 0, failed: 8, failures: { refused: 8 } });
});
