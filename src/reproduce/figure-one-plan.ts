/** What figure 1 (App. C) trains and scores: pre-training on three classes, fine-tuning on two of them. */
import { randomGenerator } from "../numeric/index.ts";
import { type FigureOneClass, figureOneTask, type GraphTask } from "../task/index.ts";
import {
  checkpointOf,
  type FigurePlan,
  type FigureRequest,
  type FigureRow,
  type PlannedFile,
  type PlannedScoring,
} from "./figure.ts";
import { type FigureOneScale, figureOneScale } from "./figure-one-scale.ts";

/** The classes of fine-tuning and evaluation with their probabilities; the response is certain given the class. */
export const fineTuningWeights = { G1: 0.9, G2: 0.1, G3: 0 } as const;
const preTrainingWeights = { G1: 1, G2: 1, G3: 1 } as const;

export const figureOneFiles = {
  /** As many prompts of G1 as of G2, with their own response: what KL, Cov_N and pass@N are measured on. */
  evaluation: "evaluation.jsonl",
  /** Drawn from the fine-tuning mixture: what tournament and cross-entropy choose on. */
  selection: "selection.jsonl",
  /** The three other paths of the first evaluation prompts of each class: where the remaining mass is. */
  otherPaths: "other-paths.jsonl",
} as const;

export const figureOneFolders = (seed: number) => ({
  preTraining: `seed-${seed}/pre-training`,
  fineTuning: `seed-${seed}/fine-tuning`,
});

/** Throws RangeError for an unknown scale. */
export function figureOnePlan({ scale, seeds }: FigureRequest): FigurePlan {
  const given = figureOneScale(scale);
  const task = figureOneTask(given.task);
  const { evaluation, selection, otherPaths } = figureOneFiles;
  const files: PlannedFile[] = [
    { path: evaluation, rows: () => evaluationRows(task, given) },
    { path: selection, rows: () => selectionRows(task, given) },
    { path: otherPaths, rows: () => otherPathRows(task, given) },
  ];
  return {
    files,
    trainings: seeds.flatMap((seed) => trainings(given, task, seed)),
    scorings: seeds.flatMap((seed) => scorings(given, seed)),
  };
}

function trainings(given: FigureOneScale, task: GraphTask<FigureOneClass>, seed: number) {
  const { preTraining, fineTuning } = given;
  const folders = figureOneFolders(seed);
  const rule = (learningRate: number) => ({ ...given.rule, learningRate });
  const generator = (weights: Readonly<Record<FigureOneClass, number>>) => ({
    generator: "graph-figure-1",
    options: { ...given.task, weights },
  });
  const context = given.context ?? task.promptTokens + task.responseTokens - 1;
  const sizes = {
    ...given.model,
    context,
    // Names, three separators and the padding.
    vocabulary: given.task.names + 4,
    length: task.promptTokens + task.responseTokens - 1,
  };
  const shared = {
    tokenizer: `numerals:${given.task.names}`,
    endOfSequence: false,
    ...(given.clip !== undefined && { clip: given.clip }),
  };
  return [
    {
      folder: folders.preTraining,
      sizes: { ...sizes, batch: preTraining.batch, steps: preTraining.steps, checkpoints: 1 },
      config: {
        ...shared,
        name: `pre-training, seed ${seed}`,
        model: { ...given.model, context },
        data: {
          ...generator(preTrainingWeights),
          ...(preTraining.fixedSet !== undefined && { limit: preTraining.fixedSet }),
        },
        rule: rule(preTraining.learningRate),
        schedule: preTraining.schedule,
        steps: preTraining.steps,
        batch: preTraining.batch,
        seed: `figure 1, pre-training, seed ${seed}`,
        journalEvery: preTraining.journalEvery,
        checkpoints: { keepLast: 1 },
      },
    },
    {
      folder: folders.fineTuning,
      sizes: {
        ...sizes,
        batch: fineTuning.batch,
        steps: fineTuning.steps,
        checkpoints: Math.ceil(fineTuning.steps / fineTuning.every),
      },
      config: {
        ...shared,
        name: `fine-tuning, seed ${seed}`,
        from: checkpointOf(folders.preTraining, preTraining.steps),
        data: generator(fineTuningWeights),
        evaluation: {
          file: figureOneFiles.selection,
          problem: "problem",
          logProbability: "logProbability",
          limit: given.selectionPrompts,
          task: "figure 1",
        },
        rule: rule(fineTuning.learningRate),
        steps: fineTuning.steps,
        batch: fineTuning.batch,
        seed: `figure 1, fine-tuning, seed ${seed}`,
        journalEvery: fineTuning.journalEvery,
        probes: { every: fineTuning.every, coverage: given.ns },
        checkpoints: { every: fineTuning.every },
      },
    },
  ];
}

function scorings(given: FigureOneScale, seed: number): PlannedScoring[] {
  const { preTraining, fineTuning } = given;
  const folders = figureOneFolders(seed);
  const steps = Array.from(
    { length: Math.floor(fineTuning.steps / fineTuning.every) + 1 },
    (_, index) => index * fineTuning.every,
  );
  return steps.map((step) => ({
    seed,
    variant: "",
    step,
    // The first is the pre-trained model.
    checkpoint:
      step === 0
        ? checkpointOf(folders.preTraining, preTraining.steps)
        : checkpointOf(folders.fineTuning, step),
    files: Object.values(figureOneFiles),
  }));
}

type Problem = ReturnType<GraphTask<FigureOneClass>["problem"]>;

function rowOf(problem: Problem, name: string): FigureRow {
  const { prompt, response, logProbability } = problem;
  return { prompt, response, logProbability, class: problem.class, problem: name };
}

const evaluatedClasses = ["G1", "G2"] as const;

function evaluationProblem(task: GraphTask<FigureOneClass>, name: "G1" | "G2", index: number): Problem {
  return task.problem(name, randomGenerator("figure 1, evaluation").split(`${name}, prompt ${index}`));
}

function* evaluationRows(task: GraphTask<FigureOneClass>, given: FigureOneScale): Generator<FigureRow> {
  for (const name of evaluatedClasses) {
    for (let index = 0; index < given.evaluationPrompts; index += 1) {
      yield rowOf(evaluationProblem(task, name, index), `${name} ${index + 1}`);
    }
  }
}

function* selectionRows(task: GraphTask<FigureOneClass>, given: FigureOneScale): Generator<FigureRow> {
  const random = randomGenerator("figure 1, selection");
  for (let index = 0; index < given.selectionPrompts; index += 1) {
    yield rowOf(task.sample(fineTuningWeights, random.split(`prompt ${index}`)), String(index + 1));
  }
}

/** First the path of the other class, then the two that belong to neither. */
function* otherPathRows(task: GraphTask<FigureOneClass>, given: FigureOneScale): Generator<FigureRow> {
  for (const name of evaluatedClasses) {
    const other = name === "G1" ? "G2" : "G1";
    for (let index = 0; index < given.otherPathPrompts; index += 1) {
      const problem = evaluationProblem(task, name, index);
      const ofOther = (path: string) =>
        task.logProbability({ ...problem, class: other }, path) > Number.NEGATIVE_INFINITY ? 0 : 1;
      const paths = task
        .paths(problem)
        .filter((path) => path !== problem.response)
        .sort((left, right) => ofOther(left) - ofOther(right));
      for (const path of paths) {
        const { prompt } = problem;
        yield { prompt, response: path, class: problem.class, problem: `${name} ${index + 1}` };
      }
    }
  }
}
