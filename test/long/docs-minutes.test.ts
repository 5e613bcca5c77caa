/** Blocks of the documentation that take minutes: trainings, with what is read of them. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type Block, blocksFor, blocksOf, commandsOf } from "../docs-blocks.ts";
import { lmcov } from "../lmcov.ts";
import { writeTrainedRun } from "../trained-run.ts";

const folder = mkdtempSync(join(tmpdir(), "lmcov-docs-minutes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const example = fileURLToPath(new URL("../../examples/training", import.meta.url));
const blocks = blocksFor("long/docs-minutes.test.ts");
const minutes = (page: string) => blocks.filter((block) => block.page === page && block.mark === "minutes");
const results = (page: string) => blocks.filter((block) => block.page === page && block.language === "");
const yaml = (page: string) => blocksOf(page).find(({ language }) => language === "yaml")?.text ?? "";

/** Text whose numbers are left open, and its line breaks: on another processor last digits differ. */
const withoutNumbers = (text: string) =>
  text
    .replaceAll(/\d[\d,]*(?:\.\d+)?/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim();

/** Runs a page's commands; gives what they printed, errors' stream first. */
async function runAll(blocks: readonly Block[], cwd: string): Promise<string> {
  let printed = "";
  for (const [program = "", ...words] of blocks.flatMap(({ text }) => commandsOf(text))) {
    // The copy of the example is where the commands run.
    if (program === "cd") continue;
    if (program === "node") {
      expect(spawnSync(process.execPath, words, { cwd }).status, words.join(" ")).toBe(0);
      continue;
    }
    expect(program).toBe("lmcov");
    const { code, stdout, stderr } = await lmcov(words, { cwd });
    expect(code, `${words.join(" ")}\n${stderr}`).toBe(0);
    printed += `${stderr}\n${stdout}\n`;
  }
  return printed;
}

test("does-my-training-lose-coverage.md: pass@16 is lost on keys alone and kept on both", async () => {
  const page = "does-my-training-lose-coverage.md";
  const own = join(folder, "walk-through");
  cpSync(example, own, { recursive: true });
  expect(parse(yaml(page))).toEqual(parse(readFileSync(join(own, "keys.yaml"), "utf8")));
  const printed = withoutNumbers(await runAll(minutes(page), own));
  expect(results(page).length).toBe(2);
  for (const sentence of results(page).flatMap(({ text }) => text.split(/^(?=•)/m))) {
    expect(printed).toContain(withoutNumbers(sentence));
  }
  const keys = await lmcov(["report", "runs/keys", "--no-html"], { cwd: own });
  expect(keys.stdout).toContain("Coverage turns at step 0: pass@16 of keys falls");
  const both = await lmcov(["report", "runs/both", "--no-html"], { cwd: own });
  expect(both.stdout).not.toContain("pass@16 of both falls");
});

test("graph-reasoning.md: a model learns paths, and a report judges by either verdict", async () => {
  const page = "graph-reasoning.md";
  const own = mkdtempSync(join(folder, "graph-"));
  writeFileSync(join(own, "graph.yaml"), yaml(page));
  const draws = blocksOf(page).filter(({ language, mark }) => language === "sh" && mark === "");
  await runAll(draws, own);
  expect(await runAll(minutes(page), own)).toMatch(/pass@/);
});

test("rules/truncated-distillation.md: saved distributions of a teacher train a student", async () => {
  const page = "rules/truncated-distillation.md";
  const own = mkdtempSync(join(folder, "distillation-"));
  await writeTrainedRun(own);
  cpSync(join(own, "runs", "sums"), join(own, "runs", "teacher"), { recursive: true });
  cpSync(join(own, "test.jsonl"), join(own, "prompts.jsonl"));
  const { rule, ...config } = parse(yaml(page));
  const { teacher: _, ...options } = rule;
  const student = {
    ...config,
    model: { ...config.model, context: 16 },
    data: { file: "drawn" },
    rule: { ...options, distributions: "drawn" },
    steps: 20,
  };
  writeFileSync(join(own, "student.yaml"), stringify(student));
  expect(await runAll(minutes(page), own)).not.toBe("");
});

test("theory.md: every row comes out as predicted", async () => {
  expect(await runAll(minutes("theory.md"), folder)).not.toBe("");
});

test("these are all pages with such blocks", () => {
  const tested = [
    "does-my-training-lose-coverage.md",
    "graph-reasoning.md",
    "rules/truncated-distillation.md",
    "theory.md",
  ];
  expect([...new Set(blocks.map(({ page }) => page))]).toEqual(tested);
});
