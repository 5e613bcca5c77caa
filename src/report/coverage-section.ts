/** Coverage of a model's checkpoints over training, from log-probabilities of responses. */
import {
  coverageProfile,
  klDivergence,
  type LogRatioSample,
  logRatios,
  upperBoundLogRatios,
} from "../coverage/index.ts";
import type { LikelihoodAnalysis, ScoredCandidate } from "./likelihood-analysis.ts";
import { coverageFormula } from "./profile-section.ts";
import type { Cell, Section, TableColumn } from "./section.ts";
import { trainingOrder } from "./training-order.ts";

const ns = [2, 4, 8, 16, 32, 64];
const level = 0.95;
/** An upper bound above this at every N and checkpoint says nothing. */
const vacuous = 0.99;

/**
 * A section for each model with at least three checkpoints: Cov_N where the responses' own distribution scored them, else
 * the upper bound P[π̂ ≤ 1/N], left out where it says nothing.
 */
export function coverageSections(analysis: LikelihoodAnalysis, prefix: string): Section[] {
  const { task, drawer } = analysis;
  const names = [...new Set(task.candidates.map(({ name }) => name))];
  return names.flatMap((model, index) => {
    const family = task.candidates.filter(({ name }) => name === model);
    const order = trainingOrder(family, (candidate) => candidate);
    if (order === undefined) return [];
    const checkpoints = order.checkpoints.map(({ at, item }) => checkpointCoverage(at, item, analysis));
    const shown = checkpoints.flatMap(({ points }) => points.map(({ estimate }) => estimate));
    if (drawer === undefined && shown.every((estimate) => estimate > vacuous)) return [];
    const columns: TableColumn[] = [
      { key: "at", title: order.unit, kind: "count" },
      ...ns.map((n): TableColumn => ({ key: `n${n}`, title: `N = ${n}`, kind: "rate" })),
    ];
    if (drawer !== undefined) columns.push({ key: "kl", title: "KL, nats", kind: "text" });
    return [
      {
        id: `${prefix}coverage-${index + 1}`,
        title: `Coverage of ${model} over training · ${task.task}`,
        explanation:
          drawer === undefined
            ? "P[model ≤ 1/N]: the share of responses that the model finds at most 1/N probable, which Cov_N of their unknown source is at most, and equals where each prompt has one possible response. Less is better; 95% Korn–Graubard intervals over prompts."
            : `Cov_N: the share of responses that ${drawer.model}, which drew them, finds at least N times as probable as the checkpoint, equation (1) of arXiv 2510.15020, and KL(${drawer.model} ‖ checkpoint). Less is better; 95% Korn–Graubard intervals over prompts. Coverage is lost where Cov_N rises while KL falls.`,
        formula: coverageFormula(drawer !== undefined),
        chart: {
          kind: "trajectory" as const,
          unit: order.unit,
          series: ns.map((n, position) => ({
            label: `N = ${n}`,
            points: checkpoints.map(({ at, points }) => ({ at, ...points[position]! })),
          })),
        },
        table: {
          columns,
          rows: checkpoints.map(({ at, points, kl }) => {
            const row: Record<string, Cell> = { at, kl };
            points.forEach((point, position) => {
              row[`n${ns[position]}`] = point;
            });
            return row;
          }),
        },
      },
    ];
  });
}

function checkpointCoverage(at: number, candidate: ScoredCandidate, { task, drawer }: LikelihoodAnalysis) {
  const { prompts } = task;
  const sample: LogRatioSample =
    drawer === undefined
      ? upperBoundLogRatios(candidate)
      : logRatios({ kind: "reference", reference: drawer, model: candidate });
  const points = coverageProfile(sample, { ns, prompts, level }).profile.map(
    ({ coverage, lower, upper }) => ({
      estimate: coverage,
      lower,
      upper,
    }),
  );
  return {
    at,
    points,
    kl: drawer === undefined ? undefined : klText(klDivergence(sample, { prompts, level })),
  };
}

function klText({
  estimate,
  lower,
  upper,
}: {
  estimate: number | undefined;
  lower: number | undefined;
  upper: number | undefined;
}): string {
  if (estimate === undefined || !Number.isFinite(estimate)) return "∞";
  if (lower === undefined || upper === undefined) return estimate.toFixed(3);
  return `${estimate.toFixed(3)} [${lower.toFixed(3)}, ${upper.toFixed(3)}]`;
}
