/** Repeats that a server with one seed answers alike are not counted as independent draws. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lmcovHere } from "../lmcov.ts";

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
  const result = await lmcovHere(words, folder);
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

  test("measure pass@1 alone at temperature 0 too, whatever their texts", async () => {
    const shapes: Record<string, Shape> = {
      greedy: { textOf: copy, temperature: 0 },
      unstable: { textOf: (problem, repeat) => `${copy(problem)}, ${repeat}`, temperature: 0 },
    };
    for (const [name, shape] of Object.entries(shapes)) {
      await writeFile(join(folder, `${name}.jsonl`), samples(shape));
      const { verdict, unknowable, sections, tasks } = JSON.parse(
        (await run("report", `${name}.jsonl`, "--json")).stdout,
      );
      expect(verdict[0]).toMatch(/solves 35% of problems within 1 draw /);
      expect(verdict[1]).toBe(
        `Draws of ${name} are copies: they are taken at temperature 0. They say nothing of pass@k for k > 1.`,
      );
      expect(verdict.join(" ")).not.toMatch(/pass@4|within 4/);
      expect(unknowable.join(" ")).toContain("at temperature 0 they are copies");
      expect(sections.map(({ id }: { id: string }) => id)).not.toContain("forecast");
      expect(tasks[0].models[0].passAtK).toHaveLength(1);
    }
  });

  test("give passk and forecast no k beyond 1 unless it is asked for", async () => {
    await writeFile(join(folder, "copies.jsonl"), samples({ textOf: copy }));
    await writeFile(join(folder, "greedy.jsonl"), samples({ textOf: copy, temperature: 0 }));
    for (const [name, said] of [
      ["copies.jsonl", sentence],
      ["greedy.jsonl", /are copies: they are taken at temperature 0\. They say nothing of pass@k for k > 1/],
    ] as const) {
      const ks = async (...words: string[]) => {
        const { models, remarks } = JSON.parse((await run(...words, name, "--json")).stdout);
        expect(remarks.filter((remark: string) => said.test(remark))).toHaveLength(1);
        return (models[0].passAtK ?? models[0].forecast).map(({ k }: { k: number }) => k);
      };
      expect(await ks("passk")).toEqual([1]);
      expect(await ks("passk", "--k", "1,4")).toEqual([1, 4]);
      expect(await ks("forecast")).toEqual([]);
      expect(await ks("forecast", "--k", "100")).toEqual([100]);
      expect((await run("forecast", name)).stdout).toMatch(/no forecast: the draws are copies/);
      for (const command of ["passk", "forecast"]) {
        const { stdout, stderr } = await run(command, name, "--csv");
        expect(stderr).toMatch(said);
        expect(stdout).not.toMatch(said);
      }
    }
  });

  test("give reward no N beyond 1 unless it is asked for", async () => {
    const lines = Array.from({ length: 40 }, (_, row) =>
      JSON.stringify({ problem: row % 10, correct: row % 3 === 0, reward: row, temperature: 0 }),
    );
    await writeFile(join(folder, "rewarded.jsonl"), lines.join("\n"));
    const ns = async (...words: string[]) => {
      const { models } = JSON.parse((await run("reward", "rewarded.jsonl", "--json", ...words)).stdout);
      return models[0].bestOfN.map(({ n }: { n: number }) => n);
    };
    expect(await ns()).toEqual([1]);
    expect(await ns("--k", "1,4")).toEqual([1, 4]);
  });

  test("are compared with other models at k = 1 alone", async () => {
    await writeFile(join(folder, "copies.jsonl"), samples({ textOf: copy }));
    await writeFile(
      join(folder, "differ.jsonl"),
      samples({ textOf: (problem, repeat) => `${problem} ${repeat}` }),
    );
    const report = await run(
      "report",
      "copies.jsonl",
      "differ.jsonl",
      "--task",
      "same",
      "--k",
      "1,4",
      "--json",
    );
    const [{ comparison, models }] = JSON.parse(report.stdout).tasks;
    expect(models.map(({ passAtK }: { passAtK: unknown[] }) => passAtK.length).sort()).toEqual([1, 2]);
    expect(comparison.comparisons.map(({ k }: { k: number }) => k)).toEqual([1]);
  });

  test("are not those that differ or choose among a few letters", async () => {
    const shapes: Record<string, Shape> = {
      differ: { textOf: (problem, repeat) => `${copy(problem)}, ${repeat}` },
      letters: { textOf: (problem) => "ABCD".charAt(problem % 4) },
    };
    for (const [name, shape] of Object.entries(shapes)) {
      await writeFile(join(folder, `${name}.jsonl`), samples(shape));
      expect((await run("import", `${name}.jsonl`, "--out", name)).stderr).not.toContain("copies");
      expect((await run("passk", `${name}.jsonl`, "--k", "1,4")).stderr).not.toContain("copies");
    }
  });
});
