/** Where to spend draws (statistics.md §5): stopping at the second success against the same number of draws for all. */
import { expect, test } from "vitest";
import { forecastPassAtK, type ProblemCount } from "../../src/coverage/index.ts";
import { countAtCap, futureSuccesses } from "../../src/coverage/stopped-draws.ts";
import { randomGenerator } from "../../src/numeric/index.ts";
import { truths } from "../oracle/forecast-cells.ts";

const [problems, budget, k, repetitions] = [200, 20_000, 1000, 300];
const start = { draws: 0, correct: 0 };
const total = (counts: readonly ProblemCount[]) => counts.reduce((sum, { draws }) => sum + draws, 0);

test("20,000 draws bring the interval of pass@1000 to a width of .197 in place of .308, and it still covers", () => {
  const truth = truths.find(({ name }) => name.startsWith("language-model-like"))!;
  const passAtK = truth.passAtK(k);
  const found = { uniform: { width: 0, covered: 0 }, stopped: { width: 0, covered: 0 } };
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const generator = randomGenerator(`spending ${repetition}`);
    const rates = Array.from({ length: problems }, () => truth.rate(generator));
    const draws = budget / problems;
    const uniform = rates.map((rate) => ({ draws, correct: generator.binomial(draws, rate) }));
    const times = rates.map((rate) => futureSuccesses(start, { rate, successes: 2, generator }));
    const at = (cap: number) => times.map((one) => countAtCap(start, { times: one, successes: 2, cap }));
    // The largest common cap within the budget: what rounds come to.
    let [within, beyond] = [2, budget];
    while (beyond - within > 1) {
      const middle = Math.floor((within + beyond) / 2);
      if (total(at(middle)) <= budget) within = middle;
      else beyond = middle;
    }
    for (const [name, counts] of [
      ["uniform", uniform],
      ["stopped", at(within)],
    ] as const) {
      const [interval] = forecastPassAtK(counts, [k]);
      const { lower, upper } = interval!;
      found[name].width += (upper - lower) / repetitions;
      if (lower <= passAtK && passAtK <= upper) found[name].covered += 1 / repetitions;
    }
  }
  console.log(found);
  expect(Math.abs(found.uniform.width - 0.308)).toBeLessThan(0.02);
  expect(Math.abs(found.stopped.width - 0.197)).toBeLessThan(0.015);
  expect(found.uniform.covered).toBeGreaterThanOrEqual(0.93);
  expect(found.stopped.covered).toBeGreaterThanOrEqual(0.93);
});
