/** What a report on several tasks says of each. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lmcov } from "../lmcov.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-report-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** lm-eval's samples, of which the metric judges the first repeat alone. */
const samples = (documents: number, repeats: number) =>
  Array.from({ length: documents }, (_, document) => {
    const texts = Array.from({ length: repeats }, (_, repeat) => `${document} ${repeat}`);
    const record = {
      doc_id: document,
      resps: [texts],
      filtered_resps: [texts[0]],
      exact_match: document % 2,
    };
    return `${JSON.stringify(record)}\n`;
  }).join("");

test("each task of a report has the unscored draws of its own", async () => {
  await writeFile(join(folder, "samples_sums_2025-01-31T10-00-00.000000.jsonl"), samples(6, 4));
  await writeFile(join(folder, "samples_words_2025-01-31T10-00-00.000000.jsonl"), samples(5, 2));
  await writeFile(join(folder, "samples_lines_2025-01-31T10-00-00.000000.jsonl"), samples(5, 1));
  const { stdout, stderr } = await lmcov(["report", ".", "--json"], { cwd: folder });
  expect(stderr).toBe("");
  const { sections, inputs } = JSON.parse(stdout);
  const counted = sections.filter(({ title }: { title: string }) => title.startsWith("What was counted"));
  const told = counted.map(({ title, explanation }: { title: string; explanation: string }) => [
    title.replace("What was counted · ", ""),
    /\((.*)\)/.exec(explanation)?.[1],
  ]);
  expect(Object.fromEntries(told)).toEqual({ sums: "18 here", words: "5 here", lines: "none here" });
  expect(inputs.notes.join(" ")).toContain("(23 here)");
});
