import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { likelihoodRow, outcomeRow, responseRow } from "../../test/rows.ts";
import { type Row, shortHash } from "../record/index.ts";
import { readRun } from "./row-parts.ts";
import { runCounts } from "./run-counts.ts";
import type { SegmentFile } from "./segment-writer.ts";
import { compactUnits } from "./unit-compaction.ts";
import { UnitKeySet } from "./unit-key-set.ts";
import { type UnitRecord, unitLine, unitOfLine } from "./unit-record.ts";
import { failedUnits } from "./unit-segments.ts";
import { UnitStore, type UnitStoreOptions } from "./unit-store.ts";

let folder = "";
let run = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmcov-units-"));
  run = join(folder, "run");
});
afterEach(() => rmSync(folder, { recursive: true }));

const keyOf = (name: string | number) => shortHash(String(name));
const record = (draw: number): UnitRecord => ({
  key: keyOf(draw),
  rows: [
    responseRow({ problem: "p", draw, text: `ünït\n${draw} \u2028` }),
    outcomeRow({ problem: "p", draw, verdict: draw % 2 === 0 ? "correct" : "incorrect" }),
  ],
});

const openStore = (change: Partial<UnitStoreOptions> = {}) =>
  UnitStore.open({
    folder: run,
    description: { software: {}, command: ["test"] },
    writer: { kind: "sole" },
    interval: 0,
    ...change,
  });

async function drawsOf(kind: Row["kind"] = "outcome"): Promise<number[]> {
  const draws: number[] = [];
  for await (const rows of readRun(run)) {
    for (const row of rows) if (row.kind === kind && row.kind !== "count") draws.push(row.draw);
  }
  return draws.sort((left, right) => left - right);
}

const units = () => join(run, "journal", "units");
const segments = () => readdirSync(units()).filter((name) => /^[^.]+\.\d+\.jsonl$/.test(name));

describe("finished units", () => {
  test("are read before they are compacted as after it, by rows and by counts", async () => {
    const store = await openStore();
    await Promise.all([0, 1, 2, 3, 4].map((draw) => store.add(record(draw))));
    const before = [await drawsOf(), await drawsOf("response"), await runCounts(run)];
    expect(before[0]).toEqual([0, 1, 2, 3, 4]);
    expect(before[2]).toMatchObject([{ n: 5, correct: 3, unscored: 0 }]);
    await store.close();
    expect(segments()).toEqual([]);
    expect([await drawsOf(), await drawsOf("response"), await runCounts(run)]).toEqual(before);
  });

  test("of a store opened again are known", async () => {
    const first = await openStore();
    await first.add(record(0));
    await first.close();
    const second = await openStore();
    await second.add(record(1));
    await second.abandon();
    const third = await openStore();
    expect([0, 1, 2].map((draw) => third.take(keyOf(draw)))).toEqual([false, false, true]);
    expect(third.finished).toBe(2);
    await third.close();
  });

  test("that two writers finished count once", async () => {
    const store = await openStore();
    await store.add(record(0));
    const worker = await openStore({ writer: { kind: "worker", name: "w" } });
    await worker.add({ ...record(0), rows: [outcomeRow({ problem: "p", draw: 0, verdict: "incorrect" })] });
    await worker.add(record(1));
    expect(await drawsOf()).toEqual([0, 1]);
    expect(await runCounts(run)).toMatchObject([{ n: 2, correct: 1 }]);
    await worker.abandon();
    await store.close();
    expect(await drawsOf()).toEqual([0, 1]);
    expect(segments()).toEqual([]);
  });

  test("that failed stand as what they are until they succeed", async () => {
    const failure = {
      key: keyOf(0),
      rows: [outcomeRow({ problem: "p", draw: 0, verdict: "unscored" as const, reason: "time-out" })],
      failed: { kind: "time-out", reason: "no answer" },
    };
    const first = await openStore();
    await first.add(failure);
    await first.add(record(1));
    expect(await runCounts(run)).toMatchObject([{ n: 1, unscored: 1 }]);
    await first.close();
    expect(await runCounts(run)).toMatchObject([{ n: 1, unscored: 1 }]);
    expect(await failedUnits(run)).toEqual(new Map([["time-out", 1]]));
    const second = await openStore();
    expect(second.failed.get(keyOf(0))).toEqual({ kind: "time-out", reason: "no answer" });
    await second.add(record(0));
    expect(await runCounts(run)).toMatchObject([{ n: 2, unscored: 0 }]);
    await second.close();
    expect(await runCounts(run)).toMatchObject([{ n: 2, unscored: 0 }]);
    expect(await failedUnits(run)).toEqual(new Map());
    expect(await drawsOf()).toEqual([0, 1]);
  });

  test("keep infinite log-probabilities", () => {
    const row = likelihoodRow({
      problem: "p",
      logProbability: Number.NEGATIVE_INFINITY,
      tokenLogProbabilities: [-1, Number.NEGATIVE_INFINITY],
    });
    const line = Buffer.from(unitLine({ key: keyOf(0), rows: [row] }));
    expect(unitOfLine(line.subarray(0, -1))?.rows).toEqual([row]);
  });
});

