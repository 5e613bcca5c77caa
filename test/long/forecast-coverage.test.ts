/**
 * The forecast's intervals in 147 cells with known truth: do they cover, and are they no wider than they need be?
 * `RECORD_COVERAGE=1` writes what was found to `test/oracle/forecast-coverage.json`.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type CellResult, measuredCells, shapes, truths } from "../oracle/forecast-cells.ts";

const repetitions = 1500;
const recordPath = fileURLToPath(new URL("../oracle/forecast-coverage.json", import.meta.url));
const widthsPath = fileURLToPath(new URL("../oracle/forecast-reference-widths.json", import.meta.url));

interface ReferenceWidths {
  readonly repetitions: number;
  readonly cells: readonly { truth: string; shape: string; k: number; meanWidth: number; failed: number }[];
}

const reference: ReferenceWidths | undefined = existsSync(widthsPath)
  ? (JSON.parse(readFileSync(widthsPath, "utf8")) as ReferenceWidths)
  : undefined;

describe("forecast intervals", () => {
  const results: CellResult[] = [];

  for (const shape of shapes) {
    for (const truth of truths) {
      test(`they cover at least .93 of 1500 repetitions: ${truth.name}, ${shape.name}`, () => {
        const cells = measuredCells({ truth, shape, repetitions, first: reference?.repetitions ?? 150 });
        results.push(...cells);
        for (const cell of cells) expect(cell.coverage, `k = ${cell.k}`).toBeGreaterThanOrEqual(0.93);
      });
    }
  }

  test("their mean width is at most 1.1 times that of the reference implementation on the same counts", () => {
    const compared = (reference?.cells ?? []).filter((cell) => cell.failed === 0);
    expect(compared.length).toBeGreaterThan(100);
    for (const { truth, shape, k, meanWidth } of compared) {
      const ours = results.find((cell) => cell.truth === truth && cell.shape === shape && cell.k === k);
      expect(ours?.meanWidthOfFirst, `${truth}, ${shape}, k = ${k}`).toBeLessThanOrEqual(1.1 * meanWidth);
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
      cells: results,
    };
    writeFileSync(recordPath, `${JSON.stringify(record, null, 1)}\n`);
  });
});
