/** A seeded slice of damaged inputs of every format; the long tier reads ten thousand of each. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mutationReport } from "./mutation.ts";
import { faultOf, reading, testFolder } from "./reading.ts";
import { inputTitles, madeInputs, type SmallInput } from "./small-inputs.ts";

const folder = testFolder();
const titles = inputTitles();
let inputs: readonly SmallInput[] = [];

beforeAll(async () => {
  inputs = await madeInputs(folder.path);
});
afterAll(() => folder.remove());

describe("damaged inputs", () => {
  test.each(titles)("%s: the undamaged input is read whole", async (title) => {
    const input = inputs.find((candidate) => candidate.title === title) as SmallInput;
    const { rows, rejections } = await reading(
      folder.write(input.name, input.pack?.(input.bytes) ?? input.bytes),
      { texts: true },
    );
    expect(rejections).toEqual([]);
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
  });

  test.each(titles)("%s: 200 mutations give valid rows or one clear sentence", async (title) => {
    const input = inputs.find((candidate) => candidate.title === title) as SmallInput;
    const report = await mutationReport(input, { folder: folder.path, count: 200, seed: 1 });
    expect(report.faults).toEqual([]);
    expect(report.accepted + report.refused).toBe(200);
    expect(report.slowestMilliseconds).toBeLessThan(10_000);
  });
});
