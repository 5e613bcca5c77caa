/** The choice by log-probabilities in words and as a section of the report. */
import type { CorrelationEstimate, OutcomeAgreement } from "../selection/index.ts";
import type { LikelihoodAnalysis, MeasuredChoice } from "./likelihood-analysis.ts";
import { countText, listText, plural, rateText } from "./number-text.ts";
import type { Cell, Section, Table } from "./section.ts";

/** One sentence: what the tournament takes, and whether cross-entropy agrees. */
export function selectionSentence(analysis: LikelihoodAnalysis): string {
  const { task, distinguishable, tournament, crossEntropy, set } = analysis;
  const { n, winner, score, tied, decided } = tournament;
  if (!distinguishable) {
    return `By log-probabilities of ${plural(task.records, "response")} the ${plural(task.candidates.length, "candidate")} are not distinguishable: at no N up to ${realText(n)} do the best and the worst differ by ten responses.`;
  }
  const others = tied.filter((name) => name !== winner);
  const at = decided.n === undefined ? decided.by : `${decided.by}, N = ${realText(decided.n)}`;
  const ties = others.length === 0 ? "" : `, tied with ${listText(others)} and decided by ${at}`;
  const beside = set.models.filter((model) => model !== winner);
  const apart =
    beside.length === 0
      ? "every other candidate is behind it beyond noise"
      : `${listText(beside)} ${beside.length === 1 ? "is" : "are"} not told apart from it`;
  const loss =
    crossEntropy.winner === undefined
      ? "cross-entropy is infinite for every candidate"
      : crossEntropy.winner === winner
        ? "cross-entropy agrees"
        : `cross-entropy disagrees and takes ${crossEntropy.winner}`;
  const share = score === 0 ? "any response" : `more than ${sharePercent(score)} of the responses`;
  return `By log-probabilities of ${plural(task.records, "response")}, the tournament at N = ${realText(n)} takes ${winner}: no other candidate finds ${share} ${realText(n)} times as probable${ties}; ${apart}; ${loss}.`;
}

/** Scores of all candidates, the least first. */
export function selectionTable({ tournament, crossEntropy, set, winFrequencies }: LikelihoodAnalysis): Table {
  const rows = tournament.scores.map((entry, index): { order: number; row: Record<string, Cell> } => ({
    order: entry.score,
    row: {
      model: entry.model,
      score: `${entry.exact ? "" : "≥ "}${entry.score.toFixed(4)}`,
      opponent: entry.opponent ?? "none",
      set: set.models.includes(entry.model) ? "not told apart" : "behind",
      wins: `${Math.round(100 * (winFrequencies[index]?.frequency ?? 0))}%`,
      loss: lossText(crossEntropy.scores[index]?.score),
    },
  }));
  rows.sort((left, right) => left.order - right.order);
  return {
    columns: [
      { key: "model", title: "model", kind: "text" },
      { key: "score", title: `score at N = ${realText(tournament.n)}`, kind: "text" },
      { key: "opponent", title: "strongest opponent", kind: "text" },
      { key: "set", title: "from the winner", kind: "text" },
      { key: "wins", title: "wins resampled", kind: "text" },
      { key: "loss", title: "cross-entropy, nats a response", kind: "text" },
    ],
    rows: rows.map(({ row }) => row),
  };
}

export function selectionSection(analysis: LikelihoodAnalysis, prefix: string): Section {
  const { tournament, task } = analysis;
  return {
    id: `${prefix}tournament`,
    title: `Tournament by log-probabilities · ${task.task}`,
    explanation:
      "The score of a candidate is the share of responses that its strongest opponent finds at least N times as probable, max over π′ of Ĉov_N(π′‖π), equation (29) of arXiv 2510.15020; the least score wins.",
    formula: {
      text: "score(π) = max_{π′∈Π} Ĉov_N(π′ ‖ π),   Ĉov_N(π′ ‖ π) = (1/n)·#{ i : π′(yᵢ|xᵢ) / π(yᵢ|xᵢ) ≥ N }",
      source: "equations (29) and (28) of arXiv 2510.15020",
    },
    table: selectionTable(analysis),
    remarks: [winnersText(analysis), resolutionText(analysis), ...toleranceRemarks(tournament.atTolerance)],
  };
}

