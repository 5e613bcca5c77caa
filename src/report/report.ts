/** From analyses to the report: verdict, evidence, what cannot be known, the next command. */

import { describeSampling } from "../record/index.ts";
import type { ModelAnalysis, TaskAnalysis } from "./analysis.ts";
import { colouredSeries } from "./chart-palette.ts";
import { countText, isVacuous, listText, plural } from "./number-text.ts";
import type {
  Cell,
  InputSummary,
  NextCommand,
  PassAtKSeries,
  Report,
  Section,
  TableColumn,
} from "./section.ts";
import { levelText, unknowableSentences, verdictSentences } from "./verdict.ts";

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
    taskSections(task, several ? `${index + 1}-` : "", request, several),
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

function taskSections(
  task: TaskAnalysis,
  prefix: string,
  request: ReportRequest,
  several: boolean,
): Section[] {
  const suffix = several ? ` · ${task.task}` : "";
  const sections = [passAtKSection(task, prefix, suffix)];
  const beyond = forecastSection(task, prefix, suffix);
  if (beyond !== undefined) sections.push(beyond);
  const reach = reachSection(task, prefix, suffix);
  if (reach !== undefined) sections.push(reach);
  sections.push(countsSection(task, prefix, suffix, request.denominator));
  return sections;
}

/** Models from the best at the deciding k down. */
function ranked(task: TaskAnalysis): ModelAnalysis[] {
  const value = (analysis: ModelAnalysis) =>
    analysis.measured.find(({ k }) => k === task.decidingK)?.estimate ?? Number.NEGATIVE_INFINITY;
  return [...task.models].sort((left, right) => value(right) - value(left));
}

function passAtKSection(task: TaskAnalysis, prefix: string, suffix: string): Section {
  const models = ranked(task);
  const ks = [...new Set(models.flatMap(({ measured }) => measured.map(({ k }) => k)))].sort((a, b) => a - b);
  const columns: TableColumn[] = [{ key: "model", title: "model", kind: "text" }];
  for (const k of ks) columns.push({ key: `k${k}`, title: `pass@${countText(k)}`, kind: "rate" });
  const set = task.comparison?.comparisons.find(({ k }) => k === task.decidingK);
  if (set !== undefined)
    columns.push({ key: "set", title: `best at k = ${countText(task.decidingK)}?`, kind: "text" });
  const rows = models.map(({ counts, measured }) => {
    const row: Record<string, Cell> = { model: counts.label };
    for (const { k, estimate, lower, upper } of measured) row[`k${k}`] = { estimate, lower, upper };
    const member = set?.members.find(({ model }) => model === counts.label);
    if (member !== undefined) row.set = member.inSet ? "not told apart" : "below";
    return row;
  });
  return {
    id: `${prefix}pass-at-k`,
    title: `pass@k, measured${suffix}`,
    explanation: `Probability that at least one of k draws is correct, averaged over problems: the unbiased estimator 1 − C(n−c, k)/C(n, k) for k up to the smallest n, with ${levelText(task)} Korn–Graubard intervals over problems. In the chart, the band beyond the measured range is the forecast.`,
    chart: { kind: "pass-at-k", series: chartSeries(models) },
    table: { columns, rows },
    remarks: comparisonRemarks(task),
  };
}

function comparisonRemarks(task: TaskAnalysis): string[] {
  const remarks: string[] = [];
  const common = task.comparison?.problems;
  if (common !== undefined) {
    const rough = common < 20 ? "; with fewer than 20 problems it is rough" : "";
    remarks.push(
      `“Not told apart” is the set that holds the best model with probability ${levelText(task)}: paired per-problem differences, studentized, bootstrap over ${plural(common, "common problem")}${rough}.`,
    );
  }
  if (task.notCompared.length > 0) {
    remarks.push(`Not compared in pairs, for having too few of the problems: ${listText(task.notCompared)}.`);
  }
  return remarks;
}

