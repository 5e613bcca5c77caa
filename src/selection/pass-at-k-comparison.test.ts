import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dataPresent, sharedData } from "../../test/shared-data.ts";
import { passAtK } from "../coverage/pass-at-k.ts";
import { randomGenerator } from "../numeric/index.ts";
import { pairedDifferences } from "./paired-difference.ts";
import { passAtKComparison } from "./pass-at-k-comparison.ts";

const counts = (model: string, list: readonly (readonly [string, number, number])[]) => ({
  model,
  problems: list.map(([problem, draws, correct]) => ({ problem, draws, correct })),
});

describe("comparison by pass@k", () => {
  const models = [
    counts("a", [
      ["p", 10, 3],
      ["q", 8, 8],
      ["r", 20, 0],
      ["only a", 1, 1],
    ]),
    counts("b", [
      ["r", 10, 1],
      ["q", 10, 5],
      ["p", 6, 0],
    ]),
  ];

  test("values are the unbiased pass@k of common problems, and k ends at their fewest draws", () => {
    const result = passAtKComparison(models, [1, 6, 7, 100], { generator: randomGenerator("k") });
    expect(result.problems).toBe(3);
    expect(result.left).toEqual([
      { model: "a", problems: 1 },
      { model: "b", problems: 0 },
    ]);
    expect(result.largestK).toBe(6);
    expect(result.refused).toEqual([7, 100]);
    expect(result.comparisons.map(({ k }) => k)).toEqual([1, 6]);
    for (const { k, best, members } of result.comparisons) {
      const left = [passAtK({ draws: 10, correct: 3, k }), 1, 0];
      const right = [0, passAtK({ draws: 10, correct: 5, k }), passAtK({ draws: 10, correct: 1, k })];
      const [a, b] = k === 1 ? [left, right] : [left, right];
      expect(members[0]!.estimate).toBeCloseTo((a[0]! + a[1]! + a[2]!) / 3, 14);
      expect(members[1]!.estimate).toBeCloseTo((b[0]! + b[1]! + b[2]!) / 3, 14);
      expect(best).toBe(members[0]!.estimate >= members[1]!.estimate ? "a" : "b");
      const behind =
        best === "a" ? pairedDifferences({ left, right }) : pairedDifferences({ left: right, right: left });
      expect(members[best === "a" ? 1 : 0]!.behindBest).toEqual(behind);
    }
  });

  test("the answer at one k does not depend on which others are asked for", () => {
    const alone = passAtKComparison(models, [6], { generator: randomGenerator("k") });
    const among = passAtKComparison(models, [1, 2, 6], { generator: randomGenerator("k") });
    expect(among.comparisons[2]).toEqual(alone.comparisons[0]);
  });

  test("nothing in common is no comparison, and says so", () => {
    const result = passAtKComparison([counts("a", [["p", 1, 1]]), counts("b", [["q", 1, 1]])], [1], {
      generator: randomGenerator("none"),
    });
    expect(result).toMatchObject({ comparisons: [], problems: 0, largestK: undefined, refused: [1] });
  });

  test("a k that is no positive integer is refused", () => {
    expect(() => passAtKComparison(models, [0], { generator: randomGenerator("bad") })).toThrow(/k is 0/);
    expect(() => passAtKComparison(models, [1.5], { generator: randomGenerator("bad") })).toThrow(/k is 1.5/);
  });
});

describe.skipIf(!dataPresent)("comparison on real logs (skipped where ../shared/data is absent)", () => {
  test("of four systems on 1319 GSM8K problems the large verified one is alone best", () => {
    const lines = readFileSync(sharedData("gsm8k/example_model_solutions.jsonl") ?? "", "utf8")
      .trim()
      .split("\n");
    const names = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"];
    const models = names.map((model) => ({
      model,
      problems: lines.map((line, index) => ({
        problem: `${index}`,
        draws: 1,
        correct: JSON.parse(line)[model].is_correct ? 1 : 0,
      })),
    }));
    const { comparisons, problems } = passAtKComparison(models, [1], { generator: randomGenerator("gsm8k") });
    expect(problems).toBe(1319);
    const [{ best, members }] = comparisons as [(typeof comparisons)[number]];
    expect(best).toBe("175b_verification");
    expect(members.filter(({ inSet }) => inSet).map(({ model }) => model)).toEqual(["175b_verification"]);
    for (const { model, behindBest } of members) {
      if (model !== best) expect(behindBest.lower).toBeGreaterThan(0.1);
    }
  });
});
