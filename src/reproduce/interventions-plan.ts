/** Interventions on figure 1's fine-tuning: every rule from the same pre-trained models, with the same budget of samples. */
import {
  checkpointOf,
  type FigurePlan,
  type FigureRequest,
  type PlannedScoring,
  type PlannedTraining,
} from "./figure.ts";
import { figureOneFiles, figureOneFolders, figureOnePlan, fineTuningWeights } from "./figure-one-plan.ts";
import { figureOneScale } from "./figure-one-scale.ts";
import {
  type Intervention,
  type InterventionsScale,
  interventions,
  interventionsScale,
} from "./interventions-scale.ts";

/** What a teacher is fine-tuned on: the responses of both classes alike. */
const balancedWeights = { G1: 1, G2: 1, G3: 0 } as const;
const generator = "graph-figure-1";

export const interventionVariant = (name: string, learningRate: number) => `${name}, ${learningRate}`;
export const testTimeVariant = (variant: string) => `${variant}, test-time training`;
/** The pre-trained model that all start from. */
export const startVariant = "start";

/** Throws RangeError for an unknown scale. */
export function interventionsPlan({ scale, seeds }: FigureRequest): FigurePlan {
  const given = interventionsScale(scale);
  const figureOne = figureOnePlan({ scale, seeds });
  const preTraining = (seed: number) =>
    figureOne.trainings.find(({ folder }) => folder === figureOneFolders(seed).preTraining)!;
  const cells = seeds.flatMap((seed) => tried(seed, seeds).map((cell) => ({ ...cell, seed })));
  return {
    files: figureOne.files.filter(({ path }) => scoredFiles.includes(path)),
    trainings: seeds.flatMap((seed) => [
      preTraining(seed),
      teacher(given, { scale, seed, preTraining: preTraining(seed) }),
      ...cells
        .filter((cell) => cell.seed === seed)
        .map((cell) => training(given, { ...cell, scale, preTraining: preTraining(seed) })),
    ]),
    scorings: [
      ...seeds.map((seed) => ({
        seed,
        variant: startVariant,
        step: 0,
        checkpoint: lastCheckpoint(preTraining(seed)),
        files: scoredFiles,
      })),
      ...cells.flatMap((cell) => scorings(given, cell)),
    ],
  };
}

const scoredFiles: readonly string[] = [
  figureOneFiles.evaluation,
  figureOneFiles.selection,
  figureOneFiles.otherPaths,
];

interface Cell {
  readonly intervention: Intervention;
  readonly learningRate: number;
}

/** The whole grid on the first seed, the chosen learning rates on all. */
function tried(seed: number, seeds: readonly number[]): Cell[] {
  return interventions.flatMap((intervention) =>
    intervention.learningRates
      .filter((learningRate) => seed === seeds[0] || learningRate === intervention.chosen)
      .map((learningRate) => ({ intervention, learningRate })),
  );
}

const folderOf = ({ intervention, learningRate }: Cell, seed: number) =>
  `seed-${seed}/${intervention.name.replaceAll(/[^A-Za-z]+/g, "-").toLowerCase()}-${learningRate}`;

const lastCheckpoint = ({ folder, config }: PlannedTraining) => checkpointOf(folder, config.steps as number);

interface Context {
  readonly scale: string;
  readonly seed: number;
  readonly preTraining: PlannedTraining;
}

const teacherFolder = (seed: number) => `seed-${seed}/teacher`;

function teacher(given: InterventionsScale, context: Context): PlannedTraining {
  const { rule, clip } = figureOneScale(context.scale);
  const { steps, learningRate } = given.teacher;
  return fineTuning(context, {
    folder: teacherFolder(context.seed),
    steps,
    weights: balancedWeights,
    config: { rule: { ...rule, learningRate }, ...(clip !== undefined && { clip }) },
  });
}

function training(given: InterventionsScale, context: Context & Cell): PlannedTraining {
  const { intervention, learningRate, seed } = context;
  const { rule, loss, clip, balanced = false, taught = false } = intervention;
  return fineTuning(context, {
    folder: folderOf(context, seed),
    steps: given.steps,
    weights: balanced ? balancedWeights : fineTuningWeights,
    config: {
      rule: {
        ...rule,
        learningRate,
        ...(taught && { teacher: checkpointOf(teacherFolder(seed), given.teacher.steps) }),
      },
      ...(loss !== undefined && { loss }),
      ...(clip !== undefined && { clip }),
    },
  });
}

/** All trainings of a seed see the same samples of the same mixture, in the same order. */
function fineTuning(
  { scale, seed, preTraining }: Context,
  given: {
    readonly folder: string;
    readonly steps: number;
    readonly weights: Readonly<Record<string, number>>;
    readonly config: Readonly<Record<string, unknown>>;
  },
): PlannedTraining {
  const { folder, steps, weights, config } = given;
  const { task } = figureOneScale(scale);
  const { tokenizer, endOfSequence, batch } = preTraining.config;
  return {
    folder,
    sizes: { ...preTraining.sizes, steps, checkpoints: 1 },
    config: {
      tokenizer,
      endOfSequence,
      batch,
      ...config,
      name: folder,
      from: lastCheckpoint(preTraining),
      data: { generator, options: { ...task, weights } },
      steps,
      seed: `interventions, seed ${seed}`,
    },
  };
}

function scorings(given: InterventionsScale, cell: Cell & { readonly seed: number }): PlannedScoring[] {
  const { intervention, learningRate, seed } = cell;
  const variant = interventionVariant(intervention.name, learningRate);
  const plain = {
    seed,
    variant,
    step: given.steps,
    checkpoint: checkpointOf(folderOf(cell, seed), given.steps),
    files: scoredFiles,
  };
  if (intervention.testTimeTraining !== true) return [plain];
  return [plain, { ...plain, variant: testTimeVariant(variant), testTimeStep: learningRate }];
}
