/** Several runs on the same problems: the last model of each in one chart and a row a run, and all over training. */
import type { TaskAnalysis } from "./analysis.ts";
import type { ModelAnalysis } from "./model-analysis.ts";
import { countText, plural } from "./number-text.ts";
import type { Cell, Section } from "./section.ts";
import type { Trajectory } from "./trajectory.ts";
import { levelText } from "./verdict.ts";

/** A run, and which of the task's models are its own. */
export interface ReportedRun {
  readonly name: string;
  isOwn(model: string): boolean;
}

/** The run's model at its last step, or its only one; undefined where the task has none of it. */
export function lastModel(task: TaskAnalysis, { isOwn }: ReportedRun): ModelAnalysis | undefined {
  const own = task.models.filter(({ counts }) => isOwn(counts.model));
  return own.sort((left, right) => (left.counts.step ?? 0) - (right.counts.step ?? 0)).at(-1);
}

/** The last models of the runs side by side; undefined where fewer than two of them have the task. */
export function runsSection(task: TaskAnalysis, runs: readonly ReportedRun[]): Section | undefined {
  const shown = runs.flatMap((run) => {
    const model = lastModel(task, run);
    return model === undefined ? [] : [{ run: run.name, model }];
  });
  if (shown.length < 2) return undefined;
  const ks = [...new Set(shown.flatMap(({ model }) => model.measured.map(({ k }) => k)))];
  ks.sort((left, right) => left - right);
  return {
    id: "runs",
    title: "Runs side by side",
    explanation: `pass@k of the last model of each run on the problems that it tried, with ${levelText(task)} Korn–Graubard intervals over problems. Two runs chosen to be compared give the difference on common problems with its interval.`,
    chart: {
      kind: "pass-at-k",
      series: shown.map(({ run, model }) => ({
        label: run,
        emphasised: true,
        measured: model.curve,
        forecast: model.forecast,
      })),
    },
    table: {
      columns: [
        { key: "run", title: "run", kind: "text" },
        { key: "model", title: "last model", kind: "text" },
        { key: "problems", title: "problems", kind: "count" },
        { key: "draws", title: "draws", kind: "count" },
        ...ks.map((k) => ({ key: `k${k}`, title: `pass@${countText(k)}`, kind: "rate" as const })),
      ],
      rows: shown.map(({ run, model }) => {
        const { problems, draws } = model.totals;
        const row: Record<string, Cell> = { run, model: model.counts.label, problems, draws };
        for (const { k, estimate, lower, upper } of model.measured) row[`k${k}`] = { estimate, lower, upper };
        return row;
      }),
    },
  };
}

/** pass@k at the deciding k over the checkpoints of every run; undefined where fewer than two runs have checkpoints. */
export function runsOverTraining(task: TaskAnalysis, runs: readonly ReportedRun[]): Section | undefined {
  const own = runs.flatMap((run) =>
    task.trajectories.filter(({ model }) => run.isOwn(model)).map((trajectory) => ({ run, trajectory })),
  );
  const unit = own[0]?.trajectory.unit;
  const shown = own.filter(({ trajectory }) => trajectory.unit === unit);
  if (unit === undefined || new Set(shown.map(({ run }) => run)).size < 2) return undefined;
  const { decidingK } = task;
  return {
    id: "runs-over-training",
    title: `pass@${countText(decidingK)} of the runs over training`,
    explanation: `pass@${countText(decidingK)} of the checkpoints of ${plural(shown.length, "training")} by ${unit}, with ${levelText(task)} intervals.`,
    chart: {
      kind: "trajectory",
      unit,
      series: shown.map(({ run, trajectory }) => ({
        label: run.name,
        points: pointsOf(trajectory, decidingK),
      })),
    },
  };
}

const pointsOf = ({ checkpoints }: Trajectory, decidingK: number) =>
  checkpoints.flatMap(({ at, analysis }) => {
    const found = analysis.measured.find(({ k }) => k === decidingK);
    return found === undefined
      ? []
      : [{ at, estimate: found.estimate, lower: found.lower, upper: found.upper }];
  });
