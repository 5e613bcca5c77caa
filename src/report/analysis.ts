/** The estimates behind a report, a task at a time: plain numbers that `--json` prints and sections are made from. */
import {
  forecastPassAtK,
  passAtKEstimates,
  type SamplesForTarget,
  type ShareUnderRate,
  samplesForTarget,
  shareUnderRate,
} from "../coverage/index.ts";
import { type ConfidenceSetOptions, type PassAtKComparison, passAtKComparison } from "../selection/index.ts";
import { analyseBestOfN, type BestOfNAnalysis, type ModelPools } from "./best-of-n-analysis.ts";
import type { ModelAnalysis } from "./model-analysis.ts";
import {
  drawTotals,
  forecastDrawCounts,
  largestMeasuredK,
  type ModelCounts,
  shownDrawCounts,
} from "./model-counts.ts";
import { sliderGrid } from "./slider-grid.ts";
import { type Trajectory, trajectories } from "./trajectory.ts";

/** Options of `analyseTasks`. */
export interface AnalysisOptions {
  readonly level: number;
  /** Numbers of draws asked for; chosen from the logs otherwise. */
  readonly ks?: readonly number[];
  /** Share of problems to solve, for the number of samples needed. */
  readonly target?: number;
  /** Source of the bootstrap's randomness. */
  readonly generator: ConfidenceSetOptions["generator"];
  /** Draws that a reward can choose among, of the models that have any. */
  readonly pools?: readonly ModelPools[];
  readonly onProgress?: (done: number, total: number) => void;
}

/** Everything that a report says of one task's verdicts, made by `analyseTasks`. */
export interface TaskAnalysis {
  readonly task: string;
  readonly models: readonly ModelAnalysis[];
  /** Paired comparison at each measured k; undefined for a single model or without common problems. */
  readonly comparison: PassAtKComparison | undefined;
  /** Models that hold too few of the task's problems to be compared in pairs. */
  readonly notCompared: readonly string[];
  /** The k that decides: the largest that is measured for all models. */
  readonly decidingK: number;
  /** True if the user named the k. */
  readonly ksAsked: boolean;
  /** The largest k asked for that lies beyond the deciding one. */
  readonly askedBeyond: number | undefined;
  /** Position in `models` of the best model at the deciding k. */
  readonly chosen: number;
  readonly target: SamplesForTarget | undefined;
  /** Checkpoints of one model in the order of training, where there are at least three. */
  readonly trajectories: readonly Trajectory[];
  readonly underRate: readonly ShareUnderRate[];
  /** The same at many rates, for a chart. */
  readonly rateCurve: readonly ShareUnderRate[];
  /** Best-of-N of the models whose draws have rewards. */
  readonly bestOfN: readonly BestOfNAnalysis[];
  /** Models with rewards and no Best-of-N: sampling stopped at successes. */
  readonly withoutBestOfN: readonly string[];
  readonly level: number;
}

/** Success rates under which shares of problems are reported: one in ten, hundred, thousand, ten thousand. */
const shownRates = [0.1, 0.01, 0.001, 0.0001];

/** Two an octave, from 1 to 1/8192. */
const curveRates = Array.from({ length: 27 }, (_, step) => 2 ** (-step / 2));

/** Share of the most problems that any model of a task holds, for a model to be compared in pairs. */
const sufficientProblems = 0.8;

/** Analyses each task of the models; tasks in order of appearance. */
export function analyseTasks(models: readonly ModelCounts[], options: AnalysisOptions): TaskAnalysis[] {
  const byTask = new Map<string, ModelCounts[]>();
  for (const model of models) {
    const members = byTask.get(model.task);
    if (members === undefined) byTask.set(model.task, [model]);
    else members.push(model);
  }
  let done = 0;
  const advance = () => {
    done += 1;
    options.onProgress?.(done, models.length);
  };
  return [...byTask].map(([task, members]) => analyseTask(task, members, options, advance));
}

