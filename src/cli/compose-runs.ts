/** A report on several runs together: side by side, and of two what changed from one to the other at its top. */
import { randomGenerator } from "../numeric/index.ts";
import {
  comparisonSection,
  lastModel,
  listText,
  type ReportedRun,
  runsOverTraining,
  runsSection,
  type Section,
  type TaskAnalysis,
} from "../report/index.ts";
import { type ComposedReport, composeReport, type ReportRequest } from "./compose-report.ts";

/** Throws InputError where they hold nothing to report on together. */
export async function composeRuns(
  paths: readonly string[],
  options: ReportRequest & { readonly names: readonly string[] },
): Promise<ComposedReport> {
  const composed = await composeReport(paths, options);
  const { report, tasks, originOf } = composed;
  const runs = options.names.map(
    (name): ReportedRun => ({ name, isOwn: (model) => originOf(model)?.input === name }),
  );
  const generator = randomGenerator(options.seed).split("comparison");
  const found = tasks.map((task) => ({ task, ...runsTogether(task, runs, { ...options, generator }) }));
  const several = found.filter(({ sections }) => sections.length > 0).length > 1;
  const sections = found.flatMap((own, index) =>
    own.sections.map((section) => ({
      ...section,
      ...(several && { id: `${section.id}-${index + 1}`, title: `${section.title} · ${own.task.task}` }),
    })),
  );
  const sentences = found.flatMap(({ task, sentence }) => {
    if (sentence === undefined) return [];
    return [several ? `${task.task}: ${sentence}` : sentence];
  });
  return {
    ...composed,
    report: {
      ...report,
      title: `${listText(options.names)}: ${report.title}`,
      verdict: [...sentences, ...report.verdict],
      leading: Math.max(report.leading, sentences.length),
      sections: [...sections, ...report.sections],
      ...(runs.length === 2 &&
        sentences.length === 0 && {
          unknowable: [
            "What changed from one run to the other in pass@k: they have no task with common problems and draws.",
            ...report.unknowable,
          ],
        }),
    },
  };
}

function runsTogether(
  task: TaskAnalysis,
  runs: readonly ReportedRun[],
  options: Pick<ReportRequest, "level"> & { readonly generator: ReturnType<typeof randomGenerator> },
): { readonly sections: readonly Section[]; readonly sentence?: string } {
  const overTraining = runsOverTraining(task, runs) ?? [];
  if (runs.length > 2) return { sections: [runsSection(task, runs) ?? [], overTraining].flat() };
  const [before, after] = runs.map((run) => lastModel(task, run));
  if (before === undefined || after === undefined) return { sections: [] };
  const found = comparisonSection({ before, after, level: options.level, generator: options.generator });
  if (found === undefined) return { sections: [overTraining].flat() };
  return { sections: [found.section, overTraining].flat(), sentence: found.sentence };
}
