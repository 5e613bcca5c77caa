/** Figure 1 as recorded: its checkpoints score as recorded, and the README's numbers come out of the record. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRecord } from "../src/cli/reproduce-record.ts";
import { scoredSets } from "../src/cli/reproduce-score.ts";
import { figureOneData } from "../src/reproduce/figure-one-data.ts";
import { klDifference } from "../src/reproduce/figure-one-differences.ts";
import { type FigureRecord, type FigureResult, type FigureRow, figureNamed } from "../src/reproduce/index.ts";
import { type Executor, onnxruntimeExecutor } from "../src/tensor/index.ts";

const folder = fileURLToPath(new URL("../experiments/figure-1", import.meta.url));
const figure = figureNamed("figure-1");
const plan = figure.plan({ scale: "laptop", seeds: [1] });
const sets = new Map<string, readonly FigureRow[]>(plan.files.map(({ path, rows }) => [path, [...rows()]]));
const files = ["evaluation.jsonl", "selection.jsonl"];

let executor: Executor | undefined;
let record: FigureRecord;
beforeAll(async () => {
  ({ record } = await readRecord(folder, figure));
  executor = await onnxruntimeExecutor({ threads: 1 }).catch((error: Error) => {
    if (error.name !== "InputError") throw error;
    return undefined;
  });
});
afterAll(() => executor?.release());

const recordedAt = (step: number, path: string) =>
  record.scores.find((score) => score.seed === 1 && score.step === step && score.path === path)!
    .logProbabilities;

/** Within the classes of the evaluation set, weighted as fine-tuning weighs them: .9 and .1. */
function mixtureMean(values: readonly number[]): number {
  const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
  const half = values.length / 2;
  return 0.9 * mean(values.slice(0, half)) + 0.1 * mean(values.slice(half));
}

describe("the recorded checkpoints of figure 1", () => {
  test("the prompts in the folder are those that the plan draws", () => {
    const lines = readFileSync(join(folder, "evaluation.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(sets.get("evaluation.jsonl"));
    const classes = sets.get("evaluation.jsonl")!.map((row) => row.class);
    expect(record.sets.find(({ path }) => path === "evaluation.jsonl")?.classes).toEqual(classes);
  });

  test.for([
    { step: 50, numbers: [0.9348, 0.9539, 0.9791] },
    { step: 400, numbers: [0.5929, 0.9256, 0.9338] },
  ])(
    "step $step gives every response its recorded log-probability",
    { timeout: 120_000 },
    async ({ step, numbers }, context) => {
      if (executor === undefined) return context.skip("onnxruntime-node is not installed");
      const checkpoint = join(folder, "checkpoints", `step-${String(step).padStart(8, "0")}`);
      const scored = await scoredSets(checkpoint, { files }, { sets, executor });
      for (const path of files) {
        const recorded = recordedAt(step, path);
        expect(scored[path]!.length).toBe(recorded.length);
        // Other processors round float32 otherwise.
        const apart = recorded.map((value, row) => Math.abs(value - scored[path]![row]!));
        expect(Math.max(...apart)).toBeLessThan(1e-3);
      }
      const own = scored["evaluation.jsonl"]!;
      const passAt = (n: number) => mixtureMean(own.map((value) => 1 - (1 - Math.exp(value)) ** n));
      const found = [mixtureMean(own.map((value) => -value)), passAt(8), passAt(12)];
      found.forEach((value, index) => {
        expect(Math.abs(value - numbers[index]!)).toBeLessThan(2e-4);
      });
    },
  );
});

describe("what the README says about figure 1", () => {
  const readme = readFileSync(join(folder, "..", "README.md"), "utf8");
  const tableOf = (id: string) => {
    const found = result.tables.find((table) => table.id === id);
    if (found === undefined) throw new Error(`no table ${id}`);
    return found.table.rows;
  };
  let result: FigureResult;
  beforeAll(() => {
    result = figure.result(record);
  });

  test("masses of the pre-trained model and of the least cross-entropy are the record's", () => {
    const shown = (value: number) => value.toFixed(3).slice(1);
    for (const [title, place] of [
      ["pre-trained", "start"],
      ["least cross-entropy", "least cross-entropy"],
    ]) {
      const rows = tableOf("gap-to-the-anchors").filter((row) => row.place === place);
      expect(rows.length).toBe(3);
      const ranges = ["first", "second", "mixed", "invalid"].map((key) => {
        const values = rows.map((row) => row[key] as number);
        return `${shown(Math.min(...values))}–${shown(Math.max(...values))}`;
      });
      expect(readme).toContain(`| ${title} | ${ranges.join(" | ")} |`);
    }
    const ideal = tableOf("gap-to-the-anchors")
      .filter((row) => row.place === "least cross-entropy")
      .map((row) => Number(row.ideal).toFixed(2));
    expect([Math.min(...ideal.map(Number)), Math.max(...ideal.map(Number))]).toEqual([0.34, 0.35]);
  });

  test("in how many seeds Cov_N falls and rises outside its intervals", () => {
    const lowerOf = (interval: unknown) => Number(String(interval).split(" … ")[0]!.replace("−", "-"));
    const counts = (n: string) => {
      const rows = tableOf("turns").filter((row) => row.n === n && row.seed !== "mean");
      const outside = (key: string) => rows.filter((row) => lowerOf(row[key]) > 0).length;
      const both = rows.filter((row) => lowerOf(row.fallInterval) > 0 && lowerOf(row.riseInterval) > 0);
      return [outside("fallInterval"), outside("riseInterval"), both.length];
    };
    expect(counts("4.6")).toEqual([3, 3, 3]);
    expect(["5.7", "6", "8"].map((n) => counts(n).slice(0, 2))).toEqual([
      [2, 3],
      [1, 3],
      [0, 3],
    ]);
    expect(["2", "3", "4"].map((n) => counts(n)[1])).toEqual([0, 0, 1]);
    expect(["4", "5.7", "6", "8", "16"].every((n) => counts(n)[2]! < 3)).toBe(true);
  });

  test("no rise of KL lies outside its own 95% interval", () => {
    const rises = figureOneData(record).flatMap(({ seed, checkpoints }) =>
      checkpoints.slice(1).flatMap((left, index) => {
        const change = klDifference({ left, right: checkpoints[index]! });
        return change.estimate > 0 ? [{ seed, ...change }] : [];
      }),
    );
    expect(rises.length).toBe(5);
    expect(rises.filter(({ lower }) => lower > 0)).toEqual([]);
  });
});
