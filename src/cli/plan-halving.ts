/** Which checkpoints to score on more responses, in words and fields. */
import { countText, type LikelihoodTask, listText, plural, printable, rateText } from "../report/index.ts";
import { type HalvingRound, halvingRound, likelihoodTable } from "../selection/index.ts";

export interface HalvingPlan extends HalvingRound {
  readonly task: string;
  readonly n: number;
  /** Responses to score next, with the survivors and their opponents. */
  readonly moreRecords: number;
}

/** One plan a task on which several models scored the same responses. */
export function halvingPlans(tasks: readonly LikelihoodTask[], n: number): HalvingPlan[] {
  const data = tasks.filter(({ role }) => role === "data");
  return (data.length > 0 ? data : tasks).flatMap((task) => {
    if (task.candidates.length < 2) return [];
    const table = likelihoodTable({
      candidates: task.candidates,
      prompts: task.prompts,
    });
    const round = halvingRound(table, { n });
    return [{ task: task.task, n, ...round, moreRecords: round.records }];
  });
}

export function halvingText(plan: HalvingPlan): string {
  const { task, survivors, opponents, dropped, scores, records, moreRecords, n } = plan;
  const scoreOf = new Map(scores.map(({ model, score }) => [model, score]));
  const names = survivors.map((model) => `${printable(model)} (${rateText(scoreOf.get(model) ?? 0)})`);
  const lines = [
    `${printable(task)}: ${plural(scores.length, "checkpoint")} on ${plural(records, "response")}, tournament at N = ${countText(n)}.`,
    `  Goes on: ${listText(names, 12)}`,
  ];
  if (opponents.length > 0) {
    lines.push(
      `  Scored on as their strongest opponents: ${listText(
        opponents.map((name) => printable(name)),
        12,
      )}`,
    );
  }
  if (dropped.length > 0)
    lines.push(
      `  Needs no more: ${listText(
        dropped.map((name) => printable(name)),
        12,
      )}`,
    );
  const models = survivors.length + opponents.length;
  lines.push(
    survivors.length === 1
      ? "  One is left: nothing more to score."
      : `  Next: ${countText(moreRecords)} more responses under ${plural(models, "checkpoint")} (${countText(moreRecords * models)} scored), then plan again.`,
  );
  return lines.join("\n");
}
