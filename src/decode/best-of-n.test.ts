import { expect, test } from "vitest";
import { bestOfNValue } from "../coverage/index.ts";
import { bestOfN, chosenByReward } from "./best-of-n.ts";

test("the first of the best is chosen, and responses without a reward never are", () => {
  expect(bestOfN([2, 5, 5, 1])).toEqual({ index: 1, reward: 5, ties: 2, unrewarded: 0 });
  expect(bestOfN([undefined, Number.NEGATIVE_INFINITY])).toEqual({
    index: 1,
    reward: Number.NEGATIVE_INFINITY,
    ties: 1,
    unrewarded: 1,
  });
  expect(bestOfN([undefined, undefined])).toBeUndefined();
  expect(bestOfN([])).toBeUndefined();
  expect(() => bestOfN([0, Number.NaN])).toThrow(/reward 1 is NaN: /);
});

test("rewards may be given by a promise", async () => {
  const choice = await chosenByReward(["x", "yyy", "zz"], async (text) => text.length);
  expect(choice).toEqual({ index: 1, reward: 3, ties: 1, unrewarded: 0 });
});

test("over all pairs of a pool the chosen rewards average to the unbiased estimate", () => {
  const proxy = [0.3, 0.9, 0.1, 0.5];
  const gold = [1, 0, 1, 1];
  let sum = 0;
  let pairs = 0;
  for (let i = 0; i < 4; i++) {
    for (let j = i + 1; j < 4; j++) {
      const choice = bestOfN([proxy[i], proxy[j]])!;
      sum += gold[[i, j][choice.index]!]!;
      pairs += 1;
    }
  }
  expect(sum / pairs).toBeCloseTo(bestOfNValue({ proxy, gold, n: 2 }), 14);
});
