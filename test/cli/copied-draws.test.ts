/** Repeats that a server with one seed answers alike are not counted as independent draws. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lmcov } from "../lmcov.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-copied-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const problems = 20;

interface Shape {
  readonly temperature?: number;
  readonly textOf: (problem: number, repeat: number) => string;
  /** A verdict a repeat, or one value for all. */
  readonly pooled?: boolean;
}

/** lm-eval's samples of 20 documents in four repeats; a third of the documents are solved. */
function samples({ temperature = 0.8, textOf, pooled = false }: Shape): string {
  return Array.from({ length: problems }, (_, problem) => {
    const texts = [0, 1, 2, 3].map((repeat) => textOf(problem, repeat));
    const score = problem % 3 === 0 ? 1 : 0;
    return `${JSON.stringify({
      doc_id: problem,
      doc: { question: `question ${problem}` },
      target: "x",
      arguments: {
        gen_args_0: { arg_0: `question ${problem}`, arg_1: { do_sample: temperature > 0, temperature } },
      },
      resps: [texts],
      filtered_resps: pooled ? [texts] : texts,
      filter: "none",
      ...(pooled ? { metrics: ["pass@1"], "pass@1": score } : { exact_match: texts.map(() => score) }),
    })}\n`;
  }).join("");
}

const copy = (problem: number) => `the answer to ${problem}`;
const sentence = /are copies: in all 20 problems with several draws these are one text/;

async function run(...words: string[]) {
  const result = await lmcov(words, { cwd: folder });
  expect(result.code, result.stderr).toBe(0);
  return result;
}

describe("draws that are copies", () => {
  test("are said and not counted as several by a report, on the log and on its import", async () => {
    await writeFile(join(folder, "copies.jsonl"), samples({ textOf: copy }));
    const { stderr } = await run("import", "copies.jsonl", "--out", "run");
    expect(stderr).toMatch(sentence);
    for (const input of ["copies.jsonl", "run"]) {
      const report = JSON.parse((await run("report", input, "--k", "1,4,100", "--json")).stdout);
      const { verdict, leading, sections, inputs, next } = report;
      expect(verdict[0]).toMatch(/solves 35% of problems within 1 draw /);
      expect(verdict[1]).toMatch(sentence);
      expect(leading).toBe(2);
      expect(verdict.join(" ")).not.toMatch(/pass@4|within 4|k = 4|k = 100/);
      expect(sections.find(({ id }: { id: string }) => id === "counts").explanation).toMatch(sentence);
      expect(sections.map(({ id }: { id: string }) => id)).not.toContain("forecast");
      expect(inputs.notes.filter((note: string) => sentence.test(note))).toHaveLength(1);
      expect(JSON.stringify(next)).not.toContain("lmcov forecast");
      const [{ passAtK, forecast }] = report.tasks[0].models;
      expect(passAtK.map(({ k }: { k: number }) => k)).toEqual([1]);
      expect(forecast).toEqual([]);
    }
    expect((await run("passk", "copies.jsonl", "--k", "1,4")).stderr).toMatch(sentence);
  });

  test("are known too where the log has one number for all repeats", async () => {
    await writeFile(join(folder, "pooled.jsonl"), samples({ textOf: copy, pooled: true }));
    expect((await run("import", "pooled.jsonl", "--out", "pooled")).stderr).toMatch(sentence);
    for (const input of ["pooled.jsonl", "pooled"]) {
      expect((await run("passk", input, "--k", "1,4")).stderr).toMatch(sentence);
    }
  });

  test("are not those that differ, choose among a few letters, or are at temperature 0 by their settings", async () => {
    const shapes: Record<string, Shape> = {
      differ: { textOf: (problem, repeat) => `${copy(problem)}, ${repeat}` },
      letters: { textOf: (problem) => "ABCD".charAt(problem % 4) },
      greedy: { textOf: copy, temperature: 0 },
    };
    for (const [name, shape] of Object.entries(shapes)) {
      await writeFile(join(folder, `${name}.jsonl`), samples(shape));
      expect((await run("import", `${name}.jsonl`, "--out", name)).stderr).not.toContain("copies");
      expect((await run("passk", `${name}.jsonl`, "--k", "1,4")).stderr).not.toContain("copies");
    }
    const { unknowable } = JSON.parse((await run("report", "greedy.jsonl", "--json")).stdout);
    expect(unknowable.join(" ")).toContain("at temperature 0 they are copies");
  });
});
