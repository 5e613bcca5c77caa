/** `lmcov formats`: what can be read. */
import { Command } from "commander";
import { importers } from "../importer/index.ts";
import { tableLines } from "../report/index.ts";
import { jsonText, printResult } from "./print.ts";

const examples = `
Examples:
  lmcov formats
  lmcov passk answers.txt --format human-eval     read as this format whatever the content looks like`;

export function command(): Command {
  return new Command("formats").option("--json", "print JSON").addHelpText("after", examples).action(run);
}

function run(options: { json?: boolean }): void {
  const formats = importers.map(({ name, summary }) => ({ name, summary }));
  if (options.json) {
    printResult(jsonText({ schema: "lmcov/formats@1", formats }));
    return;
  }
  const rows = [...formats, { name: "run", summary: "a run folder that lmcov import wrote" }];
  const columns = [
    { key: "name", title: "format", kind: "text" as const },
    { key: "summary", title: "what it is", kind: "text" as const },
  ];
  printResult(tableLines({ columns, rows }).join("\n"));
}
