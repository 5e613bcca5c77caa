/** Update rules, losses and teachers compared on figure 1's fine-tuning. */
import type { Claim, Figure, FigureRecord, FigureResult } from "./figure.ts";
import { idealPath, uniformValues } from "./figure-one-ideal.ts";
import { comparedRows, leastLossRate, type MeasuredModel, measuredModels } from "./interventions-data.ts";
import { interventionsPlan } from "./interventions-plan.ts";
import { interventions, interventionsScale } from "./interventions-scale.ts";
import {
  type AgainstAdam,
  againstAdam,
  comparisonTable,
  differenceTable,
  gridTable,
  passPanel,
} from "./interventions-tables.ts";

const title = "Interventions: which rule, loss or teacher keeps coverage in figure 1's fine-tuning";

export const interventionsFigure: Figure = {
  name: "interventions",
  title,
  scales: ["laptop"],
  plan: interventionsPlan,
  result: interventionsResult,
};

function interventionsResult(record: FigureRecord): FigureResult {
  const models = measuredModels(record);
  const rows = comparedRows(models);
  const differences = againstAdam(rows);
  const curve = idealPath().map((model) => {
    const { kl, passAt } = uniformValues(model);
    return { kl, pass: passAt(8) };
  });
  return {
    title,
    summary: summary(differences, record.scale),
    claims: [rateClaim(models)],
    comparisons: [],
    panels: [passPanel(rows, curve)],
    tables: [
      comparisonTable(rows),
      ...(differences.length === 0 ? [] : [differenceTable(differences)]),
      gridTable(models),
    ],
    remarks: [
      "No direction was fixed beforehand: the table says what came out, also where a rule does not help.",
      "The learning rates are chosen by cross-entropy, as practitioners do, and not by coverage. A grid of three is coarse; where the least lies at an end of it the rule may be better than shown.",
      "All rules see as many samples from the same start. Truncated distillation and its control learn from another distribution, the responses of both classes alike, which stand for the teacher's own, and the teacher's training is not counted: what they gain is the teacher's, not the rule's, unless the control gains less.",
      "Steps are short: log N = log 4 is above the teacher's divergence from the start, so that truncation seldom acts.",
      "Test-time training steps the output head only; token-level SGD trains all weights. The guarantee of (21)–(23) is about the linear class, where both are the same.",
    ],
  };
}

/** Which rules differ from Adam in pass@12 and Cov_8 outside their intervals. */
function summary(differences: readonly AgainstAdam[], scale: string): string[] {
  const { steps } = interventionsScale(scale);
  const ids = ["pass 12", "cov 8", "kl"] as const;
  const titles = { "pass 12": "pass@12", "cov 8": "Cov_8", kl: "KL" } as const;
  const told = ids.map((id) => {
    const names = (above: boolean) =>
      differences
        .filter(({ differences: own }) => (above ? own[id]!.lower > 0 : own[id]!.upper < 0))
        .map(({ name }) => name)
        .join(", ") || "none";
    return `${titles[id]} is above Adam's outside the interval for: ${names(true)}; below for: ${names(false)}.`;
  });
  return [
    `Every rule takes ${steps} steps from the same pre-trained models, its learning rate chosen by cross-entropy on a grid of three.`,
    ...(differences.length === 0 ? [] : told),
  ];
}

function rateClaim(models: readonly MeasuredModel[]): Claim {
  const found = interventions.map((intervention) => ({
    intervention,
    least: leastLossRate(models, intervention),
  }));
  const other = found.filter(({ intervention, least }) => least !== intervention.chosen);
  const atEnd = found.filter(
    ({ intervention: { learningRates }, least }) =>
      least === learningRates[0] || least === learningRates.at(-1),
  );
  const list = (entries: typeof found) => entries.map(({ intervention }) => intervention.name).join(", ");
  return {
    name: "learning rates are those of the rule",
    statement:
      "For every intervention the learning rate compared is the one of least cross-entropy on the selection prompts of the first seed.",
    measured: [
      other.length === 0 ? "all are" : `not so for ${list(other)}`,
      atEnd.length === 0 ? "none at an end of its grid" : `at an end of the grid: ${list(atEnd)}`,
    ].join("; "),
    holds: other.length === 0,
  };
}
