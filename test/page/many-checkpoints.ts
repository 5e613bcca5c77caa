/** A report on many checkpoints of one model and many problems, with verdicts and log-probabilities, as large as pages get. */
import { type RandomGenerator, randomGenerator } from "../../src/numeric/index.ts";
import {
  analyseLikelihoods,
  analyseTasks,
  buildReport,
  type LikelihoodTask,
  likelihoodOverN,
  type ModelCounts,
  measuredChoice,
  passAtKAgreement,
  problemView,
  type Report,
  sliderGrid,
} from "../../src/report/index.ts";

export interface ManyCheckpoints {
  readonly checkpoints: number;
  readonly problems: number;
  /** Draws a problem and checkpoint. */
  readonly draws: number;
}

const task = "many";
const level = 0.95;
const budget = 64;
const stepOf = (checkpoint: number) => 100 * (checkpoint + 1);
const labelOf = (checkpoint: number) => `student, step ${stepOf(checkpoint)}`;

/** Coverage of the checkpoints turns half way while their loss falls on; `onPhase` hears what begins. */
export function reportOnMany(
  size: ManyCheckpoints,
  onPhase: (name: string) => void = () => undefined,
): Report {
  const generator = randomGenerator(`many ${size.checkpoints} ${size.problems}`);
  onPhase("generating");
  const models = countsOf(size, generator.split("counts"));
  const scored = likelihoodsOf(size, generator.split("likelihoods"));
  onPhase("counts");
  const tasks = analyseTasks(models, { level, generator });
  onPhase("likelihoods");
  const analysis = analyseLikelihoods(scored, { budget, level, delta: 1 - level, generator });
  if (analysis === undefined) throw new Error("several checkpoints are compared");
  const chosen = analysis.tournament.n;
  const ns = sliderGrid({ reach: budget, values: [chosen] });
  onPhase("over N");
  const over = likelihoodOverN(analysis, models, { ns, level, generator });
  const k = tasks[0]?.decidingK ?? 1;
  const agreement = passAtKAgreement(analysis, models, { level, generator, k });
  onPhase("report");
  return buildReport({
    tasks,
    likelihoods: [analysis],
    overN: [over],
    slider: { ns: sliderGrid({ reach: Math.max(budget, k), values: [chosen] }), start: chosen },
    measured: [measuredChoice(analysis.task, models)],
    agreements: agreement === undefined ? [] : [{ agreement, k }],
    problems: tasks.map(problemView),
    inputs: { files: [], rejected: 0, rejections: [], dropped: [], notes: [] },
    words: ["many.jsonl"],
    denominator: () => "Scored draws.",
    remarks: [],
  });
}

function countsOf(
  { checkpoints, problems, draws }: ManyCheckpoints,
  generator: RandomGenerator,
): ModelCounts[] {
  const rates = Array.from({ length: problems }, () => generator.uniform() ** 3);
  return Array.from({ length: checkpoints }, (_, checkpoint) => {
    const skill = 0.4 + 0.6 * Math.min(1, (2 * checkpoint) / checkpoints);
    return {
      label: labelOf(checkpoint),
      model: "student",
      step: stepOf(checkpoint),
      task,
      sampling: {},
      verifier: "generated",
      problems: rates.map((rate, at) => {
        const own = rate * skill;
        // Close to a binomial draw: the sum of two uniform numbers in place of a normal one.
        const noise =
          Math.sqrt(6 * draws * own * (1 - own)) * (generator.uniform() + generator.uniform() - 1);
        const correct = Math.min(draws, Math.max(0, Math.round(draws * own + noise)));
        return {
          problem: `problem-${at}`,
          draws,
          correct,
          unscored: 0,
          stopping: { kind: "fixed" as const },
        };
      }),
      unscoredProblems: [],
    };
  });
}

function likelihoodsOf(
  { checkpoints, problems }: ManyCheckpoints,
  generator: RandomGenerator,
): LikelihoodTask {
  const teacher = Float64Array.from({ length: problems }, () => -5 - 10 * generator.uniform());
  const tokenCounts = new Float64Array(problems).fill(20);
  const lostFrom = Array.from({ length: problems }, () => checkpoints * (0.5 + 4 * generator.uniform()));
  const common = { name: "student", tokenCounts };
  return {
    task,
    role: "draw",
    drawnBy: "teacher",
    candidates: [
      { ...common, name: "teacher", model: "teacher", logProbabilities: teacher },
      ...Array.from({ length: checkpoints }, (_, checkpoint) => ({
        ...common,
        model: labelOf(checkpoint),
        step: stepOf(checkpoint),
        logProbabilities: teacher.map((value, at) => {
          const lost = Math.max(0, checkpoint - (lostFrom[at] ?? 0)) * 0.3;
          return value - lost - (8 * generator.uniform()) / (1 + checkpoint / 10);
        }),
      })),
    ],
    problems: Array.from({ length: problems }, (_, at) => `problem-${at}`),
    prompts: Int32Array.from({ length: problems }, (_, at) => at),
    answers: undefined,
    responses: Array.from({ length: problems }, (_, at) => at),
    records: problems,
  };
}
