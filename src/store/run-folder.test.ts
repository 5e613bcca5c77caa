import { appendFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { countRow, likelihoodRow, outcomeRow, responseRow } from "../../test/rows.ts";
import { randomGenerator } from "../numeric/index.ts";
import type { Row } from "../record/index.ts";
import { openDatabase } from "./database.ts";
import { Ledger } from "./ledger.ts";
import { readRun, writeParts } from "./row-parts.ts";
import { runCounts } from "./run-counts.ts";
import {
  appendJournal,
  forgetUnits,
  isRunFolder,
  openRunFolder,
  readJournal,
  readRunDescription,
} from "./run-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-run-"));
});
afterEach(() => rm(folder, { recursive: true }));

const description = { software: { lmcov: "0" }, command: ["import", "log.jsonl"] };
const entry = (unit: string, parts: string[]) => ({
  unit,
  input: "log.jsonl",
  importer: "table",
  parts,
  rows: 1,
  rejected: 0,
  notes: [],
  drops: [],
});

async function* batchesOf(...batches: Row[][]): AsyncGenerator<Row[]> {
  yield* batches;
}

async function allRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRun(folder)) rows.push(...batch);
  return rows;
}

const rows: Row[] = [
  responseRow({
    problem: "p'\"",
    draw: 0,
    text: "line 1\nline 2 \u0000 é 𝔘",
    prompt: "?",
    target: "4",
    seed: 7,
  }),
  outcomeRow({
    problem: "p'\"",
    draw: 0,
    verdict: "correct",
    score: 1,
    answer: "4",
    fingerprint: 4294967295,
  }),
  outcomeRow({ problem: "q", draw: 12, verdict: "unscored", reason: "timeout", step: 1000 }),
  countRow({
    problem: "r",
    n: 50_048,
    correct: 43,
    stopping: { kind: "successes", successes: 2, cap: 50_048 },
    trainingTokens: 3e11,
  }),
  likelihoodRow({
    problem: "s",
    answer: "42",
    fingerprint: 7,
    drawnBy: "teacher",
    role: "draw",
    logProbability: -Infinity,
    tokenLogProbabilities: [-1.5, -Infinity],
    tokens: [" é\n", ""],
  }),
];

