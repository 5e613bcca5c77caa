/** Two models on the same problems, such as before and after reinforcement learning: pass@k of both and its difference. */
import { type ComparisonAtK, type ConfidenceSetOptions, passAtKComparison } from "../selection/index.ts";
import type { ModelAnalysis } from "./model-analysis.ts";
import { shownDrawCounts } from "./model-counts.ts";
import { countText, plural } from "./number-text.ts";
import type { Section } from "./section.ts";
import { levelText } from "./verdict.ts";

/** Two models of one task that `comparisonSection` compares. */
export interface ComparisonRequest {
  readonly before: ModelAnalysis;
  readonly after: ModelAnalysis;
  readonly level: number;
  readonly generator: ConfidenceSetOptions["generator"];
}

interface Difference {
  readonly k: number;
  readonly before: number;
  readonly after: number;
  /** after − before; the interval is missing with one problem. */
  readonly difference: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
}

/** The section and its sentence; undefined where the two have no problem in common. */
export function comparisonSection(
  request: ComparisonRequest,
): { readonly section: Section; readonly sentence: string } | undefined {
  const { before, after, level, generator } = request;
  const compared = [before, after].map(({ counts }) => ({ model: counts.label, problems: counts.problems }));
  const { largestK } = passAtKComparison(compared, [], { generator });
  if (largestK === undefined) return undefined;
  const areCopies = [before, after].some(({ counts }) => counts.copies !== undefined);
  const { comparisons, problems } = passAtKComparison(compared, shownDrawCounts(areCopies ? 1 : largestK), {
    generator,
    level,
  });
  const differences = comparisons.map(differenceOf);
  const names = { before: before.counts.label, after: after.counts.label };
  return {
    sentence: sentenceOf(differences, { ...names, problems }),
    section: {
      id: "comparison",
      title: `${names.before} and ${names.after}`,
      explanation: `pass@k of both on the ${plural(problems, "problem")} that both tried, and the mean of the differences within problems with its Student t interval at ${levelText({ level })}. A rise at small k with a fall at large k is coverage lost: answers that came up now and then do not any more.`,
      chart: {
        kind: "pass-at-k",
        series: [before, after].map(({ counts, curve, forecast }) => ({
          label: counts.label,
          emphasised: true,
          measured: curve,
          forecast,
        })),
      },
      table: {
        columns: [
          { key: "k", title: "k", kind: "count" },
          { key: "before", title: `pass@k, ${names.before}`, kind: "rate" },
          { key: "after", title: `pass@k, ${names.after}`, kind: "rate" },
          { key: "difference", title: "difference", kind: "rate" },
        ],
        rows: differences.map(({ k, before: first, after: second, difference, lower, upper }) => ({
          k,
          before: first,
          after: second,
          difference:
            lower === undefined || upper === undefined ? difference : { estimate: difference, lower, upper },
        })),
      },
    },
  };
}

function differenceOf({ k, best, members }: ComparisonAtK): Difference {
  const [before, after] = members;
  if (before === undefined || after === undefined) throw new Error("two models were compared");
  const common = { k, before: before.estimate, after: after.estimate };
  if (best === after.model && best !== before.model) {
    const { estimate, lower, upper } = before.behindBest;
    return { ...common, difference: estimate, lower, upper };
  }
  const { estimate, lower, upper } = after.behindBest;
  return { ...common, difference: negated(estimate), lower: negated(upper), upper: negated(lower) };
}

function negated(value: number): number;
function negated(value: number | undefined): number | undefined;
function negated(value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  return value === 0 ? 0 : -value;
}

function sentenceOf(
  differences: readonly Difference[],
  { before, after, problems }: { before: string; after: string; problems: number },
): string {
  const risen = differences.filter(({ lower }) => lower !== undefined && lower > 0);
  const fallen = differences.filter(({ upper }) => upper !== undefined && upper < 0);
  const on = `on ${plural(problems, "common problem")}`;
  if (risen.length === 0 && fallen.length === 0) {
    const ks = ksText(differences);
    return `From ${before} to ${after} no change of pass@k can be told ${on} (${ks}).`;
  }
  const clauses = [
    ...(risen.length > 0 ? [`rises at ${ksText(risen)}`] : []),
    ...(fallen.length > 0 ? [`falls at ${ksText(fallen)}`] : []),
  ];
  const lost =
    risen.length > 0 && fallen.length > 0 && (fallen.at(-1)?.k ?? 0) > (risen.at(-1)?.k ?? 0)
      ? ": coverage was lost"
      : "";
  return `From ${before} to ${after} pass@k ${clauses.join(" and ")} ${on}${lost}.`;
}

function ksText(differences: readonly Difference[]): string {
  return differences.map(({ k, difference }) => `k = ${countText(k)} by ${difference.toFixed(3)}`).join(", ");
}
