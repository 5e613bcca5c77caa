import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { responseRow } from "../../test/rows.ts";
import { shortHash } from "../record/index.ts";
import { UnitStore } from "../store/index.ts";
import { ImportTally } from "./import-tally.ts";
import { type InputOptions, promptRecords, responseRecords } from "./model-input.ts";

const pairs = [
  { id: "a", prompt: "1 + 1 =", response: " 2", target: "2" },
  { id: "b", prompt: "2, or 3?", response: ' "both"', target: "3" },
];
const folder = mkdtempSync(join(tmpdir(), "lmcov-"));

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const options = (map: InputOptions["map"] = {}): InputOptions => ({ map, tally: new ImportTally() });

function jsonLines(): string {
  const path = join(folder, "pairs.jsonl");
  writeFileSync(path, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  return path;
}

async function converted(name: string, columns = "*"): Promise<string> {
  const path = join(folder, name);
  const format = name.endsWith(".csv") ? "csv" : "parquet";
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(
    `COPY (SELECT ${columns} FROM read_json_auto('${jsonLines()}')) TO '${path}' (FORMAT ${format})`,
  );
  return path;
}

describe.each(["pairs.jsonl", "pairs.csv", "pairs.parquet"])("%s", (name) => {
  const written = () => (name.endsWith(".jsonl") ? Promise.resolve(jsonLines()) : converted(name));

  test("gives each response with its prompt and its id", async () => {
    const records = await all(responseRecords([await written()], options()));
    expect(records.map(({ id, prompt, response }) => ({ id, prompt, response }))).toEqual(
      pairs.map(({ id, prompt, response }) => ({ id, prompt: { text: prompt }, response })),
    );
  });

  test("gives prompts with their targets", async () => {
    const records = await all(promptRecords([await written()], options()));
    expect(records.map(({ id, prompt, target }) => ({ id, prompt, target }))).toEqual(
      pairs.map(({ id, prompt, target }) => ({ id, prompt: { text: prompt }, target })),
    );
  });
});

test("columns of other names are taken as --map says", async () => {
  const path = await converted("mapped.parquet", "id, prompt AS asked, response AS said");
  const records = await all(responseRecords([path], options({ prompt: "asked", response: "said" })));
  expect(records.map(({ response }) => response)).toEqual([" 2", ' "both"']);
  await expect(all(promptRecords([path], options()))).rejects.toThrow(/mapped\.parquet.*prompt/);
});

test("what is no table is refused by name", async () => {
  const path = join(folder, "noise.bin");
  writeFileSync(path, Buffer.from([1, 2, 0, 3]));
  await expect(all(promptRecords([path], options()))).rejects.toThrow(
    /noise\.bin: is neither JSON lines, a JSON array, an object, CSV nor Parquet/,
  );
});

test("draws of a run's checkpoints are told apart by step: their numbers are each checkpoint's own", async () => {
  const run = join(folder, "run");
  const description = { software: {}, command: ["test"] };
  const store = await UnitStore.open({ folder: run, description, writer: { kind: "sole" } });
  for (const step of [10, 20]) {
    const row = responseRow({ problem: "p", draw: 0, step, prompt: "1 + 1 =", text: `step ${step}` });
    await store.add({ key: shortHash(`${step}`), rows: [row] });
  }
  await store.close();
  const records = await all(responseRecords([run], options()));
  expect(records.map(({ response, drawnBy, draw }) => ({ response, drawnBy, draw }))).toEqual([
    { response: "step 10", drawnBy: "model-a, step 10", draw: 0 },
    { response: "step 20", drawnBy: "model-a, step 20", draw: 0 },
  ]);
});
