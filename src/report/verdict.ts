/** The verdict in words: which model, how many samples, what is out of reach. Never an interval that says nothing. */
import { drawsDifferForUnknownReason } from "../coverage/index.ts";
import type { TaskAnalysis } from "./analysis.ts";
import { stoppedReason } from "./best-of-n-analysis.ts";
import { copiesSentence } from "./copies.ts";
import type { LikelihoodAnalysis } from "./likelihood-analysis.ts";
import { lossTrend } from "./loss-trend.ts";
import type { ModelAnalysis } from "./model-analysis.ts";
import { countText, intervalText, isVacuous, listText, plural, rangeText, rateText } from "./number-text.ts";

/** The answer in sentences: those always in view, and what else there is to say. */
export interface Verdict {
  readonly leading: readonly string[];
  readonly further: readonly string[];
}

/**
 * About one task: which model and what is not told apart from it, where coverage turns, how many draws a target takes or that
 * it is not known; then the rest. `likelihoodTurn` says where coverage turns by log-probabilities.
 */
export function taskVerdict(
  task: TaskAnalysis,
  likelihoods: readonly LikelihoodAnalysis[] = [],
  likelihoodTurn?: string,
): Verdict {
  const chosen = task.models[task.chosen];
  if (chosen === undefined) return tiers([likelihoodTurn], []);
  const choice = choiceSentence(task, chosen);
  const copies = copiesSentence(task.models.map(({ counts }) => counts));
  const turn = turnSentence(task, likelihoods);
  const compared = task.models.length === 1 || task.comparison !== undefined;
  const evident = chosen.measured.some((at) => at.k === task.decidingK && !isVacuous(at));
  if (!evident) return tiers([choice, copies], [likelihoodTurn]);
  if (!compared) return tiers([turn, choice, copies], [likelihoodTurn]);
  const disagreement = disagreementSentence(task, chosen);
  const forecast = forecastSentence(task);
  const target = targetSentence(task, chosen);
  const turns = [turn, likelihoodTurn, disagreement].filter((sentence) => sentence !== undefined);
  // Where it turns is said by draws before it is said by log-probabilities; a choice by pass@1 that disagrees is said without a turn.
  const [first, ...others] =
    turn === undefined ? turns : turns.filter((sentence) => sentence !== disagreement);
  return tiers(copies === undefined ? [choice, first, forecast ?? target] : [choice, copies, first], [
    copies && forecast,
    (copies ?? forecast) && target,
    reachSentence(task, chosen),
    ...others,
  ]);
}

function tiers(leading: readonly (string | undefined)[], further: readonly (string | undefined)[]): Verdict {
  const known = (sentences: readonly (string | undefined)[]) =>
    sentences.filter((sentence) => sentence !== undefined);
  return { leading: known(leading), further: known(further) };
}

function choiceSentence(task: TaskAnalysis, chosen: ModelAnalysis): string {
  const k = task.decidingK;
  const estimate = chosen.measured.find((at) => at.k === k);
  const name = chosen.counts.label;
  if (estimate === undefined) return `${name}: pass@${countText(k)} is not measured by these logs.`;
  if (isVacuous(estimate)) {
    const seen = `${plural(estimate.problems, "problem")} and ${plural(estimate.draws, "draw")}`;
    return `Not informative: ${seen} say next to nothing about how often ${name} succeeds.`;
  }
  const value = `pass@${countText(k)} ${intervalText(estimate)}, ${plural(estimate.problems, "problem")}, ${plural(estimate.draws, "draw")}`;
  if (task.models.length === 1) {
    return `${name} solves ${percent(estimate.estimate)} of problems within ${plural(k, "draw")} (${value}).`;
  }
  const others = membersBeside(task, k);
  const all = countText(task.models.length);
  if (others === undefined) {
    return `The ${all} models have too few problems in common to say which is best at k = ${countText(k)}; their own numbers are below.`;
  }
  const largest = task.ksAsked
    ? "the largest asked for that all logs measure"
    : "the largest that all logs measure";
  if (estimate.estimate === 0) {
    return `At k = ${countText(k)}, ${largest}, no model solved any problem (${value}): these verdicts do not say which is better.`;
  }
  const first = `At k = ${countText(k)}, ${largest}, ${name} solves the most problems (${value})`;
  if (others.length === 0) return `${first}; every other of the ${all} models is below it beyond noise.`;
  const verb = others.length === 1 ? "is" : "are";
  return `${first}; ${listText(others)} ${verb} not told apart from it by these logs.`;
}

