/** What is compared on figure 1's fine-tuning: rules, losses and data with their grids of learning rates. */

export interface Intervention {
  readonly name: string;
  /** What it is, in words for a table. */
  readonly description: string;
  /** Without its learning rate. */
  readonly rule: { readonly name: string } & Readonly<Record<string, unknown>>;
  readonly loss?: Readonly<Record<string, unknown>>;
  /** As in figure 1 for Adam; rules whose step is not normalized would be by it, and have none. */
  readonly clip?: number;
  /** Whether it learns from the teacher's kind of responses, both classes alike, and not from the task's. */
  readonly balanced?: boolean;
  /** Whether the rule needs the teacher's checkpoint. */
  readonly taught?: boolean;
  /** Whether its checkpoints are also scored with test-time training of the output head, at the step size of training. */
  readonly testTimeTraining?: boolean;
  /** In ascending order; all of them are tried on the first seed. */
  readonly learningRates: readonly number[];
  /** The one of least cross-entropy on the selection prompts of the first seed: what all seeds are compared at. */
  readonly chosen: number;
}

const adam = { name: "adamw", beta1: 0.9, beta2: 0.99, weightDecay: 0.01 } as const;
const draws = 8;

export const interventions: readonly Intervention[] = [
  {
    name: "Adam",
    description: "figure 1's rule, clipped at 1",
    rule: adam,
    clip: 1,
    learningRates: [5e-5, 1.5e-4, 4.5e-4],
    chosen: 1.5e-4,
  },
  {
    name: "SGD",
    description: "(14), at sequence level",
    rule: { name: "sgd" },
    learningRates: [8e-3, 2.4e-2, 7.2e-2],
    chosen: 2.4e-2,
  },
  {
    name: "normalized SGD",
    description: "(17), (18) with λ = 0.1",
    rule: { name: "normalized-sgd", lambda: 0.1 },
    learningRates: [2.5e-2, 7.5e-2, 2.25e-1],
    chosen: 7.5e-2,
  },
  {
    name: "sign SGD",
    description: "(20)",
    rule: { name: "sign-sgd" },
    learningRates: [5e-5, 1.5e-4, 4.5e-4],
    chosen: 1.5e-4,
  },
  {
    name: "Muon",
    description: "beyond the paper; Adam at 1.5e-4 for what is no hidden matrix",
    rule: { name: "muon", adamLearningRate: 1.5e-4 },
    learningRates: [2.7e-4, 8e-4, 2.4e-3],
    chosen: 8e-4,
  },
  {
    name: "DCO",
    description: `the loss of pass@${draws} (arXiv 2502.07154) with Adam`,
    rule: adam,
    loss: { name: "dco", N: draws },
    clip: 1,
    learningRates: [5e-5, 1.5e-4, 4.5e-4],
    chosen: 1.5e-4,
  },
  {
    name: "truncated distillation",
    description:
      "(24)–(26) with N = 4 from a teacher that was fine-tuned on both classes alike, on responses of its kind",
    rule: { name: "truncated-distillation", N: draws / 2 },
    balanced: true,
    taught: true,
    learningRates: [8e-3, 2.4e-2, 7.2e-2],
    chosen: 2.4e-2,
  },
  {
    name: "Adam on the teacher's responses",
    description: "the same responses without a teacher's distributions: what the data alone do",
    rule: adam,
    clip: 1,
    balanced: true,
    learningRates: [5e-5, 1.5e-4, 4.5e-4],
    chosen: 1.5e-4,
  },
  {
    name: "token-level SGD",
    description: "(21); also with test-time training (22), (23) of the output head",
    rule: { name: "token-sgd" },
    testTimeTraining: true,
    learningRates: [8e-3, 2.4e-2, 7.2e-2],
    chosen: 2.4e-2,
  },
];

export interface InterventionsScale {
  /** Of each intervention: the budget of samples is so many batches of figure 1's size. */
  readonly steps: number;
  readonly teacher: { readonly steps: number; readonly learningRate: number };
}

const scales: Readonly<Record<string, InterventionsScale>> = {
  laptop: { steps: 100, teacher: { steps: 200, learningRate: 1.5e-4 } },
  smoke: { steps: 2, teacher: { steps: 2, learningRate: 1e-3 } },
};

/** Throws RangeError for an unknown scale. */
export function interventionsScale(name: string): InterventionsScale {
  const found = Object.hasOwn(scales, name) ? scales[name] : undefined;
  if (found === undefined) throw new RangeError(`scale is ${name}: must be laptop`);
  return found;
}
