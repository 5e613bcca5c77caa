/** What figure 2 (App. C) trains and scores: one training for each H and seed, its checkpoints on fresh prompts of each class. */
import { randomGenerator } from "../numeric/index.ts";
import { figureTwoTask, figureTwoWeights } from "../task/index.ts";
import {
  checkpointOf,
  type FigurePlan,
  type FigureRequest,
  type FigureRow,
  type PlannedFile,
  type PlannedScoring,
  type PlannedTraining,
} from "./figure.ts";
import { figureTwoClasses } from "./figure-two-quantities.ts";
import { type FigureTwoScale, figureTwoScale } from "./figure-two-scale.ts";

/** One of the trainings: an H and a seed. */
interface Cell {
  readonly middleLayers: number;
  readonly seed: number;
}

/** The name of an H among the figure's trainings of a seed. */
export const figureTwoVariant = (middleLayers: number) => `H = ${middleLayers}`;

const folderOf = ({ middleLayers, seed }: Cell) => `seed-${seed}/h-${middleLayers}`;
/** As many prompts of each class as the scale says. */
export const figureTwoEvaluation = ({ middleLayers, seed }: Cell) =>
  `evaluation-h-${middleLayers}-seed-${seed}.jsonl`;

/** Throws RangeError for an unknown scale. */
export function figureTwoPlan({ scale, seeds }: FigureRequest): FigurePlan {
  const given = figureTwoScale(scale);
  // Seed by seed: a run that is stopped early has whole seeds.
  const cells = seeds.flatMap((seed) => given.middleLayers.map((middleLayers) => ({ middleLayers, seed })));
  return {
    files: cells.map((cell) => evaluationFile(given, cell)),
    trainings: cells.map((cell) => training(given, cell)),
    scorings: cells.flatMap((cell) => scorings(given, cell)),
  };
}

function training(given: FigureTwoScale, cell: Cell): PlannedTraining {
  const { middleLayers, seed } = cell;
  const settings = { ...given.task, middleLayers };
  const task = figureTwoTask(settings);
  const length = task.promptTokens + task.responseTokens - 1;
  const context = given.context ?? length;
  const { layers, width, heads, tiedEmbeddings } = given.model;
  return {
    folder: folderOf(cell),
    sizes: {
      layers,
      width,
      heads,
      tiedEmbeddings,
      vocabulary: given.task.names + 4,
      context,
      steps: given.steps,
      batch: given.batch,
      length,
      checkpoints: Math.floor(given.steps / given.every),
    },
    config: {
      name: `H = ${middleLayers}, seed ${seed}`,
      model: { ...given.model, context },
      tokenizer: `numerals:${given.task.names}`,
      endOfSequence: false,
      data: {
        generator: "graph-figure-2",
        options: { ...settings, weights: figureTwoWeights },
        limit: given.fixedSet,
      },
      rule: given.rule,
      schedule: given.schedule,
      batch: given.batch,
      ...(given.clip !== undefined && { clip: given.clip }),
      steps: given.steps,
      seed: `figure 2, H = ${middleLayers}, seed ${seed}`,
      journalEvery: given.journalEvery,
      checkpoints: { every: given.every },
    },
  };
}

function scorings(given: FigureTwoScale, cell: Cell): PlannedScoring[] {
  return Array.from({ length: Math.floor(given.steps / given.every) }, (_, index) => {
    const step = (index + 1) * given.every;
    return {
      seed: cell.seed,
      variant: figureTwoVariant(cell.middleLayers),
      step,
      checkpoint: checkpointOf(folderOf(cell), step),
      files: [figureTwoEvaluation(cell)],
    };
  });
}

/** Every seed has prompts of its own, so that the spread over seeds holds the evaluation's too. */
function evaluationFile(given: FigureTwoScale, cell: Cell): PlannedFile {
  return { path: figureTwoEvaluation(cell), rows: () => evaluationRows(given, cell) };
}

function* evaluationRows(given: FigureTwoScale, { middleLayers, seed }: Cell): Generator<FigureRow> {
  const task = figureTwoTask({ ...given.task, middleLayers });
  const random = randomGenerator(`figure 2, evaluation, H = ${middleLayers}, seed ${seed}`);
  for (const name of figureTwoClasses) {
    for (let index = 0; index < given.prompts[name]; index += 1) {
      const { prompt, response, logProbability } = task.problem(
        name,
        random.split(`${name}, prompt ${index}`),
      );
      yield { prompt, response, logProbability, class: name, problem: `${name} ${index + 1}` };
    }
  }
}
