/**
 * The forecast's intervals in 147 cells with known truth: do they cover, and are they no wider than they need be?
 * `RECORD_COVERAGE=1` writes what was found to `test/oracle/forecast-coverage.json`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { forecastPassAtK } from "../../src/coverage/index.ts";
import { type CellResult, measuredCells, shapes, simulatedCounts, truths } from "../oracle/forecast-cells.ts";

const repetitions = 1500;
/**
 * Found by this study, and not met: at the corner of all distributions (two rates, no spread within either) the
 * likelihood ratio is larger than χ²₁, and with just enough draws the upper end falls short of pass@k: .923 in 1500
 * repetitions. The cell is kept in sight as an expected failure; the strict cutoff covers it.
 */
const shortfall = { truth: "two rates", shape: "200 problems, 1000 draws", k: 2000 };
const isShortfall = (cell: { truth: string; shape: string; k: number }): boolean =>
  cell.truth === shortfall.truth && cell.shape === shortfall.shape && cell.k === shortfall.k;
const recordPath = fileURLToPath(new URL("../oracle/forecast-coverage.json", import.meta.url));
const widthsPath = fileURLToPath(new URL("../oracle/forecast-reference-widths.json", import.meta.url));

interface ReferenceCell {
  readonly truth: string;
  readonly shape: string;
  readonly k: number;
  readonly repairedMeanWidth: number;
  readonly failed: number;
}

const reference = JSON.parse(readFileSync(widthsPath, "utf8")) as {
  readonly repetitions: number;
  readonly cells: readonly ReferenceCell[];
};

describe("forecast intervals", () => {
  const results: CellResult[] = [];

  for (const shape of shapes) {
    for (const truth of truths) {
      test(`they cover at least .93 of 1500 repetitions: ${truth.name}, ${shape.name}`, () => {
        const cells = measuredCells({ truth, shape, repetitions, first: reference.repetitions });
        results.push(...cells);
        for (const cell of cells) {
          if (!isShortfall(cell)) expect(cell.coverage, `k = ${cell.k}`).toBeGreaterThanOrEqual(0.93);
        }
      });
    }
  }

  test.fails("they cover at least .93 of 1500 repetitions where two rates meet 1000 draws and k = 2000", () => {
    expect(results.find(isShortfall)?.coverage ?? 1).toBeGreaterThanOrEqual(0.93);
  });

  test("with the strict cutoff they do there as well", () => {
    const truth = truths.find(({ name }) => name === shortfall.truth)!;
    const shape = shapes.find(({ name }) => name === shortfall.shape)!;
    const passAtK = truth.passAtK(shortfall.k);
    let covered = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const counts = simulatedCounts(truth, shape, repetition);
      const [row] = forecastPassAtK(counts, [shortfall.k], { strict: true });
      if (row!.lower <= passAtK && passAtK <= row!.upper) covered += 1;
    }
    expect(covered / repetitions).toBeGreaterThanOrEqual(0.93);
  });

  test("their mean width is at most 1.1 times that of the reference implementation on the same counts", () => {
    expect(reference.cells.length).toBe(shapes.length * truths.length * 3);
    for (const { truth, shape, k, repairedMeanWidth, failed } of reference.cells) {
      expect(failed).toBe(0);
      const ours = results.find((cell) => cell.truth === truth && cell.shape === shape && cell.k === k);
      expect(ours?.meanWidthOfFirst, `${truth}, ${shape}, k = ${k}`).toBeLessThanOrEqual(
        1.1 * repairedMeanWidth,
      );
    }
  });

  afterAll(() => {
    if (process.env.RECORD_COVERAGE !== "1") return;
    const coverages = results.map((cell) => cell.coverage).sort((a, b) => a - b);
    const record = {
      note: "Written by test/long/forecast-coverage.test.ts; worlds in test/oracle/forecast-cells.ts.",
      repetitions,
      worstCoverage: coverages[0],
      meanCoverage: coverages.reduce((sum, value) => sum + value, 0) / coverages.length,
      cells: results.map(({ meanWidthOfFirst: _, ...cell }) => cell),
    };
    writeFileSync(recordPath, `${JSON.stringify(record, null, 1)}\n`);
  });
});
