/** From analyses to the report: verdict, evidence, what cannot be known, the next command. */

import { checkpointName } from "../record/index.ts";
import { coverageSections } from "./coverage-section.ts";
import type { LikelihoodOverN } from "./likelihood-over-n.ts";
import { selectionSection } from "./likelihood-section.ts";
import { likelihoodTrajectorySections } from "./likelihood-trajectory.ts";
import type { ModelCounts } from "./model-counts.ts";
import { plural } from "./number-text.ts";
import { overNSections } from "./over-n-sections.ts";
import type { ProblemView } from "./problem-view.ts";
import { profileSections, scoreChart } from "./profile-section.ts";
import type { InputSummary, NextCommand, Report } from "./section.ts";
import { withSeriesColours } from "./series-colours.ts";
import { taskSections } from "./task-sections.ts";
import { unknowableSentences } from "./verdict.ts";
import { reportVerdict, type VerdictRequest } from "./verdict-tiers.ts";

/** What `buildReport` makes a report of. */
export interface ReportRequest extends VerdictRequest {
  /** The likelihood analyses at every N of the slider, at the same positions. */
  readonly overN?: readonly (LikelihoodOverN | undefined)[];
  /** Values of N that the page offers. */
  readonly slider?: Report["slider"];
  /** A view a task, with responses to read. */
  readonly problems?: readonly ProblemView[];
  readonly inputs: InputSummary;
  /** The inputs as the user gave them, for the next commands. */
  readonly words: readonly string[];
  /** What an unscored draw of a task is, and how many there are, in words. */
  readonly denominator: (models: readonly ModelCounts[]) => string;
  readonly remarks: readonly string[];
}

/** The report on one or several tasks. */
export function buildReport(request: ReportRequest): Report {
  const { tasks } = request;
  const several = tasks.length > 1;
  const sections = tasks.flatMap((task, index) =>
    taskSections(task, {
      prefix: several ? `${index + 1}-` : "",
      suffix: several ? ` · ${task.task}` : "",
      denominator: request.denominator(task.models.map(({ counts }) => counts)),
    }),
  );
  request.likelihoods.forEach((analysis, index) => {
    const prefix = request.likelihoods.length > 1 ? `${index + 1}-` : "";
    const over = request.overN?.[index];
    const selection = selectionSection(analysis, prefix);
    sections.push(...(over === undefined ? [] : profileSections(analysis, over, prefix)));
    sections.push(...likelihoodTrajectorySections(analysis, over, prefix));
    sections.push(...coverageSections(analysis, prefix));
    sections.push(over === undefined ? selection : { ...selection, chart: scoreChart(analysis, over) });
    if (over !== undefined) sections.push(...overNSections(analysis, over, prefix));
  });
  return {
    schema: "lmcov/report@1",
    title: reportTitle(request),
    ...reportVerdict(request),
    sections: withSeriesColours(sections),
    ...(request.slider !== undefined && { slider: request.slider }),
    ...(request.problems !== undefined && { problems: request.problems }),
    unknowable: [...new Set([...tasks.flatMap(unknowableSentences), ...likelihoodLimits(request)])],
    next: nextCommands(request),
    inputs: { ...request.inputs, notes: [...request.inputs.notes, ...request.remarks] },
  };
}

function reportTitle({ tasks, likelihoods }: ReportRequest): string {
  const models = new Set([
    ...tasks.flatMap((task) => task.models.map(({ counts }) => counts.label)),
    ...likelihoods.flatMap(({ task }) => task.candidates.map(({ model }) => model)),
  ]);
  const names = [...new Set([...tasks, ...likelihoods.map(({ task }) => task)].map(({ task }) => task))];
  const where = names.length === 1 ? (names[0] ?? "") : plural(names.length, "task");
  const who = models.size === 1 ? [...models][0] : plural(models.size, "model");
  return where === "" ? `${who}` : `${who} on ${where}`;
}

function likelihoodLimits({ likelihoods }: ReportRequest): string[] {
  if (likelihoods.length === 0) {
    return [
      "Which responses the model finds likely: verdicts hold no log-probabilities, so coverage of a reference (Cov_N) is not measured here, only success rates.",
    ];
  }
  if (likelihoods.every(({ drawer }) => drawer !== undefined)) return [];
  return [
    "Coverage of the unknown source of the responses: log-probabilities compare the candidates with each other, and a factor N that no candidate reaches stays unseen.",
  ];
}

function nextCommands(request: ReportRequest): NextCommand[] {
  const { tasks, likelihoods } = request;
  const logs = request.words.map(shellWord).join(" ");
  if (tasks.length === 0 && likelihoods.length > 0) {
    return [
      {
        command: `lmcov select ${logs} --budget 16`,
        gain: "the choice for another number of responses at deployment",
      },
      {
        command: `lmcov profile ${logs} --n 2,4,16`,
        gain: "how often each model finds a response far too improbable",
      },
    ];
  }
  const first = tasks[0];
  const chosen = first?.models[first.chosen];
  if (first === undefined || chosen === undefined) return [];
  const commands: NextCommand[] = [];
  const unsolved = chosen.totals.problems - chosen.totals.solvedProblems;
  const only = first.models.length > 1 ? ` --only ${shellWord(checkpointName(chosen.counts))}` : "";
  if (unsolved > 0) {
    commands.push({
      command: `lmcov problems ${logs}${only} --uncovered uncovered.txt`,
      gain: `the ${plural(unsolved, "problem")} that ${chosen.counts.label} never solved, one a line: where more draws say most`,
    });
  }
  if (chosen.totals.mostDraws > 1 && chosen.counts.copies === undefined) {
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
