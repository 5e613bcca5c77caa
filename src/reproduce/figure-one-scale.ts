/** The sizes at which figure 1 runs: the paper's own, a laptop's, and one for tests. */
import type { GraphSettings } from "../task/index.ts";

export interface FigureOneScale {
  readonly task: GraphSettings;
  readonly model: {
    readonly layers: number;
    readonly width: number;
    readonly heads: number;
    readonly tiedEmbeddings: boolean;
    readonly initialisation: "gpt2" | "scaled";
  };
  /** Longest sequence that the model reads; what the task needs where absent. */
  readonly context?: number;
  /** Without its learning rate. */
  readonly rule: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly clip?: number;
  readonly preTraining: {
    readonly batch: number;
    readonly steps: number;
    readonly learningRate: number;
    readonly schedule: Readonly<Record<string, unknown>>;
    /** Prompts of a fixed set; fresh samples where absent. */
    readonly fixedSet?: number;
    readonly journalEvery: number;
  };
  readonly fineTuning: {
    readonly batch: number;
    readonly steps: number;
    readonly learningRate: number;
    /** Steps between checkpoints. */
    readonly every: number;
    readonly journalEvery: number;
  };
  /** The N of Cov_N in the figure. */
  readonly ns: readonly number[];
  /** Of each class. */
  readonly evaluationPrompts: number;
  /** Evaluation prompts of each class whose other paths are scored. */
  readonly otherPathPrompts: number;
  readonly selectionPrompts: number;
}

/** Those of the paper's figure, what pass@8 and pass@12 follow, and beyond. */
const ns = [2, 3, 4, 4.6, 5.7, 6, 8, 16];
const seed = "figure 1";
const constant = { name: "constant" };

const scales: Readonly<Record<string, FigureOneScale>> = {
  laptop: {
    task: { middleLayers: 4, width: 3, names: 24, edgeOrder: "layered", padded: true, seed },
    model: { layers: 3, width: 128, heads: 4, tiedEmbeddings: false, initialisation: "scaled" },
    rule: { name: "adamw", beta1: 0.9, beta2: 0.99, weightDecay: 0.01 },
    clip: 1,
    preTraining: {
      batch: 64,
      steps: 2000,
      learningRate: 1e-3,
      schedule: { name: "cosine", warmup: 200, final: 0.05 },
      journalEvery: 10,
    },
    fineTuning: { batch: 64, steps: 400, learningRate: 2e-5, every: 10, journalEvery: 1 },
    ns,
    evaluationPrompts: 512,
    otherPathPrompts: 64,
    selectionPrompts: 1024,
  },
  paper: {
    task: { middleLayers: 8, width: 4, names: 100, edgeOrder: "shuffled", seed },
    model: { layers: 6, width: 384, heads: 4, tiedEmbeddings: false, initialisation: "gpt2" },
    context: 512,
    rule: { name: "adam", weightDecay: 0.01 },
    preTraining: {
      batch: 128,
      steps: 200_000,
      learningRate: 1e-4,
      schedule: constant,
      fixedSet: 512_000,
      journalEvery: 100,
    },
    fineTuning: { batch: 128, steps: 50_000, learningRate: 5e-6, every: 1000, journalEvery: 100 },
    ns,
    evaluationPrompts: 1024,
    otherPathPrompts: 64,
    selectionPrompts: 2048,
  },
  smoke: {
    task: { middleLayers: 2, width: 2, names: 8, edgeOrder: "layered", padded: true, seed },
    model: { layers: 1, width: 8, heads: 2, tiedEmbeddings: false, initialisation: "scaled" },
    rule: { name: "adamw", beta1: 0.9, beta2: 0.99, weightDecay: 0.01 },
    clip: 1,
    preTraining: { batch: 8, steps: 6, learningRate: 1e-3, schedule: constant, journalEvery: 1 },
    fineTuning: { batch: 8, steps: 6, learningRate: 1e-3, every: 2, journalEvery: 1 },
    ns,
    evaluationPrompts: 8,
    otherPathPrompts: 4,
    selectionPrompts: 16,
  },
};

/** Throws RangeError for an unknown scale. */
export function figureOneScale(name: string): FigureOneScale {
  const found = Object.hasOwn(scales, name) ? scales[name] : undefined;
  if (found === undefined) throw new RangeError(`scale is ${name}: must be laptop or paper`);
  return found;
}