function chartSeries(models: readonly ModelAnalysis[]): PassAtKSeries[] {
  const emphasised = new Set(models.slice(0, models.length <= colouredSeries ? colouredSeries : 4));
  const worst = models.at(-1);
  if (worst !== undefined) emphasised.add(worst);
  return models.map((analysis) => ({
    label: analysis.counts.label,
    emphasised: emphasised.has(analysis),
    measured: analysis.curve,
    forecast: emphasised.has(analysis) ? analysis.forecast : [],
  }));
}

function forecastSection(task: TaskAnalysis, prefix: string, suffix: string): Section | undefined {
  const models = ranked(task).filter(({ forecast }) => forecast.length > 0);
  if (models.length === 0) return undefined;
  const ks = [...new Set(models.flatMap(({ forecast }) => forecast.map(({ k }) => k)))].sort((a, b) => a - b);
  const columns: TableColumn[] = [{ key: "model", title: "model", kind: "text" }];
  for (const k of ks) columns.push({ key: `k${k}`, title: `pass@${countText(k)}`, kind: "rate" });
  const rows = models.map(({ counts, forecast }) => {
    const row: Record<string, Cell> = { model: counts.label };
    for (const { k, lower, upper } of forecast) row[`k${k}`] = { lower, upper };
    return row;
  });
  return {
    id: `${prefix}forecast`,
    title: `pass@k beyond the draws taken${suffix}`,
    explanation: `${levelText(task)} intervals from the likelihood of all mixing distributions of success rates (nonparametric maximum likelihood, profile likelihood ratio with the χ² cutoff, which simulation supports and no theorem does). The interval is the answer; no single curve is known here.`,
    table: { columns, rows },
  };
}

function reachSection(task: TaskAnalysis, prefix: string, suffix: string): Section | undefined {
  const name = task.models[task.chosen]?.counts.label;
  if (task.underRate.length === 0 || name === undefined) return undefined;
  return {
    id: `${prefix}reach`,
    title: `Problems out of reach of ${name}${suffix}`,
    explanation: `Share of problems whose success rate is at most 1/N: with π_D deterministic, the answer-level coverage profile. Same likelihood intervals as the forecast.`,
    table: {
      columns: [
        { key: "rate", title: "success rate at most", kind: "text" },
        { key: "share", title: "share of problems", kind: "rate" },
      ],
      rows: task.underRate.map(({ threshold, lower, upper }) => ({
        rate: `1 in ${countText(1 / threshold)}`,
        share: isVacuous({ lower, upper }) ? "not informative" : { lower, upper },
      })),
    },
  };
}

function countsSection(task: TaskAnalysis, prefix: string, suffix: string, denominator: string): Section {
  return {
    id: `${prefix}counts`,
    title: `What was counted${suffix}`,
    explanation: denominator,
    table: {
      columns: [
        { key: "model", title: "model", kind: "text" },
        { key: "problems", title: "problems", kind: "count" },
        { key: "draws", title: "draws", kind: "count" },
        { key: "perProblem", title: "a problem", kind: "text" },
        { key: "correct", title: "correct", kind: "count" },
        { key: "unscored", title: "unscored", kind: "count" },
        { key: "unsolved", title: "never solved", kind: "count" },
        { key: "scorer", title: "scorer", kind: "text" },
        { key: "sampling", title: "sampling", kind: "text" },
      ],
      rows: task.models.map(({ counts, totals }) => ({
        model: counts.label,
        problems: totals.problems,
        draws: totals.draws,
        perProblem:
          totals.fewestDraws === totals.mostDraws
            ? countText(totals.mostDraws)
            : `${countText(totals.fewestDraws)}–${countText(totals.mostDraws)}`,
        correct: totals.correct,
        unscored: totals.unscored,
        unsolved: totals.problems - totals.solvedProblems,
        scorer: counts.verifier,
        sampling: describeSampling(counts.sampling) || "not in the log",
      })),
    },
  };
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
