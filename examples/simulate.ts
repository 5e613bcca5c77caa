/**
 * Writes the shipped example: a simulated family of checkpoints with known truth. Fine-tuning sharpens the model:
 * the mean log-odds of success rise and so does their spread, so pass@1 grows to the end while some problems become
 * practically unsolvable and pass@100 turns. No real model is behind these numbers.
 *
 *   node --import tsx examples/simulate.ts
 */
import { writeFileSync } from "node:fs";
import { randomGenerator } from "../src/numeric/index.ts";

/** Mean and standard deviation over problems of the log-odds of success, by training step. */
export const simulatedCheckpoints = [
  { step: 250, mean: -4.6, spread: 1.4 },
  { step: 500, mean: -3.6, spread: 1.7 },
  { step: 1000, mean: -2.9, spread: 2.1 },
  { step: 2000, mean: -2.4, spread: 2.8 },
  { step: 4000, mean: -2.0, spread: 4.2 },
  { step: 8000, mean: -1.6, spread: 6.5 },
] as const;

export const problemCount = 250;
export const drawsEach = 100;

export interface SimulatedRow {
  readonly model: string;
  readonly step: number;
  readonly task: string;
  readonly problem: string;
  readonly n: number;
  readonly c: number;
}

export interface SimulatedTruth {
  readonly step: number;
  /** Success rates of this benchmark's problems. */
  readonly rates: readonly number[];
}

/** The rows of the example and the truth behind them, from a seed. */
export function simulate(): { rows: SimulatedRow[]; truth: SimulatedTruth[] } {
  const generator = randomGenerator("lmcov example");
  const difficulty = Array.from({ length: problemCount }, () => generator.normal());
  const rows: SimulatedRow[] = [];
  const truth: SimulatedTruth[] = [];
  for (const { step, mean, spread } of simulatedCheckpoints) {
    const draws = generator.split(`step ${step}`);
    const rates = difficulty.map(
      (value) => 1 / (1 + Math.exp(-(mean + spread * (0.9 * value + 0.436 * draws.normal())))),
    );
    truth.push({ step, rates });
    rates.forEach((rate, index) => {
      const problem = `problem-${String(index + 1).padStart(3, "0")}`;
      const c = draws.binomial(drawsEach, rate);
      rows.push({ model: "simulated", step, task: "simulated-math", problem, n: drawsEach, c });
    });
  }
  return { rows, truth };
}

if (process.argv[1]?.endsWith("simulate.ts")) {
  const { rows } = simulate();
  const file = new URL("simulated-checkpoints.jsonl", import.meta.url);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}
