/** Panels of the tournament over N: its winner, its matrix, the mixture, and how its scores rank what verdicts rank. */
import type { LikelihoodAnalysis } from "./likelihood-analysis.ts";
import type { LikelihoodOverN, OutcomeOverN } from "./likelihood-over-n.ts";
import { plural } from "./number-text.ts";
import type { Section } from "./section.ts";

/** Rows of the matrix and models in the strip of winners. */
const shownModels = 40;
/** Weights under this are the solver's zero. */
const smallestWeight = 1e-6;
/** Fewer checkpoints make no rank correlation worth showing. */
const fewestRanked = 4;

/** In the order in which they are read; each model's name is the same in all. */
export function overNSections(
  analysis: LikelihoodAnalysis,
  over: LikelihoodOverN,
  prefix: string,
): Section[] {
  return [
    winnerSection(analysis, over, prefix),
    ...outcomeSections(analysis, over, prefix),
    matrixSection(analysis, over, prefix),
    ...mixtureSections(analysis, over, prefix),
  ];
}

function winnerSection({ task }: LikelihoodAnalysis, over: LikelihoodOverN, prefix: string): Section {
  const { ns, winners, sets } = over;
  const every = new Set([...winners.map(({ winner }) => winner), ...sets.flatMap((set) => set.models)]);
  const named = [...every].slice(0, shownModels);
  const models = over.matrix.models.filter((model) => named.includes(model));
  const largest = winners.findLast(({ tied }) => tied === 1)?.n;
  return {
    id: `${prefix}winner`,
    title: `Winner against N · ${task.task}`,
    explanation:
      "The candidate that the tournament takes at each N, in dark, and those that these responses cannot tell from it, in light (95%, at powers of two; each N by itself). A winner over a whole range of N is robust; where N is too large for the data many tie, and smaller N decide.",
    formula: {
      text: "π̂_N = argmin_{π∈Π} max_{π′∈Π} Ĉov_N(π′ ‖ π),   Ĉov_N(π′ ‖ π) = (1/n)·#{ i : π′(yᵢ|xᵢ) / π(yᵢ|xᵢ) ≥ N }",
      source: "equations (29) and (28) of arXiv 2510.15020",
    },
    chart: {
      kind: "winner",
      ns,
      models,
      winners: winners.map(({ winner }) => models.indexOf(winner)),
      scores: winners.map(({ score }) => score),
      beside: sets.map((set) => ({
        n: ns.indexOf(set.n),
        models: set.models.map((model) => models.indexOf(model)).filter((index) => index >= 0),
      })),
    },
    remarks:
      largest === undefined || largest === ns.at(-1)
        ? []
        : [`Above N = ${largest} several candidates share the least score, and scores at smaller N decide.`],
  };
}

function matrixSection(
  { task, tournament }: LikelihoodAnalysis,
  { ns, matrix }: LikelihoodOverN,
  prefix: string,
): Section {
  const order = tournament.scores
    .map(({ score }, index) => ({ score, index }))
    .sort((left, right) => left.score - right.score)
    .slice(0, shownModels)
    .map(({ index }) => index);
  const kept = ns.map((n, position) => ({ n, position })).filter(({ n }) => isShown(n, tournament.n));
  return {
    id: `${prefix}matrix`,
    title: `Tournament matrix · ${task.task}`,
    explanation: `The share of responses that the row finds at least N times as probable as the column. A dark column has lost responses that others keep; the tournament's score is a column's darkest cell.${order.length < matrix.models.length ? ` The ${shownModels} with the least scores are shown.` : ""}`,
    formula: {
      text: "Ĉov_N(row ‖ column) = (1/n)·#{ i : π_row(yᵢ|xᵢ) / π_column(yᵢ|xᵢ) ≥ N }",
      source: "equation (28) of arXiv 2510.15020",
    },
    chart: {
      kind: "matrix",
      ns: kept.map(({ n }) => n),
      models: order.map((index) => matrix.models[index] ?? ""),
      records: matrix.records,
      hits: kept.map(({ position: n }) =>
        order.flatMap((opponent) =>
          order.map((candidate) => (opponent === candidate ? 0 : matrix.hits({ n, opponent, candidate }))),
        ),
      ),
    },
  };
}

const isShown = (n: number, chosen: number) => n === chosen || Number.isInteger(Math.log2(n));

