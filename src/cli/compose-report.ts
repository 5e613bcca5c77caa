/** From paths and options to the report: what `lmcov report` prints and `lmcov serve` shows. */
import { randomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import {
  analyseLikelihoods,
  analyseTasks,
  buildReport,
  type LikelihoodOverN,
  type LikelihoodTask,
  likelihoodOverN,
  listText,
  type ModelCounts,
  measuredChoice,
  passAtKAgreement,
  problemView,
  type Report,
  sliderGrid,
  type TaskAnalysis,
} from "../report/index.ts";
import type { CountGroup } from "../store/index.ts";
import type { ModelOrigin } from "./distinct-models.ts";
import type { LogOptions } from "./log-options.ts";
import { modelFields } from "./model-fields.ts";
import { progressLine } from "./progress.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
import { countsOf, denominatorText, readInputs, scorerChoice } from "./read-logs.ts";
import { ResponseSample } from "./response-sample.ts";
import { rewardPoolsAmong } from "./scored-draws.ts";

export interface ReportRequest extends LogOptions {
  readonly k?: number[];
  readonly target?: number;
  readonly seed: string;
  readonly budget: number;
  /** Tells the inputs apart, in their order: models of one name in several are then several models. */
  readonly names?: readonly string[];
  /** Responses to read beside the counts of each problem. */
  readonly texts?: boolean;
}

export interface ComposedReport {
  readonly report: Report;
  readonly tasks: readonly TaskAnalysis[];
  /** The counts that were reported on, and the groups behind them. */
  readonly counted: readonly { readonly counts: ModelCounts; readonly group: CountGroup }[];
  /** With `names`: in which input a model is, and under what name. */
  readonly originOf: (model: string) => ModelOrigin | undefined;
  /** What JSON has beside the report: every estimate behind it. */
  readonly estimates: Readonly<Record<string, unknown>>;
}

/** Reads logs and reports on them; throws InputError where they hold nothing to report on. */
export async function composeReport(
  words: readonly string[],
  options: ReportRequest,
): Promise<ComposedReport> {
  const sample = options.texts === true ? new ResponseSample() : undefined;
  const read = await readInputs(words, options, {
    keepRewards: true,
    ...(options.names !== undefined && { names: options.names }),
    ...(sample !== undefined && { observer: sample }),
  });
  const hasLikelihoods = read.loaded.likelihoods.some(({ role }) => role !== "choice");
  // Without counts the log-probabilities are the report; without either, the error says what is missing.
  const counts = read.loaded.groups.length > 0 || !hasLikelihoods ? countsOf(read, options) : undefined;
  const scored = hasLikelihoods ? likelihoodsOf(read, options) : undefined;
  const models = counts?.models ?? [];
  const generator = randomGenerator(options.seed);
  const progress = progressLine({ title: "estimating", total: models.length });
  const tasks = analyseTasks(models, {
    level: options.level,
    generator,
    ...(options.k !== undefined && { ks: options.k }),
    ...(options.target !== undefined && { target: options.target }),
    pools:
      counts === undefined ? [] : rewardPoolsAmong(read.loaded.groups, scorerChoice(read.loaded, options)),
    onProgress: (done) => progress.update(done),
  });
  progress.finish();
  const { budget, level } = options;
  const selection = { budget, level, delta: 1 - level, generator: generator.split("selection") };
  const scoredTasks = scored?.tasks ?? [];
  const pools = scoredTasks.filter((task) => isOwnPool(task, scoredTasks));
  const likelihoods = scoredTasks
    .filter((task) => !pools.includes(task))
    .flatMap((task) => analyseLikelihoods(task, selection) ?? []);
  if (tasks.length === 0 && likelihoods.length === 0) {
    throw new InputError("log-probabilities of one model alone: see lmcov profile");
  }
  const measured = likelihoods.map(({ task }) => measuredChoice(task, models));
  const agreements = tasks.flatMap(({ models: analysed, decidingK: k }) =>
    likelihoods.flatMap((analysis) => {
      const counted = analysed.map((model) => model.counts);
      const agreement = passAtKAgreement(analysis, counted, { level, generator, k });
      return agreement === undefined ? [] : [{ agreement, k }];
    }),
  );
  const chosen = likelihoods.map(({ tournament }) => tournament.n);
  const reach = Math.max(budget, ...tasks.map(({ decidingK }) => decidingK));
  const slider = { ns: sliderGrid({ reach, values: chosen }), start: chosen[0] ?? budget };
  const ns = sliderGrid({ reach: budget, values: chosen });
  const overN = likelihoods.map((analysis) =>
    likelihoodOverN(analysis, models, { ns, level, generator: generator.split("over N") }),
  );
  const report = buildReport({
    tasks,
    likelihoods,
    overN,
    slider,
    measured,
    agreements,
    problems: tasks.map(problemView).map((view) => ({
      ...view,
      shown: sample?.shownIn(view, models, counts?.groups ?? []) ?? [],
    })),
    inputs: read.summary,
    words: read.words,
    denominator: (own) => denominatorText(own, options.unscored),
    remarks: [...(counts?.remarks ?? []), ...(scored?.remarks ?? []), ...poolRemarks(pools)],
  });
  return {
    report,
    tasks,
    counted: models.flatMap((own, index) => {
      const group = counts?.groups[index];
      return group === undefined ? [] : [{ counts: own, group }];
    }),
    originOf: read.loaded.originOf,
    estimates: {
      level: options.level,
      tasks: tasks.map(taskFields),
      likelihoods: likelihoods.map(({ task, drawer, ...rest }) => ({
        task: task.task,
        ...(drawer !== undefined && { drawnBy: drawer.model }),
        ...rest,
      })),
      overN: overN.map(overNFields),
      agreements,
    },
  };
}

/** True for responses that one of the compared models drew: they favour it, and say nothing of the data. */
function isOwnPool({ task, role, drawnBy }: LikelihoodTask, all: readonly LikelihoodTask[]): boolean {
  if (role !== "draw") return false;
  return all.some(
    (other) =>
      other.task === task &&
      other.drawnBy !== drawnBy &&
      other.candidates.some(({ model }) => model === drawnBy),
  );
}

function poolRemarks(pools: readonly LikelihoodTask[]): string[] {
  if (pools.length === 0) return [];
  const drawers = listText([...new Set(pools.map(({ drawnBy }) => drawnBy ?? ""))], 4);
  return [
    `Log-probabilities of what the compared models drew themselves (${drawers}) choose nothing here: lmcov profile shows them, lmcov select --offset uses them.`,
  ];
}

function overNFields(over: LikelihoodOverN | undefined) {
  if (over === undefined) return undefined;
  const { matrix, ...rest } = over;
  const { ns, models, records } = matrix;
  return { ...rest, matrix: { ns, models, records } };
}

function taskFields(task: TaskAnalysis) {
  const { models, chosen, trajectories, bestOfN, ...rest } = task;
  return {
    ...rest,
    // Their checkpoints' numbers are those of the models.
    trajectories: trajectories.map(({ checkpoints, ...trajectory }) => ({
      ...trajectory,
      checkpoints: checkpoints.map(({ at, analysis }) => ({ at, model: analysis.counts.label })),
    })),
    bestOfN: bestOfN.map(({ counts, ...estimates }) => ({ ...modelFields(counts), ...estimates })),
    chosen: models[chosen]?.counts.label,
    models: models.map(({ counts, measured, forecast }) => ({
      ...modelFields(counts),
      passAtK: measured,
      forecast,
    })),
  };
}
