import { expect, test } from "vitest";
import { randomGenerator } from "../numeric/index.ts";
import { forecastPassAtK } from "./forecast.ts";
import { samplePlan } from "./sample-plan.ts";
import { countAtCap, futureSuccesses } from "./stopped-draws.ts";

const generator = randomGenerator("sample plan");

/** 150 problems of rates between 10⁻⁴ and 1, a sixth of them never solved. */
function world() {
  const random = randomGenerator("sample plan, world");
  const rates = Array.from({ length: 150 }, (_, at) => (at % 6 === 0 ? 0 : 10 ** (-4 * random.uniform())));
  const counts = rates.map((rate) => ({ draws: 40, correct: random.binomial(40, rate) }));
  return { rates, counts, random };
}

test("what is planned is about what sampling to the planned cap gives", () => {
  const { rates, counts, random } = world();
  const plan = samplePlan(counts, { k: 300, width: 0.22, generator });
  const { chosen } = plan;
  if (chosen === undefined) throw new Error("the width is within reach");
  expect(chosen.width).toBeLessThanOrEqual(0.22);
  const results = Array.from({ length: 10 }, () => {
    const later = counts.map((count, at) => {
      const times = futureSuccesses(count, { rate: rates[at] ?? 0, successes: 2, generator: random });
      return countAtCap(count, { times, successes: 2, cap: chosen.cap });
    });
    const [interval] = forecastPassAtK(later, [300]);
    return {
      width: (interval?.upper ?? 1) - (interval?.lower ?? 0),
      more: later.reduce((sum, { draws }) => sum + draws - 40, 0),
    };
  });
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean(results.map(({ width }) => width)) - chosen.width)).toBeLessThan(0.05);
  const ratio = mean(results.map(({ more }) => more)) / chosen.draws;
  expect(ratio).toBeGreaterThan(0.75);
  expect(ratio).toBeLessThan(1.35);
});

test("the problems to sample are those short of their successes", () => {
  const counts = [
    { draws: 50, correct: 0 },
    { draws: 50, correct: 1 },
    { draws: 50, correct: 2 },
    { draws: 50, correct: 30 },
  ];
  expect(samplePlan(counts, { k: 100, width: 0.5, generator, largestCap: 60 }).open).toEqual([0, 1]);
});

test("where the width is reached already nothing is to be drawn, and where it is out of reach no cap is chosen", () => {
  const { counts } = world();
  const reached = samplePlan(counts, { k: 50, width: 0.9, generator });
  expect(reached).toMatchObject({ chosen: undefined, caps: [] });
  expect(reached.widthNow).toBeLessThan(0.9);
  const hopeless = samplePlan(counts, { k: 300, width: 0.01, generator, largestCap: 200, simulations: 2 });
  expect(hopeless.chosen).toBeUndefined();
  expect(hopeless.caps.length).toBeGreaterThan(2);
});

test("a stop at the s-th success leaves s successes, the last draw being one, or the cap", () => {
  const start = { draws: 0, correct: 0 };
  const random = randomGenerator("stopped draws");
  let [stopped, total] = [0, 0];
  for (let problem = 0; problem < 4000; problem++) {
    const times = futureSuccesses(start, { rate: 0.1, successes: 2, generator: random });
    const count = countAtCap(start, { times, successes: 2, cap: 15 });
    if (count.correct === 2) stopped += 1;
    else expect(count.draws).toBe(15);
    total += count.draws;
  }
  // P[at least 2 of 15] and E[min(T, 15)] for T the second success, both from the binomial distribution.
  const none = (n: number) => 0.9 ** n;
  const one = (n: number) => n * 0.1 * 0.9 ** (n - 1);
  const expectedDraws = Array.from({ length: 15 }, (_, n) => (n === 0 ? 1 : none(n) + one(n)));
  expect(stopped / 4000).toBeCloseTo(1 - none(15) - one(15), 1);
  expect(Math.abs(total / 4000 - expectedDraws.reduce((sum, value) => sum + value, 0))).toBeLessThan(0.25);
});
