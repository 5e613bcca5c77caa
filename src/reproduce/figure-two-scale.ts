/** The sizes at which figure 2 runs: the paper's own, a laptop's, and one for tests. */
import type { FigureTwoClass, GraphSettings } from "../task/index.ts";

export interface FigureTwoScale {
  /** The H that are compared. */
  readonly middleLayers: readonly number[];
  readonly task: Omit<GraphSettings, "middleLayers">;
  readonly model: {
    readonly layers: number;
    readonly width: number;
    readonly heads: number;
    readonly tiedEmbeddings: boolean;
    readonly initialisation: "gpt2" | "scaled";
  };
  /** Longest sequence that the model reads; what the task needs where absent. */
  readonly context?: number;
  readonly rule: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly schedule: Readonly<Record<string, unknown>>;
  readonly batch: number;
  readonly clip?: number;
  readonly steps: number;
  /** Steps between checkpoints. */
  readonly every: number;
  readonly journalEvery: number;
  /** Samples of the fixed training set of each H and seed. */
  readonly fixedSet: number;
  /** Evaluation prompts of each class, for each H and seed. */
  readonly prompts: Readonly<Record<FigureTwoClass, number>>;
  /** The N of Cov_N in the figure. */
  readonly ns: readonly number[];
}

/** The paper's, those beside it that are no ratio of a model uniform over passable nodes, and below. */
const ns = [2, 4, 8, 16, 32];
const seed = "figure 2";

const scales: Readonly<Record<string, FigureTwoScale>> = {
  laptop: {
    middleLayers: [4, 8, 12],
    task: { width: 3, names: 48, edgeOrder: "layered", padded: true, seed },
    model: { layers: 2, width: 128, heads: 4, tiedEmbeddings: false, initialisation: "scaled" },
    rule: { name: "adamw", learningRate: 1e-3, beta1: 0.9, beta2: 0.99, weightDecay: 0.01 },
    schedule: { name: "cosine", warmup: 200, final: 0.05 },
    batch: 64,
    clip: 1,
    steps: 1200,
    every: 100,
    journalEvery: 10,
    fixedSet: 20_000,
    // Class 1 decides the spread: it weighs most, and its rare failures are many nats.
    prompts: { G_H1: 1024, G_H2: 256, G_H3: 256 },
    ns,
  },
  paper: {
    middleLayers: [8, 16, 24],
    task: { width: 4, names: 100, edgeOrder: "shuffled", seed },
    model: { layers: 6, width: 384, heads: 4, tiedEmbeddings: false, initialisation: "gpt2" },
    context: 512,
    rule: { name: "adam", learningRate: 1e-4, weightDecay: 0.01 },
    schedule: { name: "constant" },
    batch: 128,
    steps: 40_000,
    every: 2000,
    journalEvery: 100,
    fixedSet: 512_000,
    prompts: { G_H1: 1024, G_H2: 1024, G_H3: 1024 },
    ns,
  },
  smoke: {
    middleLayers: [2, 4],
    task: { width: 2, names: 12, edgeOrder: "layered", padded: true, seed },
    model: { layers: 1, width: 8, heads: 2, tiedEmbeddings: false, initialisation: "scaled" },
    rule: { name: "adamw", learningRate: 1e-3 },
    schedule: { name: "constant" },
    batch: 8,
    steps: 6,
    every: 3,
    journalEvery: 1,
    fixedSet: 16,
    prompts: { G_H1: 8, G_H2: 4, G_H3: 4 },
    ns: [2, 4, 8, 16],
  },
};

/** Throws RangeError for an unknown scale. */
export function figureTwoScale(name: string): FigureTwoScale {
  const found = Object.hasOwn(scales, name) ? scales[name] : undefined;
  if (found === undefined) throw new RangeError(`scale is ${name}: must be laptop or paper`);
  return found;
}
