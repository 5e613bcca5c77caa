import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { analyseTasks } from "./analysis.ts";
import { comparisonSection } from "./comparison-section.ts";
import type { ModelCounts } from "./model-counts.ts";

const draws = 64;

function counts(model: string, correct: readonly number[]): ModelCounts {
  return {
    label: model,
    model,
    task: "task",
    sampling: {},
    verifier: "exact",
    problems: correct.map((own, index) => ({
      problem: `p${index}`,
      draws,
      correct: own,
      unscored: 0,
      stopping: { kind: "fixed" },
    })),
    unscoredProblems: [],
  };
}

function compared(before: readonly number[], after: readonly number[]) {
  const generator = randomGenerator("comparison");
  const [task] = analyseTasks([counts("before", before), counts("after", after)], { level: 0.95, generator });
  const [first, second] = task!.models;
  return comparisonSection({ before: first!, after: second!, level: 0.95, generator })!;
}

/** Before: every problem now and then. After: half of them nearly always, the others never. */
const sharpened = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? 60 : 0));
const broad = Array.from({ length: 60 }, () => 12);

test("a model that was sharpened rises at one draw, falls at many, and has lost coverage", () => {
  const { sentence, section } = compared(broad, sharpened);
  expect(sentence).toMatch(
    /^From before to after pass@k rises at k = 1 by 0\.281 and falls at k = 10 by -0\.396, k = 64 by -0\.500 on 60 common problems: coverage was lost\.$/,
  );
  const first = section.table!.rows[0]!;
  // 0.396 is half of 1 less pass@10 of twelve in 64: 1 − C(52, 10)/C(64, 10) = 0.896.
  // Means of 60/64 and 0 against 12/64.
  expect(first).toMatchObject({ k: 1, before: 12 / 64, after: 30 / 64 });
  expect((first.difference as { estimate: number }).estimate).toBeCloseTo(18 / 64, 12);
});

test("the other way round every difference has the other sign, with its interval turned", () => {
  const forth = compared(broad, sharpened).section.table!.rows;
  const back = compared(sharpened, broad).section.table!.rows;
  forth.forEach(({ difference }, index) => {
    const there = difference as { estimate: number; lower: number; upper: number };
    const turned = back[index]!.difference as { estimate: number; lower: number; upper: number };
    expect(turned.estimate).toBeCloseTo(-there.estimate, 12);
    expect(turned.lower).toBeCloseTo(-there.upper, 12);
    expect(turned.upper).toBeCloseTo(-there.lower, 12);
  });
});

test("equal models cannot be told apart", () => {
  expect(compared(broad, broad).sentence).toMatch(/^From before to after no change of pass@k can be told/);
});
