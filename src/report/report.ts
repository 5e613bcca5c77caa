/** From analyses to the report: verdict, evidence, what cannot be known, the next command. */

import type { TaskAnalysis } from "./analysis.ts";
import { plural } from "./number-text.ts";
import type { InputSummary, NextCommand, Report } from "./section.ts";
import { taskSections } from "./task-sections.ts";
import { unknowableSentences, verdictSentences } from "./verdict.ts";

export interface ReportRequest {
  readonly tasks: readonly TaskAnalysis[];
  readonly inputs: InputSummary;
  /** The inputs as the user gave them, for the next commands. */
  readonly words: readonly string[];
  /** What an unscored draw is, in words. */
  readonly denominator: string;
  readonly remarks: readonly string[];
}

/** Tasks whose verdict stands at the top; the others follow in their sections. */
const leadingTasks = 3;

/** The report on one or several tasks. */
export function buildReport(request: ReportRequest): Report {
  const { tasks } = request;
  const several = tasks.length > 1;
  const verdict = tasks.slice(0, leadingTasks).flatMap((task) => {
    const prefix = several ? `${task.task}: ` : "";
    return verdictSentences(task).map((sentence) => prefix + sentence);
  });
  if (tasks.length > leadingTasks) {
    verdict.push(`${plural(tasks.length - leadingTasks, "more task")} below.`);
  }
  const sections = tasks.flatMap((task, index) =>
    taskSections(task, {
      prefix: several ? `${index + 1}-` : "",
      suffix: several ? ` · ${task.task}` : "",
      denominator: request.denominator,
    }),
  );
  return {
    schema: "lmcov/report@1",
    title: reportTitle(tasks),
    verdict,
    sections,
    unknowable: [...new Set(tasks.flatMap(unknowableSentences))],
    next: nextCommands(tasks, request.words),
    inputs: { ...request.inputs, notes: [...request.inputs.notes, ...request.remarks] },
  };
}

function reportTitle(tasks: readonly TaskAnalysis[]): string {
  const models = new Set(tasks.flatMap((task) => task.models.map(({ counts }) => counts.label)));
  const first = tasks[0]?.task ?? "";
  const where = tasks.length === 1 ? first : plural(tasks.length, "task");
  const who = models.size === 1 ? [...models][0] : plural(models.size, "model");
  return where === "" ? `${who}` : `${who} on ${where}`;
}

function nextCommands(tasks: readonly TaskAnalysis[], words: readonly string[]): NextCommand[] {
  const logs = words.map(shellWord).join(" ");
  const first = tasks[0];
  const chosen = first?.models[first.chosen];
  if (first === undefined || chosen === undefined) return [];
  const commands: NextCommand[] = [];
  const unsolved = chosen.totals.problems - chosen.totals.solvedProblems;
  const only = first.models.length > 1 ? ` --only ${shellWord(chosen.counts.model)}` : "";
  if (unsolved > 0) {
    commands.push({
      command: `lmcov problems ${logs}${only} --uncovered uncovered.txt`,
      gain: `the ${plural(unsolved, "problem")} that ${chosen.counts.label} never solved, one a line: where more draws say most`,
    });
  }
  if (chosen.totals.mostDraws > 1) {
    commands.push({
      command: `lmcov forecast ${logs}${only} --k 1000000 --target 0.9`,
      gain: "pass@k up to a million draws and the draws needed for a target",
    });
  }
  return commands;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