/** Labels in the set of the best at k, besides the best; undefined without a comparison. */
function membersBeside(task: TaskAnalysis, k: number): string[] | undefined {
  const at = task.comparison?.comparisons.find((set) => set.k === k);
  if (at === undefined) return undefined;
  const chosen = task.models[task.chosen]?.counts.label;
  return at.members.filter((member) => member.inSet && member.model !== chosen).map(({ model }) => model);
}

function disagreementSentence(task: TaskAnalysis, chosen: ModelAnalysis): string | undefined {
  const k = task.decidingK;
  if (task.models.length < 2 || k === 1) return undefined;
  const first = bestAtOne(task);
  if (first === undefined || first === chosen) return undefined;
  const own = first.measured.find((value) => value.k === k);
  const set = task.comparison?.comparisons.find((value) => value.k === k);
  const within = set?.members.find(({ model }) => model === first.counts.label)?.inSet ?? true;
  const passAt1 = first.measured[0];
  if (own === undefined || passAt1 === undefined) return undefined;
  const end = within
    ? "which these logs do not tell from the best there"
    : "below the best there beyond noise";
  return `Picking by pass@1 would take ${first.counts.label} (pass@1 ${intervalText(passAt1)}); at k = ${countText(k)} it reaches ${rateText(own.estimate)}, ${end}.`;
}

/** Where coverage turns in training although the loss or pass@1 does not. */
function turnSentence(task: TaskAnalysis, likelihoods: readonly LikelihoodAnalysis[]): string | undefined {
  const found = task.trajectories.find(({ turn }) => turn !== undefined);
  if (found?.turn === undefined) return undefined;
  const { best, last, fall, rise } = found.turn;
  const unit = found.unit === "step" ? "step" : "token";
  const interval =
    fall.lower === undefined || fall.upper === undefined
      ? ""
      : ` (difference ${intervalText({ ...fall, lower: fall.lower, upper: fall.upper })})`;
  const meanwhile: string[] = [];
  const loss = lossTrend(found, found.turn, likelihoods);
  if (loss?.falls)
    meanwhile.push(
      `the loss still falls from ${loss.from.toFixed(2)} to ${loss.to.toFixed(2)} nats a response`,
    );
  if (
    rise.lower !== undefined &&
    rise.lower > 0 &&
    best.passAt1 !== undefined &&
    last.passAt1 !== undefined
  ) {
    meanwhile.push(`pass@1 still rises from ${rateText(best.passAt1)} to ${rateText(last.passAt1)}`);
  }
  const end =
    meanwhile.length === 0
      ? ""
      : `, while ${meanwhile.join(" and ")}: picking by that would take a later checkpoint`;
  return `Coverage turns at ${unit} ${countText(best.at)}: pass@${countText(task.decidingK)} of ${found.model} falls from ${rateText(best.passAtK)} to ${rateText(last.passAtK)} at ${unit} ${countText(last.at)}${interval}${end}.`;
}

function bestAtOne(task: TaskAnalysis): ModelAnalysis | undefined {
  let best: ModelAnalysis | undefined;
  for (const analysis of task.models) {
    const value = analysis.measured[0];
    if (value?.k !== 1) return undefined;
    if (value.estimate > (best?.measured[0]?.estimate ?? -1)) best = analysis;
  }
  return best;
}

function targetSentence(task: TaskAnalysis, chosen: ModelAnalysis): string | undefined {
  const name = chosen.counts.label;
  if (chosen.totals.mostDraws < 2) {
    return `One draw a problem: these logs determine pass@1 and nothing about more draws.`;
  }
  const needed = task.target;
  if (needed === undefined) return undefined;
  const untold = `How many draws ${name} needs to solve ${percent(needed.target)} of problems these logs do not tell.`;
  const goal = `To solve ${percent(needed.target)} of problems, ${name} needs`;
  if (needed.status === "not-reachable") {
    return `${name} does not reach ${percent(needed.target)} of problems within a million draws each (${levelText(task)} bound).`;
  }
  const from = needed.lower === undefined ? undefined : countText(needed.lower);
  if (needed.status === "open-above") {
    if (from === undefined || needed.lower === 1) return untold;
    return `${goal} at least ${from} draws a problem; these logs set no upper limit below a million.`;
  }
  if (needed.upper === undefined || from === undefined) return untold;
  return `${goal} between ${from} and ${countText(needed.upper)} draws a problem (${levelText(task)} interval).`;
}

