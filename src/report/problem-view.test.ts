import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { analyseTasks } from "./analysis.ts";
import type { ModelCounts } from "./model-counts.ts";
import type { PackedPart } from "./page-report.ts";
import type { ProblemView, ShownProblem } from "./problem-view.ts";
import { columnBytes, viewsFromBytes } from "./problem-view-columns.ts";
import { problemView } from "./problem-view-counts.ts";
import { packedProblems } from "./problem-view-packing.ts";
import { problemViewTable, reach } from "./problem-view-table.ts";

const fixed = { kind: "fixed" } as const;
const counted = (label: string, counts: Record<string, [number, number]>): ModelCounts => ({
  label,
  model: label,
  task: "arithmetic",
  sampling: {},
  verifier: "exact",
  unscoredProblems: [],
  problems: Object.entries(counts).map(([problem, [draws, correct]]) => ({
    problem,
    draws,
    correct,
    unscored: 0,
    stopping: fixed,
  })),
});

const small = problemView(
  analyseTasks(
    [counted("weak", { a: [10, 1], b: [10, 0] }), counted("strong", { b: [10, 9], c: [10, 0], a: [10, 5] })],
    { level: 0.95, generator: randomGenerator("problem view") },
  )[0]!,
);

const unpacked = ({ data }: PackedPart): ProblemView[] =>
  viewsFromBytes(new Uint8Array(inflateRawSync(Buffer.from(data, "base64"))));

const response = (verdict: "correct" | "incorrect", text: string) => ({ model: 0, draw: 0, verdict, text });
const words = (key: string, length: number) => {
  const generator = randomGenerator(key);
  return Array.from({ length }, () => String.fromCharCode(33 + Math.floor(90 * generator.uniform()))).join(
    "",
  );
};

describe("problem view", () => {
  test("holds every model's counts, the best model first, and how many solved a problem", () => {
    expect(small.models).toEqual(["strong", "weak"]);
    expect(small.problems).toEqual(["b", "c", "a"]);
    expect(small.draws).toEqual([
      [10, 10, 10],
      [10, 0, 10],
    ]);
    expect(small.correct).toEqual([
      [9, 0, 5],
      [0, 0, 1],
    ]);
    expect(small.heldBy).toEqual([2, 1, 2]);
    expect(small.solvedBy).toEqual([1, 0, 2]);
  });

  test("has the Clopper–Pearson interval of every pair of counts", () => {
    expect(small.intervals.map(({ draws, correct }) => `${correct}/${draws}`).sort()).toEqual([
      "0/10",
      "1/10",
      "5/10",
      "9/10",
    ]);
    // No success of n: the upper end is 1 − (1 − level)/2 to the power 1/n.
    const none = small.intervals.find(({ correct }) => correct === 0);
    expect(none?.upper).toBeCloseTo(1 - 0.025 ** (1 / 10), 12);
  });

  test("comes back from its bytes, whatever the counts", () => {
    const count = fc.oneof(fc.nat(255), fc.nat(65_535), fc.nat(2 ** 31));
    const views = fc.array(
      fc.tuple(fc.nat(3), fc.nat(5)).chain(([models, problems]) =>
        fc.record({
          draws: fc.array(fc.array(count, { minLength: problems, maxLength: problems }), {
            minLength: models,
            maxLength: models,
          }),
          names: fc.array(fc.string({ unit: "binary" }), { minLength: problems, maxLength: problems }),
        }),
      ),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(views, (drawn) => {
        const made = drawn.map(({ draws, names }): ProblemView => {
          const correct = draws.map((column) => column.map((value) => Math.floor(value / 3)));
          return { ...small, draws, correct, problems: names };
        });
        expect(viewsFromBytes(columnBytes(made))).toEqual(made);
      }),
      { numRuns: 15, seed: 1 },
    );
  });
});

