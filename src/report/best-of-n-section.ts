/** Best-of-N under a reward as a section: curves of the pick's gold and reward, and whether the reward is over-optimised. */
import type { TaskAnalysis } from "./analysis.ts";
import type { BestOfNAnalysis } from "./best-of-n-analysis.ts";
import { estimateCell } from "./cell-text.ts";
import type { BestOfNChart, OpenEstimate } from "./chart-data.ts";
import { namedAmong } from "./chart-palette.ts";
import { countText, plural, rateText, realText } from "./number-text.ts";
import type { Cell, Section, Table, TableColumn } from "./section.ts";
import { levelText } from "./verdict.ts";

/** With more models each gets a sentence only if its reward is over-optimised. */
const fewModels = 3;
const mostSentences = 6;

/** None where no model has two rewarded draws of each of its problems. */
export function bestOfNSections(task: TaskAnalysis, prefix: string, suffix: string): Section[] {
  const models = ranked(task.bestOfN.filter((model) => largestN(model) > 1));
  if (models.length === 0) return [];
  const isAccuracy = models.every((model) => model.isAccuracy);
  const pick = isAccuracy ? "accuracy" : "gold reward";
  const ceiling = isAccuracy
    ? "pass@N, the pick of a judge without fault,"
    : "The highest gold of N, the pick of gold itself,";
  return [
    {
      id: `${prefix}best-of-n`,
      title: `Best-of-N under the reward${suffix}`,
      explanation: `Draw N responses and keep the one with the highest reward, ties broken evenly: the ${pick} and the reward of that pick, averaged over all N-subsets of each problem's rewarded draws and over problems, with ${levelText(task)} intervals over problems (Korn–Graubard for rates, Student's t for rewards). N goes up to the fewest rewarded draws of a problem. ${ceiling} bounds it from above; at N = 1 both are the mean of all draws. Where the ${pick} falls while the reward still rises, the reward is over-optimised.`,
      formula: {
        text: "BoN(N) = (1/m)·Σₓ Σᵢ [ C(i − 1, N − 1) / C(nₓ, N) ]·gₓᵢ, with the nₓ draws of problem x in ascending order of reward and g, what counts or the reward itself, averaged inside ties",
        source: "arXiv 2112.09332, appendix I; over-optimisation: arXiv 2210.10760",
      },
      chart: bestOfNChart(models, isAccuracy),
      table: bestOfNTable(models, isAccuracy),
      remarks: [...sentences(models), ...leftOut(task, models)],
    },
  ];
}

const largestN = ({ bestOfN }: BestOfNAnalysis) => bestOfN.at(-1)?.n ?? 0;

/** From the highest gold down. */
function ranked(models: readonly BestOfNAnalysis[]): BestOfNAnalysis[] {
  return [...models].sort((left, right) => right.bestN.gold - left.bestN.gold);
}

function bestOfNChart(models: readonly BestOfNAnalysis[], isAccuracy: boolean): BestOfNChart {
  const named = namedAmong(models);
  return {
    kind: "best-of-n",
    goldLabel: isAccuracy ? "accuracy of the pick" : "gold reward of the pick",
    ceilingLabel: isAccuracy ? "pass@N" : "highest gold",
    isRate: isAccuracy,
    series: models.map((model) => ({
      label: model.counts.label,
      emphasised: named.has(model),
      sample: `${plural(model.bestN.problems, "problem")}, ${plural(model.bestN.draws, "rewarded draw")}`,
      points: model.bestOfN.map(({ n, gold, proxy }, index) => ({
        n,
        gold,
        proxy,
        ceiling: ceilingAt(model, index),
        ...(isAccuracy && model.majorityVote && { majority: openEstimate(model.majorityVote[index]) }),
      })),
    })),
  };
}

/** pass@N where it is known, as elsewhere in the report. */
const ceilingAt = ({ isAccuracy, passAtK, ceiling }: BestOfNAnalysis, index: number): OpenEstimate =>
  openEstimate((isAccuracy ? passAtK?.[index] : undefined) ?? ceiling[index]);

const openEstimate = (value: OpenEstimate | undefined): OpenEstimate => ({
  estimate: value?.estimate ?? Number.NaN,
  lower: value?.lower,
  upper: value?.upper,
});

