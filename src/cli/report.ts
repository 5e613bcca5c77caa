/** `lmcov report`: the answer, in the terminal, as JSON and as one HTML file. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { randomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import {
  analyseLikelihoods,
  analyseTasks,
  buildReport,
  htmlReport,
  type LikelihoodTask,
  listText,
  measuredChoice,
  passAtKAgreement,
  type TaskAnalysis,
  terminalText,
} from "../report/index.ts";
import { type LogOptions, levelOf, logCommand, positiveIntegers } from "./log-options.ts";
import { modelFields } from "./model-fields.ts";
import { realFromOne } from "./positive-reals.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
import { countsOf, readInputs } from "./read-logs.ts";

interface ReportOptions extends LogOptions {
  readonly k?: number[];
  readonly target?: number;
  readonly out: string;
  readonly html: boolean;
  readonly seed: string;
  readonly budget: number;
}

const examples = `
Examples:
  lmcov report samples_gsm8k.jsonl
  lmcov report checkpoints/*/samples_*.jsonl --k 1,8,64 --target 0.9
  lmcov report solutions.jsonl --verify numeric --out report-gsm8k
  lmcov report run --json > report.json`;

export function command(): Command {
  return logCommand("report")
    .option(
      "--k <list>",
      "numbers of draws to report; the largest that all models measure decides",
      positiveIntegers,
    )
    .option("--target <share>", "share of problems to solve, for the draws needed", levelOf)
    .option("--out <folder>", "folder for report.html and report.json", "lmcov-report")
    .option("--no-html", "write no files")
    .option("--budget <number>", "responses drawn at deployment, for the tournament's N", realFromOne, 64)
    .option("--seed <text>", "seed of the bootstrap", "lmcov")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: ReportOptions): Promise<void> {
  const read = await readInputs(words, options);
  const hasLikelihoods = read.loaded.likelihoods.some(({ role }) => role !== "choice");
  // Without counts the log-probabilities are the report; without either, the error says what is missing.
  const counts = read.loaded.groups.length > 0 || !hasLikelihoods ? countsOf(read, options) : undefined;
  const scored = hasLikelihoods ? likelihoodsOf(read, options) : undefined;
  const models = counts?.models ?? [];
  const generator = randomGenerator(options.seed);
  const progress = progressLine({ title: "estimating", total: models.length });
  const tasks = analyseTasks(models, {
    level: options.level,
    generator,
    ...(options.k !== undefined && { ks: options.k }),
    ...(options.target !== undefined && { target: options.target }),
    onProgress: (done) => progress.update(done),
  });
  progress.finish();
  const { budget, level } = options;
  const selection = { budget, level, delta: 1 - level, generator: generator.split("selection") };
  const scoredTasks = scored?.tasks ?? [];
  const pools = scoredTasks.filter((task) => isOwnPool(task, scoredTasks));
  const likelihoods = scoredTasks
    .filter((task) => !pools.includes(task))
    .flatMap((task) => analyseLikelihoods(task, selection) ?? []);
  if (tasks.length === 0 && likelihoods.length === 0) {
    throw new InputError("log-probabilities of one model alone: see lmcov profile");
  }
  const measured = likelihoods.map(({ task }) => measuredChoice(task, models));
  const agreements = tasks.flatMap(({ models: analysed, decidingK: k }) =>
    likelihoods.flatMap((analysis) => {
      const counted = analysed.map((model) => model.counts);
      const agreement = passAtKAgreement(analysis, counted, { level, generator, k });
      return agreement === undefined ? [] : [{ agreement, k }];
    }),
  );
  const report = buildReport({
    tasks,
    likelihoods,
    measured,
    agreements,
    inputs: read.summary,
    words: read.words,
    denominator: counts?.denominator ?? "",
    remarks: [...(counts?.remarks ?? []), ...(scored?.remarks ?? []), ...poolRemarks(pools)],
  });
  const json = jsonText({
    ...report,
    level: options.level,
    tasks: tasks.map(taskFields),
    likelihoods: likelihoods.map(({ task, ...rest }) => ({ task: task.task, ...rest })),
    agreements,
  });
  if (options.html) await writeReport(options.out, { html: await htmlReport(report), json });
  if (options.json) {
    printResult(json);
    return;
  }
  const width = process.stdout.columns ?? 100;
  printResult(terminalText(report, { width: Math.min(width, 120), styled: process.stdout.isTTY === true }));
  if (options.html) printRemark(`\n→ ${join(options.out, "report.html")}`);
}

/** True for responses that one of the compared models drew: they favour it, and say nothing of the data. */
function isOwnPool({ task, role, drawnBy }: LikelihoodTask, all: readonly LikelihoodTask[]): boolean {
  if (role !== "draw") return false;
  return all.some(
    (other) =>
      other.task === task &&
      other.drawnBy !== drawnBy &&
      other.candidates.some(({ model }) => model === drawnBy),
  );
}

function poolRemarks(pools: readonly LikelihoodTask[]): string[] {
  if (pools.length === 0) return [];
  const drawers = listText([...new Set(pools.map(({ drawnBy }) => drawnBy ?? ""))], 4);
  return [
    `Log-probabilities of what the compared models drew themselves (${drawers}) choose nothing here: lmcov profile shows them, lmcov select --offset uses them.`,
  ];
}

function taskFields(task: TaskAnalysis) {
  const { models, chosen, ...rest } = task;
  return {
    ...rest,
    chosen: models[chosen]?.counts.label,
    models: models.map(({ counts, measured, forecast }) => ({
      ...modelFields(counts),
      passAtK: measured,
      forecast,
    })),
  };
}

async function writeReport(folder: string, texts: { html: string; json: string }): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of [
    ["report.html", texts.html],
    ["report.json", `${texts.json}\n`],
  ] as const) {
    const path = join(folder, name);
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  }
}
