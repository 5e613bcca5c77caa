import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alignProblems } from "./alignment.ts";

const model = (name: string, values: Readonly<Record<string, number>>) => ({
  model: name,
  problems: Object.entries(values).map(([problem, value]) => ({ problem, value })),
});

describe("alignment of problems", () => {
  test("only the common problems remain, in the first model's order, and the others are counted", () => {
    expect(
      alignProblems([
        model("a", { x: 1, y: 2, z: 3 }),
        model("b", { z: 30, x: 10 }),
        model("c", { z: 300, x: 100, w: 5 }),
      ]),
    ).toEqual({
      problems: ["x", "z"],
      models: [
        { model: "a", values: [1, 3], left: 1 },
        { model: "b", values: [10, 30], left: 0 },
        { model: "c", values: [100, 300], left: 1 },
      ],
    });
  });

  test("a problem held twice and a model given twice are refused by name", () => {
    const twice = {
      model: "a",
      problems: [
        { problem: "x", value: 1 },
        { problem: "x", value: 1 },
      ],
    };
    expect(() => alignProblems([twice])).toThrow(/model "a" holds problem "x" twice/);
    expect(() => alignProblems([model("a", {}), model("a", {})])).toThrow(/model "a" occurs twice/);
  });

  test("no model, or nothing in common, gives no problems", () => {
    expect(alignProblems([])).toEqual({ problems: [], models: [] });
    expect(alignProblems([model("a", { x: 1 }), model("b", { y: 1 })]).problems).toEqual([]);
  });

  test("the common problems do not depend on the order of models or problems", () => {
    const names = fc.uniqueArray(fc.constantFrom("p", "q", "r", "s", "__proto__", "constructor"));
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 4 }), (lists) => {
        const models = lists.map((list, index) => ({
          model: `${index}`,
          problems: list.map((problem) => ({ problem, value: problem.length })),
        }));
        const backwards = [...models]
          .reverse()
          .map((entry) => ({ ...entry, problems: [...entry.problems].reverse() }));
        expect([...alignProblems(models).problems].sort()).toEqual(
          [...alignProblems(backwards).problems].sort(),
        );
      }),
      { seed: 3 },
    );
  });
});