function bestOfNTable(models: readonly BestOfNAnalysis[], isAccuracy: boolean): Table {
  const kind = isAccuracy ? "rate" : "real";
  const isVoted = isAccuracy && models.some(({ majorityVote }) => majorityVote !== undefined);
  const columns: TableColumn[] = [
    { key: "model", title: "model", kind: "text" },
    { key: "n", title: "N", kind: "count" },
    { key: "gold", title: isAccuracy ? "accuracy of the pick" : "gold of the pick", kind },
    { key: "proxy", title: "its reward", kind: "real" },
    ...(isVoted ? [{ key: "majority", title: "majority vote", kind } as const] : []),
    { key: "ceiling", title: isAccuracy ? "pass@N" : "highest gold", kind },
  ];
  const rows = models.flatMap((model) =>
    model.bestOfN.flatMap(({ n, gold, proxy }, index): Record<string, Cell>[] => {
      if (models.length > 1 && ![1, model.bestN.n, largestN(model)].includes(n)) return [];
      const majority = model.majorityVote?.[index];
      return [
        {
          model: model.counts.label,
          n,
          gold: estimateCell(gold),
          proxy: estimateCell(proxy),
          ...(isVoted && { majority: majority && estimateCell(majority) }),
          ceiling: estimateCell(ceilingAt(model, index)),
        },
      ];
    }),
  );
  return { columns, rows };
}

function sentences(models: readonly BestOfNAnalysis[]): string[] {
  const shown = models.filter(({ goldFall }) => goldFall?.isShown);
  const others = models.filter((model) => !shown.includes(model));
  const lines = shown.slice(0, mostSentences).map(bestOfNSentence);
  if (shown.length > lines.length) {
    lines.push(`The reward of ${plural(shown.length - lines.length, "more model")} is over-optimised too.`);
  }
  if (others.length <= fewModels) lines.push(...others.map(bestOfNSentence));
  else lines.push(`For ${plural(others.length, "model")} no fall is shown up to the largest N.`);
  return lines;
}

/** Whether a larger N makes the pick worse, in numbers. */
export function bestOfNSentence(model: BestOfNAnalysis): string {
  const { counts, bestOfN, bestN, goldFall: fall, isAccuracy } = model;
  const pick = isAccuracy ? "the accuracy of its pick" : "the gold reward of its pick";
  const text = isAccuracy ? rateText : realText;
  const at = (n: number) => bestOfN.find((entry) => entry.n === n);
  const between =
    bestN.lower === bestN.upper
      ? "and so it is where problems are resampled"
      : `problems resampled put the best N between ${countText(bestN.lower)} and ${countText(bestN.upper)}`;
  if (fall === undefined) {
    const [first, last] = [bestOfN[0], bestOfN.at(-1)];
    if (first === undefined || last === undefined || bestN.n !== last.n) {
      return `${counts.label}: ${pick} does not depend on N here.`;
    }
    return `${counts.label}: ${pick} is highest at N = ${countText(last.n)}, the largest measured: ${text(last.gold.estimate)} from ${text(first.gold.estimate)} at N = 1; ${between}.`;
  }
  const { estimate, lower, upper, from, to, problems, isShown } = fall;
  const interval = lower === undefined || upper === undefined ? "" : ` [${text(lower)}, ${text(upper)}]`;
  const gold = `from ${text(at(from)?.gold.estimate ?? Number.NaN)} at N = ${countText(from)} to ${text(at(to)?.gold.estimate ?? Number.NaN)} at N = ${countText(to)}`;
  const proxy = `while its reward rises from ${realText(at(from)?.proxy.estimate ?? Number.NaN)} to ${realText(at(to)?.proxy.estimate ?? Number.NaN)}`;
  const paired = `by ${text(estimate)}${interval}, paired over ${plural(problems, "problem")}`;
  return isShown
    ? `${counts.label}: the reward is over-optimised: ${pick} falls ${gold} (${paired}) ${proxy}.`
    : `${counts.label}: ${pick} falls ${gold} ${proxy}, a fall not told from none (${paired}); ${between}.`;
}

function leftOut(task: TaskAnalysis, models: readonly BestOfNAnalysis[]): string[] {
  const remarks: string[] = [];
  const sum = (count: (model: BestOfNAnalysis) => number) =>
    models.reduce((total, model) => total + count(model), 0);
  const [draws, problems] = [sum(({ left }) => left), sum(({ leftProblems }) => leftProblems)];
  if (draws > 0) {
    const whole = problems === 0 ? "" : `, among them all draws of ${plural(problems, "problem")}`;
    remarks.push(`${plural(draws, "draw")} without a reward or a verdict left out${whole}.`);
  }
  const scorers = new Set(
    models.flatMap(({ counts }) => {
      const counted = task.models.find((other) => other.counts.label === counts.label);
      return counted === undefined || counted.counts.verifier === counts.verifier ? [] : [counts.verifier];
    }),
  );
  for (const scorer of scorers) remarks.push(`Rewards and verdicts here are those of the scorer ${scorer}.`);
  return remarks;
}
