/** A report on two runs together, with what changed from one to the other at its top. */
import { randomGenerator } from "../numeric/index.ts";
import { comparisonSection, type ModelAnalysis, type TaskAnalysis } from "../report/index.ts";
import { type ComposedReport, composeReport, type ReportRequest } from "./compose-report.ts";

/** Throws InputError where the two hold nothing to report on together. */
export async function composeComparison(
  paths: readonly string[],
  options: ReportRequest & { readonly names: readonly string[] },
): Promise<ComposedReport> {
  const composed = await composeReport(paths, options);
  const { report, tasks, originOf } = composed;
  const generator = randomGenerator(options.seed).split("comparison");
  const [first, second] = options.names;
  const compared = tasks.flatMap((task) => {
    const before = lastOf(task, (model) => originOf(model)?.input === first);
    const after = lastOf(task, (model) => originOf(model)?.input === second);
    if (before === undefined || after === undefined) return [];
    const found = comparisonSection({ before, after, level: options.level, generator });
    return found === undefined ? [] : [{ ...found, task: task.task }];
  });
  const several = compared.length > 1;
  const compound = {
    ...report,
    title: `${first} and ${second}: ${report.title}`,
    verdict: [
      ...compared.map(({ sentence, task }) => (several ? `${task}: ${sentence}` : sentence)),
      ...report.verdict,
    ],
    sections: [
      ...compared.map(({ section, task }, index) => ({
        ...section,
        ...(several && { id: `${section.id}-${index + 1}`, title: `${section.title} · ${task}` }),
      })),
      ...report.sections,
    ],
    ...(compared.length === 0 && {
      unknowable: [
        "What changed from one run to the other in pass@k: they have no task with common problems and draws.",
        ...report.unknowable,
      ],
    }),
  };
  return { ...composed, report: compound };
}

/** The run's model at its last step, or its only one. */
function lastOf(task: TaskAnalysis, isOwn: (model: string) => boolean): ModelAnalysis | undefined {
  const own = task.models.filter(({ counts }) => isOwn(counts.model));
  return own.sort((left, right) => (left.counts.step ?? 0) - (right.counts.step ?? 0)).at(-1);
}