describe("packed problems", () => {
  const shown = (problem: number, length: number): ShownProblem => ({
    problem,
    prompt: "prompt",
    responses: [
      response("correct", words(`right ${problem}`, length)),
      response("correct", words(`right too ${problem}`, length)),
      response("incorrect", words(`wrong ${problem}`, length)),
      response("incorrect", words(`wrong too ${problem}`, length)),
    ],
  });

  test("lose nothing where there is room", () => {
    const view = { ...small, shown: [shown(0, 500), shown(2, 500)] };
    expect(unpacked(packedProblems([view], 1e6))).toEqual([view]);
  });

  test("hold one correct and one incorrect response of each problem before any second one, and say what is missing", () => {
    const problems = Array.from({ length: 60 }, (_, at) => `p${at}`);
    const zeros = problems.map(() => 0);
    const view = {
      ...small,
      problems,
      draws: [zeros],
      correct: [zeros],
      heldBy: zeros,
      solvedBy: zeros,
      shown: problems.map((_, at) => shown(at, 1000)),
    };
    const limit = 150_000;
    const packed = packedProblems([view], limit);
    expect(packed.data.length).toBeLessThanOrEqual(limit);
    expect(packed.data.length).toBeGreaterThan(0.6 * limit);
    const [found] = unpacked(packed);
    const kept = found!.shown.flatMap(({ responses }) => responses);
    const pairs = found!.shown.every(({ responses }) =>
      ["correct", "incorrect"].every((verdict) => responses.some((one) => one.verdict === verdict)),
    );
    expect(pairs).toBe(true);
    expect(found!.shown.length === 60 || kept.length === 2 * found!.shown.length).toBe(true);
    expect(found!.notes).toEqual([
      `${240 - kept.length} responses of the sample in report.json are left out of this file for its size.`,
    ]);
  });

  test("keep the counts of the first models where those of all do not fit", () => {
    const generator = randomGenerator("counts");
    const problems = Array.from({ length: 500 }, (_, at) => `p${at}`);
    const draws = Array.from({ length: 40 }, () => problems.map(() => 200));
    const correct = draws.map((column) => column.map(() => Math.floor(200 * generator.uniform())));
    const view = { ...small, models: draws.map((_, at) => `m${at}`), problems, draws, correct };
    const [found] = unpacked(packedProblems([view], 15_000));
    expect(found!.draws.length).toBeGreaterThan(5);
    expect(found!.draws.length).toBeLessThan(40);
    expect(found!.correct).toEqual(correct.slice(0, found!.correct.length));
    expect(found!.notes[0]).toContain(
      `Counts of ${40 - found!.draws.length} models are left out of this file`,
    );
  });
});

describe("problem table", () => {
  const rows = (filter: Parameters<typeof problemViewTable>[1]["filter"], model = 0, n = 10) =>
    problemViewTable(small, { model, filter, n }).rows.map(({ problem }) => problem);

  test("has a row a problem with the highlighted model's rate and interval", () => {
    const table = problemViewTable(small, { model: 0, filter: "all", n: 10 });
    expect(table.columns.map(({ title }) => title)).toEqual([
      "problem",
      "strong",
      "n",
      "c",
      "weak",
      "solved by, of 2",
      "never solved",
    ]);
    expect(table.rows[0]).toMatchObject({ problem: "b", n: 10, c: 9, m1: 0, solvedBy: 1, never: "" });
    expect(table.rows[0]?.rate).toMatchObject({ estimate: 0.9 });
    expect(table.rows[1]).toMatchObject({ problem: "c", m1: undefined, never: "by none" });
  });

  test("filters by what the highlighted model solved, and by 1/N", () => {
    expect(rows("all")).toEqual(["b", "c", "a"]);
    expect(rows("unsolved")).toEqual(["c"]);
    expect(rows("unsolved-by-all")).toEqual(["c"]);
    expect(rows("unsolved", 1)).toEqual(["b"]);
    expect(rows("below", 1, 5)).toEqual(["b", "a"]);
    expect(rows("reached", 1, 10)).toEqual(["a"]);
    expect(rows("shown")).toEqual([]);
  });

  test("a rate of exactly 1/N is reached", () => {
    expect(reach(0.1, 10)).toBe("reached");
    expect(reach(0.099, 10)).toBe("below");
    expect(reach(0, 10)).toBe("none");
    expect(reach(undefined, 10)).toBe("unknown");
  });
});