function mixtureSections({ task }: LikelihoodAnalysis, over: LikelihoodOverN, prefix: string): Section[] {
  const { mixture } = over;
  if (mixture === undefined) return [];
  const weights = mixture.weights
    .filter(({ weight }) => weight > smallestWeight)
    .sort((left, right) => right.weight - left.weight);
  if (weights.length < 2) return [];
  return [
    {
      id: `${prefix}mixture`,
      title: `The mixture that covers all candidates · ${task.task}`,
      explanation: `Weights of the mixture of candidates with the greatest likelihood of the responses. On these responses no candidate finds more than 1/N of them N times as probable as this mixture does, at any N, which no single checkpoint promises. ${plural(mixture.weights.length - weights.length, "candidate has", "candidates have")} no weight. Chosen on the same responses: lmcov mixture --help says how to hold some out.`,
      formula: {
        text: "ŵ = argmax_w (1/n)·Σᵢ log Σₖ wₖ πₖ(yᵢ|xᵢ)   ⇒   Ĉov_N(πₖ ‖ π_ŵ) ≤ 1/N for every k and N",
        source: "optimality conditions of maximum likelihood over the convex hull; beyond arXiv 2510.15020",
      },
      chart: {
        kind: "bar",
        name: "mixture weights",
        label: "weight",
        bars: weights.map(({ model, weight }) => ({ label: model, value: weight })),
      },
      table: {
        columns: [
          { key: "model", title: "model", kind: "text" },
          { key: "weight", title: "weight", kind: "rate" },
        ],
        rows: weights.map(({ model, weight }) => ({ model, weight })),
      },
    },
  ];
}

function outcomeSections(analysis: LikelihoodAnalysis, over: LikelihoodOverN, prefix: string): Section[] {
  const { outcome } = over;
  if (outcome === undefined || outcome.models.length < fewestRanked) return [];
  return [
    outcomeSection(analysis, over, outcome, { id: `${prefix}pass-against-coverage`, measure: "coverage" }),
    outcomeSection(analysis, over, outcome, { id: `${prefix}pass-against-loss`, measure: "loss" }),
  ];
}

function outcomeSection(
  { task, crossEntropy }: LikelihoodAnalysis,
  { ns: all, matrix }: LikelihoodOverN,
  outcome: OutcomeOverN,
  { id, measure }: { readonly id: string; readonly measure: "coverage" | "loss" },
): Section {
  const byCoverage = measure === "coverage";
  const { ns, models } = outcome;
  const points = models.map(({ model, passAtN }) => {
    const candidate = matrix.models.indexOf(model);
    const score = (n: number) => matrix.worst({ n: all.indexOf(n), candidate }).hits / matrix.records;
    return {
      label: model,
      x: byCoverage ? ns.map(score) : [crossEntropy.scores[candidate]?.score ?? Number.NaN],
      y: {
        estimate: passAtN.map(({ estimate }) => estimate),
        lower: passAtN.map(({ lower }) => lower),
        upper: passAtN.map(({ upper }) => upper),
      },
      sample: plural(passAtN[0]?.problems ?? 0, "problem"),
    };
  });
  const correlations = byCoverage ? outcome.coverage : outcome.crossEntropy;
  return {
    id,
    title: `pass@N against ${byCoverage ? "coverage" : "cross-entropy"} · ${task.task}`,
    explanation: `Each candidate's measured pass@N, with its interval over its problems, against its ${byCoverage ? "tournament score at the same N (the share of responses that some other candidate finds N times as probable)" : "cross-entropy in nats a response"}. The rank correlation counts a measure as right where less of it goes with more pass@N: 1 ranks as pass@N does, −1 the other way round.`,
    formula: byCoverage
      ? {
          text: "ρ = Spearman( −max_{π′} Ĉov_N(π′ ‖ π), pass@N(π) ) over π",
          source: "score of equation (29) of arXiv 2510.15020",
        }
      : {
          text: "ρ = Spearman( (1/n)·Σᵢ log π(yᵢ|xᵢ), pass@N(π) ) over π",
          source: "maximum likelihood, section 6 of arXiv 2510.15020",
        },
    chart: {
      kind: "scatter",
      name: `pass@N against ${byCoverage ? "coverage" : "cross-entropy"}`,
      ns,
      xLabel: byCoverage ? "tournament score at N" : "cross-entropy, nats a response",
      yLabel: "pass@N",
      points: points.filter(({ x }) => x.every(Number.isFinite)),
      correlation: correlations.map((value) => value ?? null),
    },
  };
}