describe("a segment that a crash cut", () => {
  test("gives the whole units before the cut, at every byte", async () => {
    const store = await openStore();
    for (const draw of [0, 1, 2]) await store.add(record(draw));
    await store.abandon();
    const [name = ""] = segments();
    const path = join(units(), name);
    copyFileSync(path, join(folder, "whole"));
    const whole = readFileSync(path);
    const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a).map((at) => at + 1);
    for (let length = whole.length; length >= 0; length -= 1) {
      truncateSync(path, length);
      const kept = ends.filter((end) => end <= length).length;
      const opened = await openStore({ writer: { kind: "worker", name: `w${length}` } });
      expect(opened.finished, `cut at byte ${length}`).toBe(kept);
      await opened.abandon();
    }
  }, 120_000);

  test("loses no unit but those that the damage touches, whatever the damage", async () => {
    const store = await openStore();
    for (const draw of [0, 1, 2, 3]) await store.add(record(draw));
    await store.abandon();
    const [name = ""] = segments();
    const path = join(units(), name);
    const whole = readFileSync(path);
    const lines = whole.toString("latin1").split("\n").slice(0, -1);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length - 1 }),
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        async (at, noise) => {
          const damaged = Buffer.from(whole);
          damaged.set(noise.subarray(0, whole.length - at), at);
          writeFileSync(path, damaged);
          let start = 0;
          let untouched = 0;
          for (const line of lines) {
            const end = start + line.length + 1;
            if (
              damaged
                .subarray(Math.max(0, start - 1), end)
                .equals(whole.subarray(Math.max(0, start - 1), end))
            )
              untouched += 1;
            start = end;
          }
          const opened = await openStore({ writer: { kind: "worker", name: "w" } });
          const { finished } = opened;
          await opened.abandon();
          expect(finished).toBeGreaterThanOrEqual(untouched);
          expect(finished).toBeLessThanOrEqual(lines.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("may be longer than what was synced: zeros and rubbish at its end are no units, and later segments count", async () => {
    const store = await openStore();
    await store.add(record(0));
    await store.abandon();
    const path = join(units(), segments()[0] ?? "");
    writeFileSync(
      path,
      Buffer.concat([readFileSync(path), Buffer.alloc(5000), Buffer.from('\n1234 {"key"')]),
    );
    const next = await openStore();
    expect(next.finished).toBe(1);
    await next.add(record(1));
    await next.close();
    expect(await drawsOf()).toEqual([0, 1]);
  });
});

test("no unit is lost to a compaction that begins while the next segment does", async () => {
  for (let time = 1; time <= 8; time += 1) {
    const store = await openStore({ segmentBytes: 500 });
    const taken = store.finished;
    for (let number = 0; number < 25; number += 1) {
      await store.add({ key: (100 * time + number).toString(16).padStart(16, "0"), rows: [] });
    }
    await store.close();
    const again = await openStore();
    expect(again.finished).toBe(taken + 25);
    await again.close();
  }
});

describe("a compaction that a crash cut", () => {
  const steps = ["before its file", "before its segments are gone"] as const;

  test.each(steps)("%s neither loses nor doubles a unit", async (step) => {
    const store = await openStore();
    for (const draw of [0, 1, 2]) await store.add(record(draw));
    await store.abandon();
    const kept = segments().map((name) => ({ name, bytes: readFileSync(join(units(), name)) }));
    await compactUnits(run, { writer: "run", number: 900, isClosed: () => true });
    if (step === "before its file") rmSync(join(units(), "run.000900.compacted.jsonl"));
    for (const { name, bytes } of kept) writeFileSync(join(units(), name), bytes);
    expect(await drawsOf()).toEqual([0, 1, 2]);
    expect(await runCounts(run)).toMatchObject([{ n: 3 }]);
    const again = await openStore();
    expect(again.finished).toBe(3);
    await again.add(record(3));
    await again.close();
    expect(await drawsOf()).toEqual([0, 1, 2, 3]);
    expect(segments()).toEqual([]);
    // The parts that the crash left over are gone: as many are there as the run counts.
    expect(readdirSync(join(run, "outcomes")).length).toBe(step === "before its file" ? 1 : 2);
  });

  test("a reader that began before it reads on what it was reading", async () => {
    const store = await openStore();
    for (let draw = 0; draw < 50; draw += 1) await store.add(record(draw));
    await store.abandon();
    const rows: Row[] = [];
    for await (const batch of readRun(run)) {
      if (rows.length === 0) await compactUnits(run, { writer: "run", number: 900, isClosed: () => true });
      rows.push(...batch);
    }
    expect(rows).toHaveLength(100);
  });
});

describe("a disk that is full", () => {
  /** Takes so many bytes, then fails as a full disk does: some of the line may be there. */
  const fullAfter =
    (bytes: number) =>
    async (path: string): Promise<SegmentFile> => {
      const handle = await open(path, "ax");
      let left = bytes;
      return {
        async writeFile(data) {
          const buffer = data as Buffer;
          const part = buffer.subarray(0, Math.max(0, left));
          await handle.writeFile(part);
          left -= buffer.length;
          if (left < 0)
            throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        },
        datasync: () => handle.datasync(),
        close: () => handle.close(),
      };
    };

  test("rejects what is not on disk, counts what is, and nothing by half", async () => {
    const store = await openStore({ openFile: fullAfter(2500) });
    const results: boolean[] = [];
    for (let draw = 0; draw < 10; draw += 1) {
      results.push(
        await store.add(record(draw)).then(
          () => true,
          (error: Error) => {
            expect(error).toMatchObject({ name: "DiskError", code: "ENOSPC" });
            return false;
          },
        ),
      );
    }
    await store.abandon();
    const acknowledged = results.filter((result) => result).length;
    expect(acknowledged).toBeGreaterThan(0);
    expect(acknowledged).toBeLessThan(10);
    expect(results.lastIndexOf(true)).toBe(acknowledged - 1);
    const next = await openStore();
    expect(next.finished).toBe(acknowledged);
    for (let draw = 0; draw < 10; draw += 1) if (next.take(keyOf(draw))) await next.add(record(draw));
    await next.close();
    expect(await drawsOf()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a sync that fails once is not taken back by one that succeeds", async () => {
    let syncs = 0;
    const store = await openStore({
      openFile: async (path) => {
        const handle = await open(path, "ax");
        return {
          writeFile: (data) => handle.writeFile(data),
          datasync: async () => {
            syncs += 1;
            if (syncs === 1) throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
          },
          close: () => handle.close(),
        };
      },
    });
    await expect(store.add(record(0))).rejects.toThrow("EIO");
    await expect(store.add(record(1))).rejects.toThrow("EIO");
    expect(syncs).toBe(1);
    await store.abandon();
  });
});

describe("two processes", () => {
  test("do not write one run folder at once, and the message names the other", async () => {
    const store = await openStore();
    await expect(openStore()).rejects.toThrow(
      new RegExp(`process ${process.pid} on ${hostname()} is working in this run folder`),
    );
    await store.close();
    await (await openStore()).close();
  });

  test("a lock whose process is gone is taken over, also where its number lives on in another process", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", "console.log(process.pid)"]);
    await (await openStore()).close();
    const lock = join(units(), "run.lock");
    const content = { token: "t", host: hostname(), started: "1" };
    for (const id of [Number(stdout), process.pid]) {
      writeFileSync(lock, JSON.stringify({ ...content, process: id }));
      await (await openStore()).close();
      expect(existsSync(lock)).toBe(false);
    }
  });

  test("shards of one division work side by side, another division waits", async () => {
    const shard = (index: number, count: number) => openStore({ writer: { kind: "shard", index, count } });
    const [one, two] = [await shard(1, 2), await shard(2, 2)];
    await Promise.all([one.add(record(0)), two.add(record(1))]);
    await expect(shard(1, 2)).rejects.toThrow(/is working in this run folder/);
    await expect(shard(1, 3)).rejects.toThrow(/another division/);
    await expect(openStore()).rejects.toThrow(/another division/);
    await one.close();
    await two.close();
    expect(await drawsOf()).toEqual([0, 1]);
  });
});

test("a key set holds what was added and nothing else", () => {
  const set = new UnitKeySet();
  const keys = Array.from({ length: 5000 }, (_, index) => keyOf(index));
  for (const key of [...keys, "0000000000000000"]) {
    expect(set.has(key)).toBe(false);
    expect(set.add(key)).toBe(true);
    expect(set.add(key)).toBe(false);
  }
  expect(set.size).toBe(5001);
  expect(keys.every((key) => set.has(key))).toBe(true);
  expect(Array.from({ length: 5000 }, (_, index) => set.has(keyOf(`x${index}`)))).not.toContain(true);
});
