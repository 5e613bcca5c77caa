/** Ten thousand damaged inputs of every format: no crash, hang, NaN or invalid row. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mutationReport } from "../importer/mutation.ts";
import { testFolder } from "../importer/reading.ts";
import { inputTitles, madeInputs, type SmallInput } from "../importer/small-inputs.ts";

const mutations = 10_000;
const folder = testFolder();
const titles = inputTitles();
let inputs: readonly SmallInput[] = [];

beforeAll(async () => {
  inputs = await madeInputs(folder.path);
});
afterAll(() => folder.remove());

describe("damaged inputs, ten thousand a format", () => {
  test.each(titles)(
    "%s",
    async (title) => {
      const input = inputs.find((candidate) => candidate.title === title) as SmallInput;
      const report = await mutationReport(input, { folder: folder.path, count: mutations, seed: 2 });
      console.log(
        `${title}: ${report.accepted} read, ${report.refused} refused, slowest ${report.slowestMilliseconds.toFixed(0)} ms`,
      );
      expect(report.faults).toEqual([]);
      expect(report.accepted + report.refused).toBe(mutations);
      expect(report.accepted).toBeGreaterThan(0);
      expect(report.slowestMilliseconds).toBeLessThan(10_000);
    },
    1_800_000,
  );
});
