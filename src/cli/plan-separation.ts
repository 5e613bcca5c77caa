/** How many more draws tell the two best models of a task apart, in words and fields. */
import { largestCommonK, passAtK } from "../coverage/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import { countText, type ModelCounts, plural, printable, rateText } from "../report/index.ts";
import { alignProblems, type SeparationPlan, separationPlan } from "../selection/index.ts";

export interface NamedSeparation extends SeparationPlan {
  readonly task: string;
  readonly left: string;
  readonly right: string;
}

interface SeparationRequest {
  readonly k?: number;
  readonly level: number;
  readonly power: number;
  readonly generator: RandomGenerator;
}

/** Throws InputError where no task was tried by two models. */
export function separationPlans(
  models: readonly ModelCounts[],
  request: SeparationRequest,
): NamedSeparation[] {
  const tasks = [...new Set(models.map(({ task }) => task))];
  const plans = tasks.flatMap((task) => {
    const rivals = models.filter((counts) => counts.task === task);
    return rivals.length < 2 ? [] : [planOf(rivals, { ...request, task })];
  });
  if (plans.length > 0) return plans;
  throw new InputError("--separate: needs two models that tried the same task");
}

function planOf(
  models: readonly ModelCounts[],
  { task, k = 1, level, power, generator }: SeparationRequest & { task: string },
): NamedSeparation {
  const aligned = alignProblems(
    models.map(({ label, problems }) => ({
      model: label,
      problems: problems.map((count) => ({ problem: count.problem, value: count })),
    })),
  );
  const counts = aligned.models.map(({ values }) => values);
  if (aligned.problems.length < 2) {
    throw new InputError(`--separate: the models of ${task} have fewer than two problems in common`);
  }
  const largest = largestCommonK(counts.flat());
  if (k > largest) {
    throw new InputError(
      `--k ${k}: a problem of ${task} has ${largest} draws, so models are told apart up to k = ${largest}`,
    );
  }
  const mean = (values: (typeof counts)[number]) =>
    values.reduce((sum, count) => sum + passAtK({ ...count, k }), 0) / values.length;
  const order = counts.map((values, at) => ({ at, mean: mean(values) })).sort((a, b) => b.mean - a.mean);
  const [left, right] = [order[0]?.at ?? 0, order[1]?.at ?? 1];
  const plan = separationPlan(
    { left: counts[left] ?? [], right: counts[right] ?? [] },
    { k, level, power, generator: generator.split(task) },
  );
  return { task, left: models[left]?.label ?? "", right: models[right]?.label ?? "", ...plan };
}

export function separationText(plan: NamedSeparation): string {
  const { task, left, right, k, now, chosen, problemsNeeded, problems } = plan;
  const difference =
    now.lower === undefined || now.upper === undefined
      ? rateText(Math.abs(now.estimate))
      : `${rateText(now.estimate)} [${rateText(now.lower)}, ${rateText(now.upper)}]`;
  const head = `${printable(task)}: ${printable(left)} is ahead of ${printable(right)} by ${difference} in pass@${countText(k)} on ${plural(problems, "problem")}.`;
  if (chosen !== undefined && chosen.more === 0)
    return `${head}\n  The draws at hand are expected to tell them apart.`;
  if (chosen !== undefined) {
    return `${head}\n  With ${countText(chosen.draws)} draws of each problem (${countText(chosen.more)} more) they are expected to be told apart in ${Math.round(100 * chosen.power)}% of cases.`;
  }
  const more =
    problemsNeeded === undefined
      ? ""
      : ` About ${plural(problemsNeeded, "problem")} of this kind would be needed.`;
  return `${head}\n  More draws on these problems are not expected to tell them apart.${more}`;
}