/** The share of problems that the chosen model practically never solves, at the smallest rate that says something. */
function reachSentence(task: TaskAnalysis, chosen: ModelAnalysis): string | undefined {
  const share = task.underRate.findLast(
    ({ threshold, lower, upper }) =>
      upper - lower < 0.5 && lower > 0.005 && upper < 0.95 && threshold >= 0.5 / chosen.totals.mostDraws,
  );
  if (share === undefined) return undefined;
  const rate = `1 in ${countText(1 / share.threshold)}`;
  return `Between ${percent(share.lower)} and ${percent(share.upper)} of problems have a success rate of at most ${rate} under ${chosen.counts.label}: Best-of-N or RL with fewer draws than that rarely meets a good answer to them.`;
}

/** Where a k beyond the draws was asked for: which forecasts there overlap the highest. */
function forecastSentence(task: TaskAnalysis): string | undefined {
  const k = task.askedBeyond;
  if (k === undefined) return undefined;
  const known = task.models.flatMap(({ counts, forecast }) => {
    const value = forecast.find((at) => at.k === k);
    return value === undefined ? [] : [{ label: counts.label, ...value }];
  });
  const [best] = known.toSorted((left, right) => right.midpoint - left.midpoint);
  if (best === undefined) return undefined;
  if (isVacuous(best))
    return `At k = ${countText(k)}, beyond the draws taken, these logs say nothing about ${best.label}.`;
  const value = `At k = ${countText(k)}, beyond the draws taken, the forecast for ${best.label} is ${rangeText(best)}`;
  if (known.length === 1) return `${value}.`;
  const overlapping = known.filter((other) => other !== best && other.upper >= best.lower).length;
  return `${value}, the highest; the intervals of ${plural(overlapping, "other model")} overlap it.`;
}

/** Sentences on what the logs of a task cannot tell. */
export function unknowableSentences(task: TaskAnalysis): string[] {
  const sentences: string[] = [];
  const largest = Math.max(...task.models.map(({ totals }) => totals.mostDraws));
  const open = task.models.filter(({ forecast }) =>
    forecast.some((value) => value.upper - value.lower > 0.5),
  );
  if (largest === 1) {
    sentences.push(
      "pass@k for k > 1: one draw a problem fits any value between pass@1 and 1. Draw at least 20 a problem at temperature 1.",
    );
  }
  if (open.length > 0) {
    const first = open[0]?.forecast.find((value) => value.upper - value.lower > 0.5);
    if (first !== undefined) {
      sentences.push(
        `pass@${countText(first.k)} and beyond for ${listText(open.map(({ counts }) => counts.label))}: the interval at k = ${countText(first.k)} is wide (such as ${rangeText(first)}); more draws on the unsolved problems narrow it.`,
      );
    }
  }
  const ragged = task.models.filter(({ counts }) => drawsDifferForUnknownReason(counts.problems));
  if (ragged.length > 0) {
    sentences.push(
      `Why problems got different numbers of draws (${listText(ragged.map(({ counts }) => counts.label))}): if sampling stopped because a problem was solved, say so with --stopping; pass@k is given only up to the smallest n.`,
    );
  }
  const frozen = task.models.filter(
    ({ counts, totals }) => counts.sampling.temperature === 0 && totals.mostDraws > 1,
  );
  if (frozen.length > 0) {
    sentences.push(
      `Anything about repeated draws of ${listText(frozen.map(({ counts }) => counts.label))}: at temperature 0 they are copies, not draws.`,
    );
  }
  const single = task.bestOfN.filter((model) => (model.bestOfN.at(-1)?.n ?? 1) === 1);
  if (single.length > 0) {
    sentences.push(
      `What the best of N by reward is worth for ${listText(single.map(({ counts }) => counts.label))}: a problem has one rewarded draw.`,
    );
  }
  if (task.withoutBestOfN.length > 0) {
    sentences.push(
      `What the best of N by reward is worth for ${listText(task.withoutBestOfN)}: ${stoppedReason}.`,
    );
  }
  return sentences;
}

export function levelText(task: Pick<TaskAnalysis, "level">): string {
  return `${Number((100 * task.level).toPrecision(6))}%`;
}

function percent(share: number): string {
  const value = 100 * share;
  return `${Number(value.toFixed(value > 0 && value < 1 ? 2 : 1))}%`;
}