describe("a run folder", () => {
  test("reads parts of a version whose likelihoods had no texts of tokens", async () => {
    await openRunFolder(folder, description);
    const written = likelihoodRow({ problem: "s", logProbability: -2, tokenLogProbabilities: [-2] });
    const { parts } = await writeParts(folder, "unit", batchesOf([written]));
    const path = join(folder, parts[0] ?? "");
    const { connection, close } = await openDatabase();
    await connection.run(
      `COPY (SELECT * EXCLUDE tokens FROM read_parquet('${path}')) TO '${path}.old' (FORMAT parquet)`,
    );
    close();
    await rename(`${path}.old`, path);
    await appendJournal(folder, entry("unit", parts));
    expect(await allRows()).toEqual([written]);
  });

  test("begun by many at once is begun once, and none of them is refused", async () => {
    for (let round = 0; round < 10; round += 1) {
      const run = join(folder, `run ${round}`);
      await Promise.all(
        Array.from({ length: 12 }, (_, shard) =>
          openRunFolder(run, { ...description, command: ["sample", `--shard ${shard}`] }),
        ),
      );
      expect((await readRunDescription(run)).command[0]).toBe("sample");
      expect((await readdir(run)).sort()).toEqual([
        "counts",
        "journal",
        "likelihoods",
        "outcomes",
        "responses",
        "run.json",
      ]);
    }
  });

  test("gives back the rows that were written, of all four types", async () => {
    await openRunFolder(folder, description);
    const { parts, rows: written } = await writeParts(
      folder,
      "unit-1",
      batchesOf(rows.slice(0, 2), rows.slice(2)),
    );
    await appendJournal(folder, entry("unit-1", parts));
    expect(written).toBe(rows.length);
    const read = await allRows();
    expect(read).toHaveLength(rows.length);
    expect(read).toEqual(expect.arrayContaining(rows));
  });

  test("whose creation was cut short is created again, and a folder with anything else is left alone", async () => {
    await mkdir(join(folder, "journal"));
    await mkdir(join(folder, "outcomes"));
    await writeFile(join(folder, "run.json.0a1b-2c.tmp"), "{");
    await openRunFolder(folder, description);
    expect(isRunFolder(folder)).toBe(true);
    const other = join(folder, "other");
    await mkdir(join(other, "journal"), { recursive: true });
    await writeFile(join(other, "notes.txt"), "mine");
    await expect(openRunFolder(other, description)).rejects.toThrow(/is not empty and not a run folder/);
  });

  test("forgets units that will be done again, with their parts, and keeps the others", async () => {
    await openRunFolder(folder, description);
    for (const unit of ["probe-5", "probe-10"]) {
      const row = outcomeRow({ problem: unit, draw: 0, verdict: "correct" });
      const { parts } = await writeParts(folder, unit, batchesOf([row]));
      await appendJournal(folder, entry(unit, parts));
    }
    await forgetUnits(folder, (unit) => unit === "probe-10");
    await openRunFolder(folder, description);
    expect((await readJournal(folder)).map(({ unit }) => unit)).toEqual(["probe-5"]);
    expect((await allRows()).map(({ problem }) => problem)).toEqual(["probe-5"]);
    expect(await readdir(join(folder, "outcomes"))).toEqual(["probe-5-0.parquet"]);
  });

  test("many rows pass through several parts in order", async () => {
    await openRunFolder(folder, description);
    const many = Array.from({ length: 5000 }, (_, draw) =>
      outcomeRow({ problem: "p", draw, verdict: "correct" }),
    );
    const { parts } = await writeParts(folder, "u", batchesOf(many.slice(0, 3000), many.slice(3000)));
    await appendJournal(folder, entry("u", parts));
    expect((await allRows()).map((row) => (row.kind === "outcome" ? row.draw : -1))).toEqual(
      many.map((row) => row.draw),
    );
  });

  test("counted by SQL, the outcomes give the ledger what their rows give it", async () => {
    await openRunFolder(folder, description);
    const generator = randomGenerator("run counts");
    const many = Array.from({ length: 3000 }, (_, index) =>
      outcomeRow({
        problem: `p${index % 7}`,
        draw: Math.floor(index / 14),
        drawSet: index % 14 < 7 ? "a" : "b",
        verdict: (["correct", "incorrect", "unscored"] as const)[generator.integer(3)] ?? "correct",
        ...(index % 2 === 0 && { step: 100 }),
      }),
    );
    const { parts } = await writeParts(folder, "u", batchesOf(many));
    await appendJournal(folder, entry("u", parts));
    const byRows = new Ledger();
    byRows.add(many);
    const bySql = new Ledger();
    bySql.add((await runCounts(folder)) ?? []);
    expect(bySql.groups()).toEqual(byRows.groups());
  });

  test("rewards read by SQL are those of the rows, wherever a draw has one", async () => {
    await openRunFolder(folder, description);
    const generator = randomGenerator("run rewards");
    const many = Array.from({ length: 3000 }, (_, index) =>
      outcomeRow({
        problem: `p${index % 7}`,
        draw: Math.floor(index / 7),
        verdict: (["correct", "incorrect", "unscored"] as const)[generator.integer(3)] ?? "correct",
        ...(generator.integer(5) > 0 && index % 7 !== 6 && { reward: generator.normal() }),
        ...(generator.integer(4) === 0 && { gold: generator.uniform() }),
        ...(generator.integer(2) === 0 && { answer: String(generator.integer(9)) }),
        ...(index % 7 === 0 && { step: 100 }),
      }),
    );
    const { parts } = await writeParts(folder, "u", batchesOf(many.slice(0, 1500), many.slice(1500)));
    await appendJournal(folder, entry("u", parts));
    const byRows = new Ledger({ keepRewards: true });
    byRows.add(many);
    const bySql = new Ledger({ keepRewards: true });
    bySql.add((await runCounts(folder, { rewards: true })) ?? []);
    expect(bySql.groups()).toEqual(byRows.groups());
    expect(bySql.groups()[0]?.problems[0]?.rewarded?.rewards.length).toBeGreaterThan(100);
    const plain = (await runCounts(folder)) ?? [];
    expect(plain.some((count) => "rewarded" in count)).toBe(false);
  });

  test("a draw that occurs twice is left to its rows, which tell a repetition from a contradiction", async () => {
    await openRunFolder(folder, description);
    const row = outcomeRow({ problem: "p", draw: 0, verdict: "correct" });
    const { parts } = await writeParts(folder, "u", batchesOf([row, row]));
    await appendJournal(folder, entry("u", parts));
    expect(await runCounts(folder)).toBeUndefined();
  });

  test("a part that the journal does not name is ignored, and removed by the next writer", async () => {
    await openRunFolder(folder, description);
    await writeParts(folder, "crashed", batchesOf(rows));
    await writeFile(join(folder, "outcomes", "half.parquet.tmp"), "half");
    expect(await allRows()).toEqual([]);
    await openRunFolder(folder, description);
    expect(await readdir(join(folder, "outcomes"))).toEqual([]);
  });

  test("a journal line cut by a crash is a unit that did not finish, and later entries stand", async () => {
    await openRunFolder(folder, description);
    await appendJournal(folder, entry("a", []));
    await appendFile(join(folder, "journal", "import.jsonl"), '{"unit":"b","inp');
    expect((await readJournal(folder)).map(({ unit }) => unit)).toEqual(["a"]);
    await appendJournal(folder, entry("c", []));
    expect((await readJournal(folder)).map(({ unit }) => unit).filter((unit) => unit !== "")).toEqual([
      "a",
      "c",
    ]);
  });

  test("a folder that holds something else is refused and left alone", async () => {
    await writeFile(join(folder, "thesis.tex"), "precious");
    await expect(openRunFolder(folder, description)).rejects.toThrow("not empty and not a run folder");
    expect(isRunFolder(folder)).toBe(false);
    expect(await readdir(folder)).toEqual(["thesis.tex"]);
  });

  test("a damaged part and a damaged run.json give one clear sentence", async () => {
    await openRunFolder(folder, description);
    await writeFile(join(folder, "counts", "bad.parquet"), "PAR1 not really");
    await appendJournal(folder, entry("x", ["counts/bad.parquet"]));
    await expect(allRows()).rejects.toThrow(/bad\.parquet: is not a part that this version reads/);
    await writeFile(join(folder, "run.json"), '{"schema":"other"}');
    await expect(openRunFolder(folder, description)).rejects.toThrow("is not a run of schema lmcov/run@1");
  });

  test("a journal that names a part outside the run is refused", async () => {
    await openRunFolder(folder, description);
    await appendJournal(folder, entry("x", ["../../etc/passwd"]));
    await expect(readJournal(folder)).rejects.toThrow("is not a journal entry");
  });
});
