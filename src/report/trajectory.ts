/** Checkpoints of one model in the order of training: where pass@k turns while pass@1 still rises. */
import { passAtK } from "../coverage/index.ts";
import {
  alignProblems,
  type DifferenceEstimate,
  type PassAtKComparison,
  pairedDifferences,
  unpairedDifference,
} from "../selection/index.ts";
import type { ModelAnalysis } from "./model-analysis.ts";
import { type TrainingOrder, trainingOrder } from "./training-order.ts";

export interface Trajectory {
  readonly model: string;
  /** What orders the checkpoints. */
  readonly unit: TrainingOrder<ModelAnalysis>["unit"];
  /** From the earliest on. */
  readonly checkpoints: readonly { readonly at: number; readonly analysis: ModelAnalysis }[];
  /** Where pass@k is highest at the deciding k, and how the last checkpoint compares with it. */
  readonly turn: Turn | undefined;
}

/**
 * pass@k falls after a checkpoint: the last one is outside the set that cannot be told from the best, or, where each
 * checkpoint has problems of its own (as in RL logs), the unpaired fall is beyond noise.
 */
export interface Turn {
  readonly best: TurnPoint;
  readonly last: TurnPoint;
  /** pass@k of the best less that of the last, paired where the checkpoints were compared in pairs. */
  readonly fall: Pick<DifferenceEstimate, "estimate" | "lower" | "upper">;
  /** pass@1 of the last less that of the best. */
  readonly rise: Pick<DifferenceEstimate, "estimate" | "lower" | "upper">;
}

export interface TurnPoint {
  readonly at: number;
  readonly passAt1: number | undefined;
  readonly passAtK: number;
}

export interface TrajectoryOptions {
  readonly k: number;
  readonly level: number;
  /** Says which checkpoints are below the best beyond noise. */
  readonly comparison: PassAtKComparison | undefined;
}

/** Models with at least three checkpoints under one sampling. */
export function trajectories(models: readonly ModelAnalysis[], options: TrajectoryOptions): Trajectory[] {
  const families = new Map<string, ModelAnalysis[]>();
  for (const analysis of models) {
    const key = `${analysis.counts.model}\u0000${JSON.stringify(analysis.counts.sampling)}`;
    const members = families.get(key);
    if (members === undefined) families.set(key, [analysis]);
    else members.push(analysis);
  }
  return [...families.values()].flatMap((family) => trajectoryOf(family, options));
}

function trajectoryOf(family: readonly ModelAnalysis[], options: TrajectoryOptions): Trajectory[] {
  const order = trainingOrder(family, ({ counts }) => counts);
  const model = family[0]?.counts.model;
  if (order === undefined || model === undefined) return [];
  const checkpoints = order.checkpoints.map(({ at, item }) => ({ at, analysis: item }));
  return [{ model, unit: order.unit, checkpoints, turn: turnOf(checkpoints, options) }];
}

function turnOf(
  checkpoints: Trajectory["checkpoints"],
  { k, level, comparison }: TrajectoryOptions,
): Turn | undefined {
  const last = checkpoints.at(-1);
  if (k === 1 || last === undefined) return undefined;
  const set = comparison?.comparisons.find((at) => at.k === k);
  const best =
    set === undefined
      ? highest(checkpoints, k)
      : checkpoints.find(({ analysis }) => analysis.counts.label === set.best);
  if (best === undefined || best === last) return undefined;
  const from = pointOf(best, k);
  const to = pointOf(last, k);
  if (from === undefined || to === undefined) return undefined;
  const paired = set !== undefined;
  const fall = difference({ from: best.analysis, to: last.analysis, k, level, paired });
  const rise = difference({ from: last.analysis, to: best.analysis, k: 1, level, paired });
  if (fall === undefined || rise === undefined) return undefined;
  const below = paired
    ? set.members.some(({ model, inSet }) => model === last.analysis.counts.label && !inSet)
    : fallsBeyondNoise({ best, last, k, level, checkpoints: checkpoints.length });
  return below ? { best: from, last: to, fall, rise } : undefined;
}

/** The best was chosen among all earlier checkpoints, so each of the comparisons has its share of the error (Bonferroni). */
function fallsBeyondNoise(input: {
  readonly best: Trajectory["checkpoints"][number];
  readonly last: Trajectory["checkpoints"][number];
  readonly k: number;
  readonly level: number;
  readonly checkpoints: number;
}): boolean {
  const level = 1 - (1 - input.level) / (input.checkpoints - 1);
  const fall = difference({
    from: input.best.analysis,
    to: input.last.analysis,
    k: input.k,
    level,
    paired: false,
  });
  return fall?.lower !== undefined && fall.lower > 0;
}

function pointOf({ at, analysis }: Trajectory["checkpoints"][number], k: number): TurnPoint | undefined {
  const value = (draws: number) => analysis.measured.find((estimate) => estimate.k === draws)?.estimate;
  const passAtK = value(k);
  return passAtK === undefined ? undefined : { at, passAt1: value(1), passAtK };
}

function highest(
  checkpoints: Trajectory["checkpoints"],
  k: number,
): Trajectory["checkpoints"][number] | undefined {
  const value = (checkpoint: Trajectory["checkpoints"][number]) => pointOf(checkpoint, k)?.passAtK ?? -1;
  return checkpoints.reduce<Trajectory["checkpoints"][number] | undefined>(
    (best, checkpoint) => (best === undefined || value(checkpoint) > value(best) ? checkpoint : best),
    undefined,
  );
}

/** pass@k of one model less that of another: over common problems where paired, else of their own problems. */
function difference(input: {
  readonly from: ModelAnalysis;
  readonly to: ModelAnalysis;
  readonly k: number;
  readonly level: number;
  readonly paired: boolean;
}): Pick<DifferenceEstimate, "estimate" | "lower" | "upper"> | undefined {
  const { from, to, k, level, paired } = input;
  const values = [from, to].map(({ counts }) => ({
    model: counts.label,
    problems: counts.problems.map((problem) => ({
      problem: problem.problem,
      value: passAtK({ ...problem, k }),
    })),
  }));
  if (!paired) {
    const [left, right] = values.map(({ problems }) => Float64Array.from(problems, ({ value }) => value));
    return left === undefined || right === undefined
      ? undefined
      : unpairedDifference({ left, right }, { level });
  }
  const aligned = alignProblems(values);
  const [left, right] = aligned.models;
  if (left === undefined || right === undefined || aligned.problems.length < 2) return undefined;
  return pairedDifferences(
    { left: Float64Array.from(left.values), right: Float64Array.from(right.values) },
    { level },
  );
}
