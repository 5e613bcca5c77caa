/** Checkpoints of one model in the order of training: where pass@k turns while pass@1 still rises. */
import { passAtK } from "../coverage/index.ts";
import {
  alignProblems,
  type DifferenceEstimate,
  type PassAtKComparison,
  pairedDifferences,
} from "../selection/index.ts";
import type { ModelAnalysis } from "./model-analysis.ts";

export interface Trajectory {
  readonly model: string;
  /** What orders the checkpoints. */
  readonly unit: "step" | "training tokens";
  /** From the earliest on. */
  readonly checkpoints: readonly { readonly at: number; readonly analysis: ModelAnalysis }[];
  /** Where pass@k is highest at the deciding k, and how the last checkpoint compares with it. */
  readonly turn: Turn | undefined;
}

/** pass@k falls after a checkpoint: the last one is outside the set that cannot be told from the best. */
export interface Turn {
  readonly best: TurnPoint;
  readonly last: TurnPoint;
  /** pass@k of the best less that of the last, paired over their common problems. */
  readonly fall: DifferenceEstimate;
  /** pass@1 of the last less that of the best. */
  readonly rise: DifferenceEstimate;
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

/** Fewer checkpoints make no trajectory. */
const fewestCheckpoints = 3;

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
  for (const unit of ["step", "training tokens"] as const) {
    const checkpoints = family.flatMap((analysis) => {
      const at = unit === "step" ? analysis.counts.step : analysis.counts.trainingTokens;
      return at === undefined ? [] : [{ at, analysis }];
    });
    const distinct = new Set(checkpoints.map(({ at }) => at)).size;
    if (distinct < fewestCheckpoints || distinct !== family.length) continue;
    checkpoints.sort((left, right) => left.at - right.at);
    const model = family[0]?.counts.model ?? "";
    return [{ model, unit, checkpoints, turn: turnOf(checkpoints, options) }];
  }
  return [];
}

function turnOf(
  checkpoints: Trajectory["checkpoints"],
  { k, level, comparison }: TrajectoryOptions,
): Turn | undefined {
  const point = ({ at, analysis }: Trajectory["checkpoints"][number]): TurnPoint | undefined => {
    const value = (draws: number) => analysis.measured.find((estimate) => estimate.k === draws)?.estimate;
    const passAtK = value(k);
    return passAtK === undefined ? undefined : { at, passAt1: value(1), passAtK };
  };
  const set = comparison?.comparisons.find((at) => at.k === k);
  const best = checkpoints.find(({ analysis }) => analysis.counts.label === set?.best);
  const last = checkpoints.at(-1);
  if (k === 1 || set === undefined || best === undefined || last === undefined || best === last)
    return undefined;
  const below = set.members.some(({ model, inSet }) => model === last.analysis.counts.label && !inSet);
  const from = point(best);
  const to = point(last);
  if (!below || from === undefined || to === undefined) return undefined;
  const fall = difference({ from: best.analysis, to: last.analysis, k, level });
  const rise = difference({ from: last.analysis, to: best.analysis, k: 1, level });
  if (fall === undefined || rise === undefined) return undefined;
  return { best: from, last: to, fall, rise };
}

/** pass@k of one model less that of another over their common problems; undefined below two of them. */
function difference(input: {
  readonly from: ModelAnalysis;
  readonly to: ModelAnalysis;
  readonly k: number;
  readonly level: number;
}): DifferenceEstimate | undefined {
  const { from, to, k, level } = input;
  const aligned = alignProblems(
    [from, to].map(({ counts }) => ({
      model: counts.label,
      problems: counts.problems.map((problem) => ({
        problem: problem.problem,
        value: passAtK({ ...problem, k }),
      })),
    })),
  );
  const [left, right] = aligned.models;
  if (left === undefined || right === undefined || aligned.problems.length < 2) return undefined;
  return pairedDifferences(
    { left: Float64Array.from(left.values), right: Float64Array.from(right.values) },
    { level },
  );
}