/** The winner against N, in words: runs of N with one winner. */
export function winnersText({ winners }: LikelihoodAnalysis): string {
  const runs: { winner: string; from: number; to: number }[] = [];
  for (const { winner, n } of winners) {
    const last = runs.at(-1);
    if (last?.winner === winner) last.to = n;
    else runs.push({ winner, from: n, to: n });
  }
  const parts = runs.map(({ winner, from, to }) =>
    from === to ? `${winner} at ${realText(from)}` : `${winner} from ${realText(from)} to ${realText(to)}`,
  );
  return `Winner against N: ${listText(parts, 6)}.`;
}

/** How the measures rank checkpoints against measured pass@k. */
export function agreementText(agreement: OutcomeAgreement, k: number): string {
  const part = (name: string, { estimate, lower, upper }: CorrelationEstimate) =>
    estimate === undefined || lower === undefined || upper === undefined
      ? `${name} ranks nothing`
      : `${name} ${signedText(estimate)} [${signedText(lower)}, ${signedText(upper)}]`;
  return `Rank correlation with pass@${countText(k)} over ${plural(agreement.coverage.checkpoints, "checkpoint")} (Spearman, prompts resampled): ${part("coverage", agreement.coverage)}, ${part("cross-entropy", agreement.crossEntropy)}.`;
}

const signedText = (value: number) => value.toFixed(2).replace("-", "−");

/** What decides among the kinds of evidence, strongest first, and what disagrees. */
export function decisionSentence(analysis: LikelihoodAnalysis, measured: MeasuredChoice): string {
  const { tournament, crossEntropy, distinguishable } = analysis;
  const { k, passAtK, passAt1 } = measured;
  const others = [
    ...(k > 1 ? [{ name: "pass@1", winner: passAt1.winner }] : []),
    { name: "the tournament", winner: distinguishable ? tournament.winner : undefined },
    { name: "cross-entropy", winner: crossEntropy.winner },
  ];
  const agreeing = others.filter(({ winner }) => winner === passAtK.winner).map(({ name }) => name);
  const disagreeing = others.filter(({ winner }) => winner !== undefined && winner !== passAtK.winner);
  const agrees =
    agreeing.length === 0 ? "" : `; ${listText(agreeing)} ${agreeing.length === 1 ? "agrees" : "agree"}`;
  if (passAtK.estimate === 0) {
    const takes = others.slice(-2).filter(({ winner }) => winner !== undefined);
    const instead = takes.map(({ name, winner }) => `; ${name} would take ${winner}`).join("");
    return `Measured pass@${countText(k)} is 0 for every candidate with verdicts and decides nothing${instead}.`;
  }
  const disagrees = disagreeing.map(({ name, winner }) => `; ${name} would take ${winner}`).join("");
  return `Measured pass@${countText(k)} decides among the candidates with verdicts: ${passAtK.winner} (${rateText(passAtK.estimate)})${agrees}${disagrees}.`;
}

/** ε_stat of Theorem 6.3 in words. */
export function resolutionText({ tournament: { resolution } }: LikelihoodAnalysis): string {
  const { theorem, lemma, delta } = resolution;
  return `Resolution ε_stat = 8·log(4|Π|/δ)/n = ${theorem.toFixed(4)} (${lemma.toFixed(4)} by the proof's lemma) at δ = ${Number(delta.toPrecision(6))}: Theorem 6.3 cannot tell smaller differences of scores.`;
}

function toleranceRemarks(atTolerance: number): string[] {
  if (atTolerance === 0) return [];
  return [`${plural(atTolerance, "response")} of the winner at exactly N within float tolerance.`];
}

const realText = (value: number) => (Number.isInteger(value) ? countText(value) : value.toPrecision(3));

const lossText = (loss: number | undefined) =>
  loss === undefined || loss === Number.POSITIVE_INFINITY ? "∞" : loss.toFixed(3);

const sharePercent = (share: number) => `${Number((100 * share).toPrecision(3))}%`;