function analyseTask(
  task: string,
  models: readonly ModelCounts[],
  options: AnalysisOptions,
  advance: () => void,
): TaskAnalysis {
  const smallest = models.map(largestMeasuredK);
  const ks = options.ks === undefined ? commonDrawCounts(smallest) : askedDrawCounts(options.ks, smallest);
  const decidingK = Math.max(...ks.filter((k) => k <= Math.min(...smallest)));
  const analyses = models.map((counts, index) => {
    const analysis = analyseModel(counts, ks, smallest[index] ?? 1, options);
    advance();
    return analysis;
  });
  const { comparison, leftOut } = compared(models, ks, options);
  const chosen = chosenModel(analyses, comparison, decidingK);
  const counts = models[chosen]?.problems ?? [];
  const informative = models[chosen]?.copies === undefined && drawTotals({ problems: counts }).mostDraws > 1;
  const target = informative ? chosenTarget(analyses[chosen], options) : undefined;
  const pools = options.pools?.filter(({ counts }) => counts.task === task && !counts.copies) ?? [];
  return {
    task,
    models: analyses,
    comparison,
    notCompared: leftOut,
    decidingK,
    ksAsked: options.ks !== undefined,
    askedBeyond: options.ks?.findLast((k) => k > decidingK),
    chosen,
    target: target === undefined ? undefined : samplesForTarget(counts, target, { level: options.level }),
    level: options.level,
    trajectories: trajectories(analyses, { k: decidingK, level: options.level, comparison }),
    underRate: informative ? shareUnderRate(counts, shownRates, { level: options.level }) : [],
    bestOfN: pools
      .filter(({ isStopped }) => !isStopped)
      .map((one) =>
        analyseBestOfN(one, {
          level: options.level,
          generator: options.generator,
          ...(options.ks && { ks: options.ks }),
        }),
      ),
    withoutBestOfN: pools.filter(({ isStopped }) => isStopped).map(({ counts }) => counts.label),
    rateCurve: informative ? shareUnderRate(counts, curveRates, { level: options.level }) : [],
  };
}

function analyseModel(
  counts: ModelCounts,
  ks: readonly number[],
  smallestN: number,
  options: AnalysisOptions,
): ModelAnalysis {
  const totals = drawTotals(counts);
  const { level } = options;
  const within = ks.filter((k) => k <= smallestN);
  const beyond = options.ks === undefined ? forecastDrawCounts(totals) : ks.filter((k) => k > smallestN);
  return {
    counts,
    totals,
    measured: within.length === 0 ? [] : passAtKEstimates(counts.problems, within, { level }),
    curve: passAtKEstimates(counts.problems, curveDrawCounts(smallestN), { level }),
    forecast:
      totals.mostDraws < 2 || counts.copies || beyond.length === 0
        ? []
        : forecastPassAtK(counts.problems, beyond, { level }),
  };
}

/**
 * The paired comparison of the models that hold nearly all problems of the task: a model with few problems would
 * leave few common ones for all.
 */
function compared(
  models: readonly ModelCounts[],
  ks: readonly number[],
  options: AnalysisOptions,
): { comparison: PassAtKComparison | undefined; leftOut: readonly string[] } {
  const largest = Math.max(...models.map(({ problems }) => problems.length));
  const full = models.filter(({ problems }) => problems.length >= sufficientProblems * largest);
  const leftOut = models.filter((model) => !full.includes(model)).map(({ label }) => label);
  const inputs = full.map(({ label, problems }) => ({ model: label, problems }));
  if (full.length < 2 || ks.length === 0) return { comparison: undefined, leftOut };
  const { level, generator } = options;
  // What copies do not measure they do not compare either.
  const measured = full.some(({ copies }) => copies) ? ks.filter((k) => k === 1) : ks;
  const comparison = passAtKComparison(inputs, measured, { level, generator });
  return { comparison: comparison.comparisons.length === 0 ? undefined : comparison, leftOut };
}

/** The best of the paired comparison at k; without one, the highest pass@k on each model's own problems. */
function chosenModel(
  analyses: readonly ModelAnalysis[],
  comparison: PassAtKComparison | undefined,
  k: number,
): number {
  const best = comparison?.comparisons.find((at) => at.k === k)?.best;
  const compared = analyses.findIndex(({ counts }) => counts.label === best);
  if (compared >= 0) return compared;
  const values = analyses.map(({ measured }) => measured.find((at) => at.k === k)?.estimate ?? -1);
  return values.indexOf(Math.max(...values));
}

/** The target asked for, or the first of 50, 75, 90, 95 and 99% that the measured pass@k has not reached; 99% beyond. */
function chosenTarget(analysis: ModelAnalysis | undefined, options: AnalysisOptions): number | undefined {
  if (options.target !== undefined) return options.target;
  const reached = analysis?.measured.at(-1)?.estimate ?? 0;
  return [0.5, 0.75, 0.9, 0.95].find((target) => target > reached) ?? 0.99;
}

/** The slider's N up to n, and n itself. */
function curveDrawCounts(n: number): number[] {
  return [...sliderGrid({ reach: n }).filter((k) => k < n), n];
}

/** Numbers of draws to show for several models: those of the smallest n, and powers of ten up to the largest. */
function commonDrawCounts(smallest: readonly number[]): number[] {
  const shared = shownDrawCounts(Math.min(...smallest));
  const powers = shownDrawCounts(Math.max(...smallest)).filter((k) => Number.isInteger(Math.log10(k)));
  return [...new Set([...shared, ...powers])].sort((left, right) => left - right);
}

/** The k asked for, and the largest that all models measure if none of them is measured. */
function askedDrawCounts(asked: readonly number[], smallest: readonly number[]): number[] {
  const common = Math.min(...smallest);
  return asked.some((k) => k <= common) ? [...asked] : [common, ...asked];
}
