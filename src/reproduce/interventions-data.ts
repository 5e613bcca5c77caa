/** The measures of every intervention from the recorded log-probabilities, seed by seed. */
import type { FigureRecord } from "./figure.ts";
import { figureOneData } from "./figure-one-data.ts";
import { pathShares, weightedCoverage, weightedKl, weightedPassAt } from "./figure-one-measures.ts";
import { interventionVariant, startVariant, testTimeVariant } from "./interventions-plan.ts";
import { type Intervention, interventions } from "./interventions-scale.ts";

export const coverageNs = [2, 4, 8] as const;
export const passNs = [1, 8, 12] as const;

/** A quantity of a checkpoint, and whether more of it is better. */
export interface Measure {
  readonly id: string;
  readonly label: string;
  readonly digits: number;
}

export const measures: readonly Measure[] = [
  { id: "kl", label: "KL, nats", digits: 3 },
  ...coverageNs.map((n) => ({ id: `cov ${n}`, label: `Cov_${n}`, digits: 3 })),
  ...passNs.map((n) => ({ id: `pass ${n}`, label: `pass@${n}`, digits: 3 })),
  { id: "invalid", label: "no path", digits: 3 },
];

/** One model: a row of the comparison. */
export interface MeasuredModel {
  /** The intervention's name, with its decoding where that differs. */
  readonly name: string;
  readonly intervention?: Intervention;
  readonly learningRate?: number;
  readonly seed: number;
  /** Mean of −log π̂ on the selection prompts, nats: what learning rates are chosen by. */
  readonly selectionLoss: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Every scored model: the starts, and each intervention at each learning rate that was tried. */
export function measuredModels(record: FigureRecord): MeasuredModel[] {
  const variants = [
    { variant: startVariant, name: "start" },
    ...interventions.flatMap((intervention) =>
      intervention.learningRates.flatMap((learningRate) => {
        const variant = interventionVariant(intervention.name, learningRate);
        const { name } = intervention;
        const plain = { variant, name, intervention, learningRate };
        if (intervention.testTimeTraining !== true) return [plain];
        return [plain, { ...plain, variant: testTimeVariant(variant), name: `${name} + TTT` }];
      }),
    ),
  ];
  return variants.flatMap(({ variant, ...rest }) => {
    const scores = record.scores.filter((score) => score.variant === variant);
    if (scores.length === 0) return [];
    return figureOneData({ ...record, scores }).map(({ seed, checkpoints }) => {
      const last = checkpoints.at(-1)!;
      const coverage = weightedCoverage(last, coverageNs);
      const pass = weightedPassAt(last, passNs);
      const values = {
        kl: weightedKl(last).estimate,
        ...Object.fromEntries(coverageNs.map((n, index) => [`cov ${n}`, coverage[index]!.estimate])),
        ...Object.fromEntries(passNs.map((n, index) => [`pass ${n}`, pass[index]!.estimate])),
        invalid: pathShares(last).invalid,
      };
      return { ...rest, seed, selectionLoss: mean(last.selection.map((value) => -value)), values };
    });
  });
}

/** A row of the comparison: an intervention at its chosen learning rate, a model for each seed. */
export interface ComparedRow {
  readonly name: string;
  readonly learningRate?: number;
  readonly models: readonly MeasuredModel[];
}

/** Rows with a model in every seed, in the order of the interventions. */
export function comparedRows(models: readonly MeasuredModel[]): ComparedRow[] {
  const chosen = models.filter(
    ({ intervention, learningRate }) => intervention === undefined || learningRate === intervention.chosen,
  );
  const seeds = new Set(chosen.map(({ seed }) => seed)).size;
  return [...new Set(chosen.map(({ name }) => name))].flatMap((name) => {
    const own = chosen.filter((model) => model.name === name).sort((left, right) => left.seed - right.seed);
    const { learningRate } = own[0]!;
    if (own.length < seeds) return [];
    return [{ name, ...(learningRate !== undefined && { learningRate }), models: own }];
  });
}

/** The learning rate of least selection loss on the first seed; undefined where that seed lacks one of the grid. */
export function leastLossRate(
  models: readonly MeasuredModel[],
  intervention: Intervention,
): number | undefined {
  const first = Math.min(...models.map(({ seed }) => seed));
  const own = models.filter(({ name, seed }) => name === intervention.name && seed === first);
  if (own.length < intervention.learningRates.length) return undefined;
  return own.reduce((least, model) => (model.selectionLoss < least.selectionLoss ? model : least))
    .learningRate;
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
