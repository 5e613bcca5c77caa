/** How many more draws narrow the interval of pass@k, in words and fields. */
import { type SamplePlan, samplePlan } from "../coverage/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import { countText, type ModelCounts, plural, printable, rateText } from "../report/index.ts";

export interface WidthPlan extends Omit<SamplePlan, "open"> {
  readonly model: string;
  readonly task: string;
  /** The problems to sample, fewest draws first. */
  readonly open: readonly { readonly problem: string; readonly draws: number; readonly correct: number }[];
}

const usualK = 1000;

export function widthPlans(
  models: readonly ModelCounts[],
  options: {
    readonly k?: number;
    readonly width: number;
    readonly stopAt: number;
    readonly level: number;
    readonly generator: RandomGenerator;
  },
): WidthPlan[] {
  return models.map((counts) => {
    const { problems, label, task } = counts;
    const { open, ...plan } = samplePlan(problems, {
      k: options.k ?? usualK,
      width: options.width,
      successes: options.stopAt,
      level: options.level,
      generator: options.generator.split(`${task}, ${label}`),
    });
    const named = open.flatMap((at) => {
      const count = problems[at];
      return count === undefined
        ? []
        : [{ problem: count.problem, draws: count.draws, correct: count.correct }];
    });
    named.sort((left, right) => left.draws - right.draws);
    return { model: label, task, ...plan, open: named };
  });
}

const shownProblems = 8;

export function widthText(plan: WidthPlan): string {
  const { model, task, k, width, widthNow, chosen, caps, open, successes, problems } = plan;
  const name = `${printable(model)}, ${printable(task)}: pass@${countText(k)}`;
  if (widthNow <= width) return `${name} is known within ${rateText(widthNow)}: no more draws are needed.`;
  const head = `${name} is known within ${rateText(widthNow)}; wanted: ${rateText(width)}.`;
  const times = successes === 1 ? "first" : successes === 2 ? "second" : `${successes}th`;
  if (chosen === undefined) {
    const [best] = [...caps].sort((left, right) => left.width - right.width);
    const reach =
      best === undefined ? "" : ` (at ${countText(best.cap)} draws a problem: ${rateText(best.width)})`;
    return `${head}\n  No number of draws on these ${plural(problems, "problem")} is expected to reach it${reach}: more problems would.`;
  }
  const names = open.slice(0, shownProblems).map(({ problem }) => printable(problem, 40));
  const rest = open.length > shownProblems ? `, … (--json lists all)` : "";
  return [
    head,
    `  Draw ${countText(open.length)} of ${plural(problems, "problem")} in rounds, each until its ${times} success, at most ${countText(chosen.cap)} draws of a problem:`,
    `  about ${countText(Math.round(chosen.draws))} more draws, expected width ${rateText(chosen.width)}. (lmcov sample -n ${chosen.cap} --stop-at ${successes})`,
    `  Problems: ${names.join(", ")}${rest}`,
  ].join("\n");
}
