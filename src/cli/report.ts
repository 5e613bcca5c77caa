/** `lmcov report`: the answer, in the terminal, as JSON and as one HTML file. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { htmlReport, terminalText } from "../report/index.ts";
import { composeReport, type ReportRequest } from "./compose-report.ts";
import { levelOf, logCommand, positiveIntegers } from "./log-options.ts";
import { realFromOne } from "./positive-reals.ts";
import { jsonText, printRemark, printResult } from "./print.ts";

interface ReportOptions extends ReportRequest {
  readonly out: string;
  readonly html: boolean;
  readonly texts: boolean;
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
    .option("--no-texts", "leave prompts and responses out")
    .option("--budget <number>", "responses drawn at deployment, for the tournament's N", realFromOne, 64)
    .option("--seed <text>", "seed of the bootstrap", "lmcov")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: ReportOptions): Promise<void> {
  const { report, estimates } = await composeReport(words, {
    ...options,
    texts: options.texts && (options.html || options.json === true),
  });
  const json = jsonText({ ...report, ...estimates });
  if (options.html) await writeReport(options.out, { html: await htmlReport(report), json });
  if (options.json) {
    printResult(json);
    return;
  }
  const width = process.stdout.columns ?? 100;
  printResult(terminalText(report, { width: Math.min(width, 120), styled: process.stdout.isTTY === true }));
  if (options.html) printRemark(`\n→ ${join(options.out, "report.html")}`);
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
