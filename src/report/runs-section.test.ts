import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { analyseTasks } from "./analysis.ts";
import type { ModelCounts } from "./model-counts.ts";
import { lastModel, runsOverTraining, runsSection } from "./runs-section.ts";

/** Eight draws for each of twelve problems, of which `correct` are right. */
const counts = (model: string, step: number, correct: number): ModelCounts => ({
  label: `${model}, step ${step}`,
  model,
  step,
  task: "task",
  sampling: {},
  verifier: "exact",
  problems: Array.from({ length: 12 }, (_, index) => ({
    problem: `p${index}`,
    draws: 8,
    correct,
    unscored: 0,
    stopping: { kind: "fixed" },
  })),
  unscoredProblems: [],
});

const checkpoints = (model: string, correct: readonly number[]) =>
  correct.map((own, index) => counts(model, 10 * (index + 1), own));
const [task] = analyseTasks(
  [...checkpoints("a", [1, 2, 3]), ...checkpoints("b", [1, 3, 5]), ...checkpoints("c", [2, 4, 6])],
  { level: 0.95, generator: randomGenerator("runs") },
);
const run = (name: string) => ({ name: `run ${name}`, isOwn: (model: string) => model === name });
const runs = ["a", "b", "c"].map(run);

test("a row a run holds its last model's pass@k", () => {
  const section = runsSection(task!, runs);
  expect(section?.table?.rows).toMatchObject(
    [3, 5, 6].map((correct, index) => ({
      run: `run ${"abc"[index]}`,
      model: `${"abc"[index]}, step 30`,
      problems: 12,
      draws: 96,
      k1: { estimate: correct / 8 },
      // Of the 28 pairs of draws those without a correct one.
      k2: { estimate: expect.closeTo(1 - ((8 - correct) * (7 - correct)) / 2 / 28, 12) },
    })),
  );
  expect(section?.chart).toMatchObject({
    series: [{ label: "run a" }, { label: "run b" }, { label: "run c" }],
  });
});

test("all trainings stand in the same axes at the deciding k", () => {
  const { chart } = runsOverTraining(task!, runs) ?? {};
  expect(task?.decidingK).toBe(8);
  expect(chart).toMatchObject({
    kind: "trajectory",
    unit: "step",
    series: ["run a", "run b", "run c"].map((label) => ({
      label,
      points: [10, 20, 30].map((at) => ({ at, estimate: 1 })),
    })),
  });
});

test("a run without models of the task has no row, and one run alone no section", () => {
  expect(runsSection(task!, [run("a"), run("b"), run("other")])?.table?.rows).toHaveLength(2);
  expect(runsSection(task!, [run("a"), run("other")])).toBeUndefined();
  expect(runsOverTraining(task!, [run("a"), run("other")])).toBeUndefined();
  expect(lastModel(task!, run("other"))).toBeUndefined();
});
