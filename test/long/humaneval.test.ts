/** All CodeGen samples of HumanEval in the sandbox, against the verdicts that were recorded elsewhere. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { pythonVerifier } from "../../src/verifier/index.ts";
import { sharedData } from "../shared-data.ts";

const folder = sharedData("humaneval-codegen");

/**
 * Recorded as correct, and incorrect here: after the function that solves the problem the completion goes on with
 * code at module level that does not parse or run: cut off in the middle, or importing what is not installed.
 */
const goingOn = [
  ...["HumanEval/27 51", "HumanEval/35 19", "HumanEval/48 88", "HumanEval/50 48", "HumanEval/50 59"],
  ...["HumanEval/53 53", "HumanEval/55 29", "HumanEval/55 75", "HumanEval/57 27", "HumanEval/70 58"],
  ...["HumanEval/79 35", "HumanEval/79 91", "HumanEval/121 46", "HumanEval/153 95"],
];

test.skipIf(folder === undefined)(
  "16,386 of 16,400 verdicts are the recorded ones; the other 14 completions pass when cut after the function",
  async () => {
    const lines = (name: string) =>
      readFileSync(`${folder}/${name}`, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    const problems = "HumanEval_for_code_generation.jsonl";
    const names = new Map(lines(problems).map((row) => [row.prompt.trim(), row.task_id]));
    const recorded = new Map(
      lines("codegen16B_humaneval_100samples_verified_here.jsonl").map((row) => [row.task_id, row.passed]),
    );
    const verifier = await pythonVerifier(`${folder}/${problems}`);
    const correct = async (response: string, name: string) => {
      const draw = { response, prompt: undefined, target: undefined, task: "humaneval", problem: name };
      return (await verifier.verify(draw)).verdict === "correct";
    };
    const draws = lines("HumanEval_codegen16B_temp0.8_topp0.95_num100_max300_code_solution.jsonl").flatMap(
      (row: { prompt: string; samples: string[] }) =>
        row.samples.map((response, draw) => ({ response, draw, name: names.get(row.prompt.trim()) })),
    );
    expect(draws).toHaveLength(16_400);
    const waiting = draws.values();
    const differing: string[] = [];
    const work = async () => {
      for (const { response, draw, name } of waiting) {
        if ((await correct(response, name)) === (recorded.get(name)[draw] === 1)) continue;
        differing.push(`${name} ${draw}`);
        expect(recorded.get(name)[draw], `${name} ${draw}`).toBe(1);
        const cut = response.slice(0, response.search(/\n(?=\S)/));
        expect(await correct(cut, name), `${name} ${draw}, cut`).toBe(true);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    expect(differing.sort()).toEqual([...goingOn].sort());
  },
  3_600_000,
);
