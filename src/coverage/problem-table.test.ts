import { describe, expect, test } from "vitest";
import { clopperPearson, passAtK, passAtKCurve, problemTable, uncovered } from "./index.ts";

const problems = [
  { problem: "a", draws: 12, correct: 5, unscored: 0 },
  { problem: "b", draws: 10, correct: 0, unscored: 2 },
  { problem: "c", draws: 10, correct: 1, unscored: 0 },
  { problem: "d", draws: 11, correct: 10, unscored: 0 },
];

describe("the problem table", () => {
  test("gains of one more draw sum to the difference of pass@k over the set", () => {
    for (const k of [1, 4, 9]) {
      const gained = problemTable(problems, { k }).reduce((sum, row) => sum + row.marginalGain!, 0);
      const [before, after] = passAtKCurve(problems, [k, k + 1]);
      expect(gained).toBeCloseTo(after! - before!, 13);
    }
    // By default the last draw that all problems have.
    const gained = problemTable(problems).reduce((sum, row) => sum + row.marginalGain!, 0);
    const [before, after] = passAtKCurve(problems, [9, 10]);
    expect(gained).toBeCloseTo(after! - before!, 13);
  });

  test("a gain keeps its digits where the difference of pass@k cancels", () => {
    const [row] = problemTable([{ problem: "x", draws: 1000, correct: 900, unscored: 0 }], { k: 12 });
    // C(100, 12)/C(1000, 12)·900/988, exactly.
    let exact = 900 / 988;
    for (let index = 0; index < 12; index++) exact *= (100 - index) / (1000 - index);
    expect(row!.marginalGain! / exact).toBeCloseTo(1, 12);
    const sooner = passAtK({ draws: 1000, correct: 900, k: 12 });
    expect(passAtK({ draws: 1000, correct: 900, k: 13 }) - sooner).not.toBe(row!.marginalGain);
  });

  test("beyond a problem's draws its gain is undefined; under a stopping rule the cap counts", () => {
    expect(problemTable(problems, { k: 10 }).map((row) => row.marginalGain === undefined)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const stopping = { kind: "successes", successes: 1, cap: 8 } as const;
    const [row] = problemTable([{ problem: "s", draws: 3, correct: 1, unscored: 0, stopping }], { k: 2 });
    expect(row!.marginalGain).toBe(1);
  });

  test("each row has its Clopper–Pearson interval and the share of correct draws", () => {
    const [first, second] = problemTable(problems, { level: 0.9 });
    expect(first).toMatchObject({
      estimate: 5 / 12,
      ...clopperPearson({ successes: 5, trials: 12, level: 0.9 }),
    });
    expect(second).toMatchObject({ estimate: 0, unscored: 2 });
  });

  test("the next draw of an unsolved problem succeeds at a rate between 0 and its upper bound, learnt from the others", () => {
    const rows = problemTable(problems);
    expect(rows.map((row) => row.nextDrawRate !== undefined)).toEqual([false, true, false, false]);
    expect(rows[1]!.nextDrawRate!).toBeGreaterThan(0);
    expect(rows[1]!.nextDrawRate!).toBeLessThan(rows[1]!.upper);
    const easy = Array.from({ length: 30 }, (_, i) => ({
      problem: `${i}`,
      draws: 4,
      correct: 1 + (i % 3),
      unscored: 0,
    }));
    const unlucky = { problem: "u", draws: 4, correct: 0, unscored: 0 };
    expect(problemTable([...easy, unlucky]).at(-1)!.nextDrawRate!).toBeGreaterThan(0.3);
  });

  test("a problem without draws has no estimate and an interval of everything", () => {
    const [row] = problemTable([{ problem: "none", draws: 0, correct: 0, unscored: 3 }]);
    expect(row).toMatchObject({ estimate: undefined, lower: 0, upper: 1, marginalGain: undefined });
  });

  test("uncovered problems are those no draw solved", () => {
    expect(uncovered(problemTable(problems)).map((row) => row.problem)).toEqual(["b"]);
  });

  test("impossible counts throw, naming the problem", () => {
    expect(() => problemTable([{ problem: "bad", draws: 1, correct: 2, unscored: 0 }])).toThrow(
      "problem bad.correct is 2",
    );
    expect(() => problemTable([{ problem: "bad", draws: 1, correct: 1, unscored: -1 }])).toThrow(
      "unscored is -1",
    );
    expect(() => problemTable(problems, { k: 0 })).toThrow("k is 0");
  });
});
