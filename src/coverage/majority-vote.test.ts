import { describe, expect, test } from "vitest";
import oracle from "../../test/oracle/best-of-n.json" with { type: "json" };
import { logGamma, randomGenerator } from "../numeric/index.ts";
import { type AnsweredDraws, majorityVote } from "./majority-vote.ts";

const generator = randomGenerator("majority");
const drawsOf = (answers: readonly (number | null)[], correct: readonly boolean[]): AnsweredDraws => ({
  answers: answers.map((answer) => (answer === null ? undefined : `${answer}`)),
  correct,
});

describe("majority vote", () => {
  test("equals the enumeration of all subsets in exact fractions, ties and silent draws included", () => {
    for (const { answers, correct, n, value } of oracle.majorities) {
      const [result] = majorityVote([drawsOf(answers, correct)], [n], { generator });
      expect(Math.abs(result!.estimate - value)).toBeLessThanOrEqual(1e-13);
      expect(result!.samplingError).toBe(0);
    }
  });

  test("subsampling agrees with the hypergeometric probability of a majority within its standard error", () => {
    const random = randomGenerator("large pool");
    const answers = Array.from({ length: 3000 }, () => (random.uniform() < 0.54 ? "0" : "1"));
    const correct = answers.map((answer) => answer === "0");
    const right = correct.filter((value) => value).length;
    const logChoose = (size: number, count: number) =>
      logGamma(size + 1) - logGamma(count + 1) - logGamma(size - count + 1);
    for (const n of [17, 101]) {
      let majority = 0;
      for (let count = (n + 1) / 2; count <= n; count++) {
        const ways = logChoose(right, count) + logChoose(3000 - right, n - count) - logChoose(3000, n);
        majority += Math.exp(ways);
      }
      const [vote] = majorityVote([{ answers, correct }], [n], { generator, subsamples: 20_000 });
      if (n === 17) {
        expect(vote!.samplingError).toBe(0);
        expect(Math.abs(vote!.estimate - majority)).toBeLessThan(1e-9);
      } else {
        expect(vote!.samplingError).toBeGreaterThan(0);
        expect(vote!.samplingError).toBeLessThan(0.004);
        expect(Math.abs(vote!.estimate - majority)).toBeLessThan(4 * vote!.samplingError);
      }
    }
  });

  test("N = 1 is the share of correct draws, N = n the vote of all", () => {
    const problem = drawsOf([1, 1, 1, 2, 2, null], [true, true, true, false, false, false]);
    const [one, all] = majorityVote([problem], [1, 6], { generator });
    expect(one!.estimate).toBeCloseTo(0.5, 14);
    expect(all!.estimate).toBe(1);
  });

  test("a tie counts the correct share of the tied answers, and no answer at all is wrong", () => {
    const tie = drawsOf([1, 2, 3], [true, false, true]);
    expect(majorityVote([tie], [3], { generator })[0]!.estimate).toBeCloseTo(2 / 3, 14);
    expect(
      majorityVote([drawsOf([null, null], [false, false])], [1, 2], { generator }).map((x) => x.estimate),
    ).toEqual([0, 0]);
  });

  test("the order of draws and of problems changes nothing", () => {
    const problems = oracle.majorities
      .map(({ answers, correct }) => drawsOf(answers, correct))
      .filter(({ answers }) => answers.length >= 6);
    const backwards = [...problems].reverse().map(({ answers, correct }) => ({
      answers: [...answers].reverse(),
      correct: [...correct].reverse(),
    }));
    const [forth] = majorityVote(problems, [4], { generator });
    const [back] = majorityVote(backwards, [4], { generator });
    expect(back!.estimate).toBeCloseTo(forth!.estimate, 14);
    expect(back!.upper).toBeCloseTo(forth!.upper, 12);
    expect(forth!.problems).toBe(problems.length);
  });

  test("bad arguments are refused with their value and limit", () => {
    const problem = drawsOf([1, 2], [true, false]);
    expect(() => majorityVote([], [1], { generator })).toThrow(/problems is empty/);
    expect(() => majorityVote([problem], [3], { generator })).toThrow(/n is 3: must be at most 2/);
    expect(() => majorityVote([problem], [0], { generator })).toThrow(/n is 0/);
    expect(() => majorityVote([{ answers: ["1"], correct: [] }], [1], { generator })).toThrow(
      /correct has length 0/,
    );
    expect(() => majorityVote([problem], [1], { generator, subsamples: 1 })).toThrow(/subsamples is 1/);
  });
});
