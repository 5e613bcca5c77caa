/** Coverage of all candidates against N: Cov_N where it is known, else its bound and the tournament's scores. */

import type { CurveChart } from "./chart-data.ts";
import { colouredSeries } from "./chart-palette.ts";
import type { LikelihoodAnalysis } from "./likelihood-analysis.ts";
import type { LikelihoodOverN } from "./likelihood-over-n.ts";
import { plural } from "./number-text.ts";
import type { Formula, Section } from "./section.ts";
import { trainingOrder } from "./training-order.ts";

/** The profile of every candidate, a line each; empty where all that is known is a bound that says nothing. */
export function profileSections(
  analysis: LikelihoodAnalysis,
  over: LikelihoodOverN,
  prefix: string,
): Section[] {
  const { task, drawer } = analysis;
  if (over.profiles.every(({ informative }) => !informative)) return [];
  const bound = drawer === undefined;
  const quantity = bound ? "P[model ≤ 1/N]" : "Cov_N";
  return [
    {
      id: `${prefix}profile`,
      title: `${bound ? "Upper bound on coverage profiles" : "Coverage profiles"} · ${task.task}`,
      explanation: bound
        ? "The share of responses that a model finds at most 1/N probable, against N. Cov_N of the responses' unknown source is at most this, and equals it where each prompt has one possible response. Less is better. Bands are 95% Korn–Graubard intervals over prompts, each N by itself."
        : `The share of responses that ${drawer.model}, which drew them, finds at least N times as probable as the model, against N. Less is better: a good answer that is N times too improbable takes about N times as many draws. Bands are 95% Korn–Graubard intervals over prompts, each N by itself; what lies below the foot of the axis, 0 too, is drawn on it. A line that stays high far out has lost answers for good.`,
      formula: coverageFormula(!bound),
      chart: {
        kind: "curve",
        name: `${quantity} against N`,
        ns: over.ns,
        xLabel: "N",
        yLabel: quantity,
        yScale: "log",
        series: over.profiles.map(({ model, profile, prompts }) => ({
          label: model,
          emphasised: emphasisedModels(analysis).has(model),
          sample: plural(prompts, "prompt"),
          estimate: profile.map(({ coverage }) => coverage),
          lower: profile.map(({ lower }) => lower),
          upper: profile.map(({ upper }) => upper),
        })),
      },
    },
  ];
}

/** Cov_N where the source of the responses is known, else its bound. */
export function coverageFormula(isKnown: boolean): Formula {
  return isKnown
    ? {
        text: "Cov_N(π_D ‖ π̂) = P_{x∼μ, y∼π_D(·|x)}[ π_D(y|x) / π̂(y|x) ≥ N ]",
        source: "equation (1) of arXiv 2510.15020",
      }
    : {
        text: "Cov_N(π_D ‖ π̂) ≤ P_{x∼μ, y∼π_D(·|x)}[ π̂(y|x) ≤ 1/N ]",
        source: "from equation (1) of arXiv 2510.15020 with π_D ≤ 1",
      };
}

/** The tournament's score of every candidate against N. */
export function scoreChart(analysis: LikelihoodAnalysis, over: LikelihoodOverN): CurveChart {
  const { matrix, ns } = over;
  return {
    kind: "curve",
    name: "tournament scores against N",
    ns,
    xLabel: "N",
    yLabel: "score",
    yScale: "log",
    series: matrix.models.map((label, candidate) => ({
      label,
      emphasised: emphasisedModels(analysis).has(label),
      sample: plural(matrix.records, "response"),
      estimate: ns.map((_, n) => matrix.worst({ n, candidate }).hits / matrix.records),
    })),
  };
}

/** Candidates that get a colour: all of a few, else the choices, the first and last of each family, and the next best. */
function emphasisedModels({ task, tournament, crossEntropy }: LikelihoodAnalysis): Set<string> {
  const models = task.candidates.map(({ model }) => model);
  if (models.length <= colouredSeries) return new Set(models);
  const ends = [...new Set(task.candidates.map(({ name }) => name))].flatMap((name) => {
    const family = task.candidates.filter((candidate) => candidate.name === name);
    const checkpoints = trainingOrder(family, (candidate) => candidate)?.checkpoints ?? [];
    return [checkpoints.at(-1), checkpoints[0]].flatMap((checkpoint) => checkpoint?.item.model ?? []);
  });
  const byScore = [...tournament.scores].sort((left, right) => left.score - right.score);
  const wanted = [tournament.winner, crossEntropy.winner, ...ends, ...byScore.map(({ model }) => model)];
  const chosen = new Set<string>();
  for (const model of wanted) {
    if (model !== undefined && chosen.size < colouredSeries) chosen.add(model);
  }
  return chosen;
}
