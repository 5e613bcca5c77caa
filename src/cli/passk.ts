/** `lmcov passk`: measured pass@k with intervals. */
import type { Command } from "commander";
import { largestCommonK, passAtKEstimates } from "../coverage/index.ts";
import { InputError } from "../record/index.ts";
import {
  type Cell,
  countText,
  largestMeasuredK,
  type ModelCounts,
  shownDrawCounts,
  type TableColumn,
  tableLines,
} from "../report/index.ts";
import { type LogOptions, logCommand, positiveIntegers } from "./log-options.ts";
import { modelFields } from "./model-fields.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { printReadRemarks, readLogs } from "./read-logs.ts";

interface PasskOptions extends LogOptions {
  readonly k?: number[];
}

const examples = `
Examples:
  lmcov passk samples_gsm8k.jsonl --k 1,10
  lmcov passk counts.parquet --map problem=id n=tries c=solved --json
  lmcov passk solutions.jsonl --verify numeric --csv

k above the smallest n of a model is refused: see lmcov forecast.`;

export function command(): Command {
  return logCommand("passk", { csv: true })
    .option(
      "--k <list>",
      "numbers of draws, such as 1,10,100 (default: powers up to the smallest n; 1 where draws are copies)",
      positiveIntegers,
    )
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: PasskOptions): Promise<void> {
  const read = await readLogs(words, options);
  const models = read.models.map((counts) => ({ counts, passAtK: estimates(counts, options) }));
  if (options.json) {
    printResult(
      jsonText({
        schema: "lmcov/passk@1",
        level: options.level,
        models: models.map(({ counts, passAtK }) => ({ ...modelFields(counts), passAtK })),
        inputs: read.inputs,
        remarks: read.remarks,
      }),
    );
    return;
  }
  printReadRemarks(read);
  if (options.csv) {
    printResult(
      csvText(
        models.flatMap(({ counts, passAtK }) =>
          passAtK.map((row) => ({ model: counts.label, task: counts.task, ...row })),
        ),
      ),
    );
    return;
  }
  const ks = [...new Set(models.flatMap(({ passAtK }) => passAtK.map(({ k }) => k)))].sort((a, b) => a - b);
  const columns: TableColumn[] = [
    { key: "model", title: "model", kind: "text" },
    { key: "task", title: "task", kind: "text" },
    ...ks.map((k): TableColumn => ({ key: `k${k}`, title: `pass@${countText(k)}`, kind: "rate" })),
  ];
  const rows = models.map(({ counts, passAtK }) => {
    const row: Record<string, Cell> = { model: counts.label, task: counts.task };
    for (const { k, estimate, lower, upper } of passAtK) row[`k${k}`] = { estimate, lower, upper };
    return row;
  });
  printResult(tableLines({ columns, rows }).join("\n"));
}

function estimates(counts: ModelCounts, options: PasskOptions) {
  const largest = largestCommonK(counts.problems);
  const ks = options.k ?? shownDrawCounts(largestMeasuredK(counts));
  const beyond = ks.find((k) => k > largest);
  if (beyond !== undefined) {
    throw new InputError(
      `--k ${beyond}: ${counts.label} has a problem with ${largest} draws, so pass@k is measured up to k = ${largest}; lmcov forecast --k ${beyond} goes beyond`,
    );
  }
  return passAtKEstimates(counts.problems, ks, { level: options.level });
}
