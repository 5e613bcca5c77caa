import { describe, expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { pairedDifferences } from "./paired-difference.ts";
import { separationPlan } from "./separation-plan.ts";

/** Problems whose rates differ widely; the left model is better by `gap` on each. */
function world(problems: number, draws: number, gap: number) {
  const random = randomGenerator(`separation ${problems} ${draws} ${gap}`);
  const rates = Array.from({ length: problems }, () => 0.1 + 0.7 * random.uniform());
  const count = (rate: number, n: number) => ({ draws: n, correct: random.binomial(n, rate) });
  const counts = (n: number) => ({
    left: rates.map((rate) => count(rate + gap, n)),
    right: rates.map((rate) => count(rate, n)),
  });
  return { at: counts };
}

test("as many draws as planned tell the models apart about as often as planned", () => {
  const { at } = world(100, 8, 0.06);
  const plan = separationPlan(at(8), { k: 1, generator: randomGenerator("plan") });
  const { chosen } = plan;
  if (chosen === undefined) throw new Error("the models can be told apart");
  expect(chosen.power).toBeGreaterThanOrEqual(0.8);
  expect(chosen.more).toBe(2 * 100 * (chosen.draws - 8));
  let told = 0;
  for (let repetition = 0; repetition < 200; repetition++) {
    const { left, right } = at(chosen.draws);
    const rate = (counts: typeof left) => Float64Array.from(counts, ({ draws, correct }) => correct / draws);
    const { lower } = pairedDifferences({ left: rate(left), right: rate(right) });
    if ((lower ?? 0) > 0) told += 1;
  }
  expect(told / 200).toBeGreaterThan(0.55);
});

test("where problems differ too much for their number, more draws do not help and more problems are named", () => {
  const random = randomGenerator("noisy problems");
  const rates = Array.from({ length: 20 }, () => [random.uniform(), random.uniform()] as const);
  const counts = (side: 0 | 1) =>
    rates.map((pair) => ({ draws: 50, correct: random.binomial(50, pair[side]) }));
  const plan = separationPlan(
    { left: counts(0), right: counts(1) },
    { k: 1, generator: randomGenerator("plan"), largestDraws: 500, simulations: 50 },
  );
  expect(plan.chosen).toBeUndefined();
  expect(plan.problemsNeeded).toBeGreaterThan(20);
});

test("a k above the draws at hand is refused", () => {
  const counts = [
    { draws: 5, correct: 1 },
    { draws: 5, correct: 2 },
  ];
  expect(() =>
    separationPlan({ left: counts, right: counts }, { k: 6, generator: randomGenerator("plan") }),
  ).toThrow("k is 6: must be at most the fewest draws of a problem, 5");
});

describe("problems that stopped at a success", () => {
  const stopping = { kind: "successes", successes: 2, cap: 100 } as const;
  const stopped = (draws: number) => Array.from({ length: 8 }, () => ({ draws, correct: 2, stopping }));

  test("before their k-th draw are planned from k draws on", () => {
    const counts = { left: stopped(5), right: stopped(9) };
    const plan = separationPlan(counts, { k: 50, generator: randomGenerator("plan"), simulations: 10 });
    expect(plan.tried[0]?.draws).toBe(50);
    expect(plan.tried[0]?.more).toBe(8 * 45 + 8 * 41);
  });

  test("keep their rule where no draw is added: what the draws at hand do not tell, no future tells", () => {
    const rule = { kind: "successes", successes: 2, cap: 6 } as const;
    const six = (correct: number) =>
      Array.from({ length: 40 }, () => ({ draws: 6, correct, stopping: rule }));
    const counts = { left: six(2), right: six(1) };
    const { now, tried } = separationPlan(counts, {
      k: 1,
      generator: randomGenerator("plan"),
      simulations: 10,
    });
    // Stopped at the second success of 6 draws the rate is 1/5, not 2/6.
    expect(now.estimate).toBeCloseTo(1 / 5 - 1 / 6, 12);
    expect(now.lower).toBeLessThan(0);
    expect(tried[0]).toEqual({ draws: 6, more: 0, power: 0 });
  });
});
