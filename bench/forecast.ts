/** The forecast of 10⁴ problems: mixing distribution and both ends of the interval of pass@k. */
import { forecastPassAtK } from "../src/coverage/index.ts";
import { randomGenerator } from "../src/numeric/index.ts";
import type { Measurement } from "./run.ts";

const problems = 10_000;
const limit = 150;
const repetitions = 7;

export async function measure(): Promise<Measurement[]> {
  return [100, 1000, 10_000].map((draws) => {
    const random = randomGenerator(`bench forecast, ${draws}`);
    const counts = Array.from({ length: problems }, () => {
      const u = random.uniform();
      const rate = u < 0.15 ? 0 : u < 0.5 ? random.beta(0.3, 10) : random.beta(2, 2);
      return { draws, correct: random.binomial(draws, rate) };
    });
    const times: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const start = performance.now();
      forecastPassAtK(counts, [10 * draws]);
      times.push(performance.now() - start);
    }
    const ours = times.sort((a, b) => a - b)[Math.floor(repetitions / 2)] ?? Number.NaN;
    return {
      name: `forecast of 10,000 problems with ${draws} draws each, solver and both ends (median of ${repetitions})`,
      ours,
      unit: "ms",
      target: `< ${limit} ms`,
      met: ours < limit,
    };
  });
}
