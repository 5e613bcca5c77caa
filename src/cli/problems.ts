/** `lmcov problems`: per-problem counts and intervals, and the problems that were never solved. */
import { rename, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { problemTable } from "../coverage/index.ts";
import { countText, type TableColumn, tableLines } from "../report/index.ts";
import { type LogOptions, logCommand, positiveInteger } from "./log-options.ts";
import { modelFields } from "./model-fields.ts";
import { csvText, jsonText, printRemark, printResult } from "./print.ts";
import { ProblemResponses, responsesText } from "./problem-responses.ts";
import { printReadRemarks, readLogs } from "./read-logs.ts";

interface ProblemsOptions extends LogOptions {
  readonly uncovered?: string;
  readonly k: number;
  readonly show?: string;
}

const examples = `
Examples:
  lmcov problems samples.jsonl --csv > problems.csv
  lmcov problems samples.jsonl --uncovered uncovered.txt     names of problems never solved, one a line
  lmcov problems samples.jsonl --show HumanEval/3            its prompt and all its responses`;

export function command(): Command {
  return logCommand("problems", { csv: true })
    .option("--uncovered <file>", "write the names of problems never solved by any of the models, one a line")
    .option("--show <problem>", "print the prompt of one problem and all its responses")
    .option("--k <number>", "gain of draw k + 1 to the mean pass rate, after k draws", positiveInteger, 1)
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: ProblemsOptions): Promise<void> {
  if (options.show !== undefined) {
    await showProblem(words, options, options.show);
    return;
  }
  const read = await readLogs(words, options);
  const models = read.models.map((counts) => ({
    counts,
    problems: problemTable(counts.problems, { level: options.level, k: options.k }),
  }));
  if (options.uncovered !== undefined) await writeUncovered(options.uncovered, models);
  if (options.json) {
    printResult(
      jsonText({
        schema: "lmcov/problems@1",
        level: options.level,
        models: models.map(({ counts, problems }) => ({ ...modelFields(counts), problemTable: problems })),
        inputs: read.inputs,
        remarks: read.remarks,
      }),
    );
    return;
  }
  const rows = models.flatMap(({ counts, problems }) =>
    problems.map(
      ({ problem, draws, correct, unscored, estimate, lower, upper, marginalGain, nextDrawRate }) => ({
        model: counts.label,
        task: counts.task,
        problem,
        n: draws,
        c: correct,
        unscored,
        rate: estimate,
        lower,
        upper,
        marginalGain,
        nextDrawRate,
      }),
    ),
  );
  printReadRemarks(read);
  if (options.csv) {
    printResult(csvText(rows));
    return;
  }
  const columns: TableColumn[] = [
    { key: "model", title: "model", kind: "text" },
    { key: "problem", title: "problem", kind: "text" },
    { key: "n", title: "n", kind: "count" },
    { key: "c", title: "c", kind: "count" },
    { key: "unscored", title: "unscored", kind: "count" },
    { key: "interval", title: "success rate", kind: "rate" },
    { key: "marginalGain", title: `gain of draw ${options.k + 1}`, kind: "rate" },
    { key: "nextDrawRate", title: "next draw solves", kind: "rate" },
  ];
  const cells = rows.map(({ rate, lower, upper, ...row }) => ({
    ...row,
    interval: { estimate: rate, lower, upper },
  }));
  printResult(tableLines({ columns, rows: cells }).join("\n"));
}

async function showProblem(words: string[], options: ProblemsOptions, name: string): Promise<void> {
  const observer = new ProblemResponses(name);
  const read = await readLogs(words, options, { observer });
  const found = observer.responsesOf(read);
  if (options.json) {
    printResult(jsonText({ schema: "lmcov/responses@1", problem: name, ...found }));
    return;
  }
  printResult(responsesText(found));
}

type ModelProblems = { counts: { task: string }; problems: readonly { problem: string; correct: number }[] };

async function writeUncovered(path: string, models: readonly ModelProblems[]): Promise<void> {
  const solved = new Set<string>();
  const seen = new Map<string, string>();
  for (const { counts, problems } of models) {
    for (const { problem, correct } of problems) {
      const key = `${counts.task}\u0000${problem}`;
      seen.set(key, problem);
      if (correct > 0) solved.add(key);
    }
  }
  const names = [...seen]
    .filter(([key]) => !solved.has(key))
    .map(([, problem]) => problem.replaceAll(/[\r\n]+/g, " "));
  await writeFile(`${path}.tmp`, names.map((name) => `${name}\n`).join(""));
  await rename(`${path}.tmp`, path);
  printRemark(`${countText(names.length)} of ${countText(seen.size)} problems never solved → ${path}`);
}
