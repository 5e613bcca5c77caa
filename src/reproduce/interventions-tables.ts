/** The numbers of the interventions as tables and one panel. */
import type { Cell } from "../report/index.ts";
import type { FigureTable } from "./figure.ts";
import { idealOptimum, idealStart, uniformValues } from "./figure-one-ideal.ts";
import { type ComparedRow, coverageNs, type MeasuredModel, measures, passNs } from "./interventions-data.ts";
import type { Panel } from "./panel.ts";
import { fixedText, intervalText, textColumn } from "./table-text.ts";
import { type SeedMean, seedMean } from "./trend.ts";

const level = 0.95;

const columns = measures.map(({ id, label }) => textColumn(id, label));

/** Mean over seeds with Student's interval; the plain value of one seed. */
function meanText(values: readonly number[], digits: number): string {
  if (values.length < 2) return fixedText(values[0]!, digits);
  return intervalText(seedMean(values, { level }), digits);
}

export function comparisonTable(rows: readonly ComparedRow[]): FigureTable {
  const exact = (name: string, model: { readonly first: number; readonly second: number }) => {
    const { kl, coverageAt, passAt } = uniformValues(model);
    return {
      name,
      rate: "–",
      kl: fixedText(kl, 3),
      ...Object.fromEntries(coverageNs.map((n) => [`cov ${n}`, fixedText(coverageAt(n), 3)])),
      ...Object.fromEntries(passNs.map((n) => [`pass ${n}`, fixedText(passAt(n), 3)])),
      invalid: "0",
    };
  };
  return {
    id: "comparison",
    title: "Every intervention at its chosen learning rate",
    explanation: `Means over ${rows[0]?.models.length ?? 0} seeds with Student's 95% intervals over them, on figure 1's evaluation prompts, the classes weighted .9 and .1; below, exact values of models without invalid mass that cannot tell the class. "No path" is the mass on responses that are no path.`,
    table: {
      columns: [textColumn("name", "rule"), textColumn("rate", "learning rate"), ...columns],
      rows: [
        ...rows.map(
          ({ name, learningRate, models }): Record<string, Cell> => ({
            name,
            rate: learningRate === undefined ? "–" : String(learningRate),
            ...Object.fromEntries(
              measures.map(({ id, digits }) => [
                id,
                meanText(
                  models.map(({ values }) => values[id]!),
                  digits,
                ),
              ]),
            ),
          }),
        ),
        exact("exact: ideal start", idealStart),
        exact("exact: least KL", idealOptimum),
        exact("exact: both paths alike", { first: 0.5, second: 0.5 }),
      ],
    },
  };
}

export interface AgainstAdam {
  readonly name: string;
  /** By measure. */
  readonly differences: Readonly<Record<string, SeedMean>>;
}

/** Paired by seed: the same start, evaluation prompts, and for the same data the same samples. */
export function againstAdam(rows: readonly ComparedRow[]): AgainstAdam[] {
  const adam = rows.find(({ name }) => name === "Adam");
  if (adam === undefined || adam.models.length < 2) return [];
  return rows
    .filter((row) => row !== adam)
    .map(({ name, models }) => ({
      name,
      differences: Object.fromEntries(
        measures.map(({ id }) => [
          id,
          seedMean(
            models.map(({ values }, seed) => values[id]! - adam.models[seed]!.values[id]!),
            { level },
          ),
        ]),
      ),
    }));
}

export function differenceTable(differences: readonly AgainstAdam[]): FigureTable {
  return {
    id: "against-adam",
    title: "Differences to Adam",
    explanation:
      "Each measure minus Adam's, paired by seed, with Student's 95% intervals over seeds, one by one: among so many some exclude 0 by chance.",
    table: {
      columns: [textColumn("name", "rule"), ...columns],
      rows: differences.map(({ name, differences: own }) => ({
        name,
        ...Object.fromEntries(measures.map(({ id, digits }) => [id, intervalText(own[id]!, digits)])),
      })),
    },
  };
}

/** The whole grid of the first seed. */
export function gridTable(models: readonly MeasuredModel[]): FigureTable {
  const first = Math.min(...models.map(({ seed }) => seed));
  return {
    id: "grid",
    title: "The grid of learning rates",
    explanation: `Seed ${first}. The learning rate of least cross-entropy on the selection prompts is taken for all seeds; these prompts are not the evaluation's.`,
    table: {
      columns: [
        textColumn("name", "rule"),
        textColumn("rate", "learning rate"),
        textColumn("loss", "selection cross-entropy"),
        textColumn("chosen", "chosen"),
        ...columns,
      ],
      rows: models
        .filter(({ seed, intervention }) => seed === first && intervention !== undefined)
        .map(({ name, learningRate, intervention, selectionLoss, values }) => ({
          name,
          rate: String(learningRate),
          loss: fixedText(selectionLoss, 4),
          chosen: learningRate === intervention?.chosen ? "yes" : "",
          ...Object.fromEntries(measures.map(({ id, digits }) => [id, fixedText(values[id]!, digits)])),
        })),
    },
  };
}

/** pass@8 against KL: each rule's seeds, the whole grid's first seed, and the exact curve of models without invalid mass. */
export function passPanel(
  rows: readonly ComparedRow[],
  curve: readonly { readonly kl: number; readonly pass: number }[],
): Panel {
  return {
    id: "pass-8-against-kl",
    title: "pass@8 against KL",
    explanation:
      "Every seed at the chosen learning rate, joined rule by rule. Dashed: models without invalid mass that treat all prompts alike.",
    xLabel: "KL, nats a response",
    yLabel: "pass@8",
    yScale: "linear",
    series: [
      ...rows.map(({ name, models }) => ({
        label: name,
        points: models.map(({ seed, values }) => ({
          x: values.kl!,
          y: values["pass 8"]!,
          name: `seed ${seed}`,
        })),
      })),
      {
        label: "without invalid mass (computed)",
        computed: true,
        points: curve.map(({ kl, pass }) => ({ x: kl, y: pass, name: "computed" })),
      },
    ],
    marks: [],
  };
}
