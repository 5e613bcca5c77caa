/** The problem view of an analysed task. */
import { clopperPearson } from "../coverage/index.ts";
import type { TaskAnalysis } from "./analysis.ts";
import type { CountInterval, ProblemView } from "./problem-view.ts";

/** More than this many pairs of counts: only the best model's get an interval. */
const mostIntervals = 5000;

/** The problems of a task, in order of appearance, without responses. */
export function problemView(task: TaskAnalysis): ProblemView {
  const models = rankedModels(task);
  const positions = new Map<string, number>();
  for (const { counts } of models) {
    for (const { problem } of counts.problems) {
      if (!positions.has(problem)) positions.set(problem, positions.size);
    }
  }
  const size = positions.size;
  const draws = models.map(() => new Array<number>(size).fill(0));
  const correct = models.map(() => new Array<number>(size).fill(0));
  const heldBy = new Array<number>(size).fill(0);
  const solvedBy = new Array<number>(size).fill(0);
  models.forEach(({ counts }, model) => {
    for (const count of counts.problems) {
      const position = positions.get(count.problem)!;
      draws[model]![position] = count.draws;
      correct[model]![position] = count.correct;
      heldBy[position]! += 1;
      if (count.correct > 0) solvedBy[position]! += 1;
    }
  });
  return {
    task: task.task,
    level: task.level,
    models: models.map(({ counts }) => counts.label),
    problems: [...positions.keys()],
    draws,
    correct,
    heldBy,
    solvedBy,
    intervals: countIntervals({ draws, correct, level: task.level }),
    shown: [],
    notes: [],
  };
}

/** Models from the best at the deciding k down; the task's choice first. */
function rankedModels(task: TaskAnalysis): TaskAnalysis["models"] {
  const chosen = task.models[task.chosen];
  const value = (analysis: TaskAnalysis["models"][number]) =>
    analysis === chosen
      ? Number.POSITIVE_INFINITY
      : (analysis.measured.find(({ k }) => k === task.decidingK)?.estimate ?? Number.NEGATIVE_INFINITY);
  return [...task.models].sort((left, right) => value(right) - value(left) || 0);
}

function countIntervals(view: {
  readonly draws: readonly (readonly number[])[];
  readonly correct: readonly (readonly number[])[];
  readonly level: number;
}): CountInterval[] {
  const pairs = pairsOf(view, view.draws.length);
  const kept = pairs.size <= mostIntervals ? pairs : pairsOf(view, 1);
  return [...kept.values()].slice(0, 4 * mostIntervals).map(({ draws, correct }) => ({
    draws,
    correct,
    ...clopperPearson({ successes: correct, trials: draws, level: view.level }),
  }));
}

/** The different counts of the first models. */
function pairsOf(
  view: { readonly draws: readonly (readonly number[])[]; readonly correct: readonly (readonly number[])[] },
  models: number,
): Map<string, { draws: number; correct: number }> {
  const pairs = new Map<string, { draws: number; correct: number }>();
  for (let model = 0; model < models; model += 1) {
    const column = view.draws[model] ?? [];
    for (let problem = 0; problem < column.length; problem += 1) {
      const draws = column[problem]!;
      const correct = view.correct[model]![problem]!;
      if (draws === 0) continue;
      const key = pairKey(draws, correct);
      if (!pairs.has(key)) pairs.set(key, { draws, correct });
    }
  }
  return pairs;
}

const pairKey = (draws: number, correct: number): string => `${draws}/${correct}`;
