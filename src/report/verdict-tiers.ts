/** The verdict of a report on all its tasks: three sentences that are always in view, and the others. */
import type { OutcomeAgreement } from "../selection/index.ts";
import type { TaskAnalysis } from "./analysis.ts";
import { bestOfNSentence } from "./best-of-n-section.ts";
import type { LikelihoodAnalysis, MeasuredChoice } from "./likelihood-analysis.ts";
import { agreementText, decisionSentence, selectionSentence } from "./likelihood-section.ts";
import { likelihoodTurnSentence } from "./likelihood-trajectory.ts";
import { plural } from "./number-text.ts";
import type { Report } from "./section.ts";
import { taskVerdict } from "./verdict.ts";

/** Sentences in view, and tasks whose verdict stands at the top; the others follow in their sections. */
const most = 3;

/** What a verdict is made of. */
export interface VerdictRequest {
  readonly tasks: readonly TaskAnalysis[];
  /** Where the logs hold log-probabilities too, or only. */
  readonly likelihoods: readonly LikelihoodAnalysis[];
  /** What verdicts choose among the candidates of each likelihood analysis, at the same positions. */
  readonly measured: readonly (MeasuredChoice | undefined)[];
  /** How coverage and loss rank the checkpoints that have counts too. */
  readonly agreements: readonly { readonly agreement: OutcomeAgreement; readonly k: number }[];
}

export function reportVerdict(request: VerdictRequest): Pick<Report, "verdict" | "leading"> {
  const { tasks, measured, agreements } = request;
  const likelihoods = request.likelihoods.slice(0, most);
  const turns = likelihoods.map(likelihoodTurnSentence);
  const turn = turns.find((sentence) => sentence !== undefined);
  const parts = tasks.slice(0, most).map((task) => {
    if (tasks.length === 1)
      return { ...taskVerdict(task, request.likelihoods, turn), rewards: rewardSentences(task) };
    const { leading, further } = taskVerdict(task, request.likelihoods);
    const named = (sentences: readonly string[]) => sentences.map((sentence) => `${task.task}: ${sentence}`);
    const all = named([...leading, ...further]);
    return { leading: all.slice(0, 1), further: all.slice(1), rewards: named(rewardSentences(task)) };
  });
  const selections = likelihoods.map(selectionSentence);
  const leading = parts.flatMap((part) => part.leading);
  const decisions = likelihoods.map((analysis, index) => {
    const choice = measured[index];
    return choice === undefined ? undefined : decisionSentence(analysis, choice);
  });
  if (tasks.length === 0) leading.push(...selections);
  if (tasks.length === 0 && turn !== undefined) leading.splice(1, 0, turn);
  const further = [
    ...parts.flatMap((part) => [...part.further, ...part.rewards]),
    ...decisions,
    // Verdicts on draws decide where they are there; what log-probabilities say of the same models is then the evidence behind.
    ...selections,
    ...turns,
    ...agreements.map(({ agreement, k }) => agreementText(agreement, k)),
    tasks.length > most ? `${plural(tasks.length - most, "more task")} below.` : undefined,
  ];
  const verdict = [...new Set([...leading, ...further])].filter((sentence) => sentence !== undefined);
  return { verdict, leading: Math.min(verdict.length, Math.max(leading.length, most)) };
}

/** Models for which each has a sentence of its own. */
const fewModels = 2;

/** Where a reward is over-optimised: Best-of-N gets worse with N. */
function rewardSentences({ bestOfN }: TaskAnalysis): string[] {
  const shown = bestOfN.filter(({ goldFall }) => goldFall?.isShown);
  const more = shown.length - fewModels;
  return [
    ...shown.slice(0, fewModels).map(bestOfNSentence),
    ...(more > 0 ? [`The reward of ${plural(more, "more model")} is over-optimised too.`] : []),
  ];
}
