/** Figure 2's quantities at every H, step and seed, from the recorded log-probabilities. */
import type { FigureTwoClass } from "../task/index.ts";
import type { FigureRecord } from "./figure.ts";
import { figureTwoEvaluation, figureTwoVariant } from "./figure-two-plan.ts";
import { type FigureTwoQuantities, figureTwoFloor, figureTwoQuantities } from "./figure-two-quantities.ts";
import { figureTwoScale } from "./figure-two-scale.ts";

/** One H: what every seed's checkpoints measure. */
export interface FigureTwoCurves {
  readonly middleLayers: number;
  readonly steps: readonly number[];
  /** A seed each, a step each. */
  readonly seeds: readonly (readonly FigureTwoQuantities[])[];
  /** Of the model that is uniform over passable nodes. */
  readonly floor: { readonly kl: number; readonly coverage: readonly number[] };
}

export interface FigureTwoData {
  /** The N of Cov_N, in the order of all coverages. */
  readonly ns: readonly number[];
  readonly seedNumbers: readonly number[];
  readonly curves: readonly FigureTwoCurves[];
}

/** Seeds that lack a score of some H or step are left out. Throws RangeError for an unknown scale, or where no seed is whole. */
export function figureTwoData(record: FigureRecord): FigureTwoData {
  const { middleLayers: all, ns, steps: last, every } = figureTwoScale(record.scale);
  const steps = Array.from({ length: Math.floor(last / every) }, (_, index) => (index + 1) * every);
  const sets = new Map(record.sets.map((set) => [set.path, set]));
  const scores = new Map(record.scores.map((score) => [`${score.path} ${score.step}`, score]));
  const cell = (middleLayers: number, seed: number): FigureTwoQuantities[] | undefined => {
    const path = figureTwoEvaluation({ middleLayers, seed });
    const set = sets.get(path);
    const found = steps.flatMap((step) => scores.get(`${path} ${step}`) ?? []);
    if (set === undefined || found.length < steps.length) return undefined;
    const prompts = {
      classes: set.classes as readonly FigureTwoClass[],
      reference: Float64Array.from(set.logProbabilities, (value) => value ?? Number.NaN),
    };
    return found.map(({ logProbabilities }) =>
      figureTwoQuantities(prompts, Float64Array.from(logProbabilities), ns),
    );
  };
  const seedNumbers = [...new Set(record.scores.map(({ seed }) => seed))]
    .sort((left, right) => left - right)
    .filter((seed) => all.every((middleLayers) => cell(middleLayers, seed) !== undefined));
  if (seedNumbers.length === 0)
    throw new RangeError("seeds is 0: at least one must be scored at every H and step");
  return {
    ns,
    seedNumbers,
    curves: all.map((middleLayers) => ({
      middleLayers,
      steps,
      seeds: seedNumbers.map((seed) => cell(middleLayers, seed)!),
      floor: figureTwoFloor({ middleLayers, ns }),
    })),
  };
}

/** A quantity that the figure shows, with its value in one checkpoint. */
export interface FigureTwoQuantity {
  readonly id: string;
  readonly label: string;
  readonly isRate: boolean;
  of(found: { readonly kl: number; readonly coverage: readonly number[] }): number;
}

/** KL, Cov_N for each N and KL/Cov_N for the paper's N. */
export function shownQuantities(ns: readonly number[]): {
  readonly kl: FigureTwoQuantity;
  readonly coverage: readonly FigureTwoQuantity[];
  readonly ratio: FigureTwoQuantity;
} {
  const paper = ns.indexOf(paperN);
  return {
    kl: { id: "kl", label: "KL(π_D ‖ π̂) in nats", isRate: false, of: ({ kl }) => kl },
    coverage: ns.map((n, index) => ({
      id: `coverage-${n}`,
      label: `Cov_${n}`,
      isRate: true,
      of: ({ coverage }) => coverage[index]!,
    })),
    ratio: {
      id: "ratio",
      label: `KL/Cov_${paperN}`,
      isRate: false,
      of: ({ kl, coverage }) => kl / coverage[paper]!,
    },
  };
}

/** The quantity at the last step, a seed each. */
export const lastValues = ({ seeds }: FigureTwoCurves, quantity: FigureTwoQuantity): number[] =>
  seeds.map((steps) => quantity.of(steps.at(-1)!));

/** The N of the paper's panels. */
export const paperN = 16;

export const variantOf = ({ middleLayers }: FigureTwoCurves) => figureTwoVariant(middleLayers);
