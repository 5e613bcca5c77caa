/** The evidence of one task as sections: measured, over training, forecast, out of reach, what was counted. */
import { describeSampling } from "../record/index.ts";
import type { TaskAnalysis } from "./analysis.ts";
import { bestOfNSections } from "./best-of-n-section.ts";
import type { PassAtKSeries } from "./chart-data.ts";
import { colouredSeries } from "./chart-palette.ts";
import { copiesSentence } from "./copies.ts";
import type { ModelAnalysis } from "./model-analysis.ts";
import { countText, isVacuous, listText, plural } from "./number-text.ts";
import type { Cell, Formula, Section, TableColumn } from "./section.ts";
import { levelText } from "./verdict.ts";

export interface TaskSectionOptions {
  /** Before ids and after titles, where a report has several tasks. */
  readonly prefix: string;
  readonly suffix: string;
  readonly denominator: string;
}

/** Sections in the order in which they are read. */
export function taskSections(task: TaskAnalysis, options: TaskSectionOptions): Section[] {
  const { prefix, suffix } = options;
  const sections = [
    passAtKSection(task, prefix, suffix),
    ...bestAtEachKSections(task, prefix, suffix),
    ...trajectorySections(task, prefix, suffix),
    ...bestOfNSections(task, prefix, suffix),
  ];
  const beyond = forecastSection(task, prefix, suffix);
  if (beyond !== undefined) sections.push(beyond);
  const reach = reachSection(task, prefix, suffix);
  if (reach !== undefined) sections.push(reach);
  sections.push(countsSection(task, prefix, suffix, options.denominator));
  return sections;
}

const passAtKFormula: Formula = {
  text: "pass@k = (1/m)·Σₓ [ 1 − C(nₓ − cₓ, k) / C(nₓ, k) ], with cₓ correct of nₓ draws for each of m problems x",
  source: "arXiv 2107.03374, equation (1)",
};

/** Models from the best at the deciding k down. */
function ranked(task: TaskAnalysis): ModelAnalysis[] {
  const value = (analysis: ModelAnalysis) =>
    analysis.measured.find(({ k }) => k === task.decidingK)?.estimate ?? Number.NEGATIVE_INFINITY;
  return [...task.models].sort((left, right) => value(right) - value(left));
}

function passAtKSection(task: TaskAnalysis, prefix: string, suffix: string): Section {
  const models = ranked(task);
  const ks = [...new Set(models.flatMap(({ measured }) => measured.map(({ k }) => k)))].sort((a, b) => a - b);
  const columns: TableColumn[] = [{ key: "model", title: "model", kind: "text" }];
  for (const k of ks) columns.push({ key: `k${k}`, title: `pass@${countText(k)}`, kind: "rate" });
  const set = task.comparison?.comparisons.find(({ k }) => k === task.decidingK);
  if (set !== undefined)
    columns.push({ key: "set", title: `best at k = ${countText(task.decidingK)}?`, kind: "text" });
  const rows = models.map(({ counts, measured }) => {
    const row: Record<string, Cell> = { model: counts.label };
    for (const { k, estimate, lower, upper } of measured) row[`k${k}`] = { estimate, lower, upper };
    const member = set?.members.find(({ model }) => model === counts.label);
    if (member !== undefined) {
      row.set = member.model === set?.best ? "best" : member.inSet ? "not told apart" : "below";
    }
    return row;
  });
  return {
    id: `${prefix}pass-at-k`,
    title: `pass@k, measured${suffix}`,
    explanation: `Probability that at least one of k draws is correct, averaged over problems: the unbiased estimator 1 − C(n−c, k)/C(n, k) for k up to the smallest n, with ${levelText(task)} Korn–Graubard intervals over problems. In the chart, the band beyond the measured range is the forecast.`,
    formula: passAtKFormula,
    chart: { kind: "pass-at-k", series: chartSeries(models) },
    table: { columns, rows },
    remarks: comparisonRemarks(task),
  };
}

function comparisonRemarks(task: TaskAnalysis): string[] {
  const remarks: string[] = [];
  const common = task.comparison?.problems;
  if (common !== undefined) {
    const rough = common < 20 ? "; with fewer than 20 problems it is rough" : "";
    remarks.push(
      `“Best” and “not told apart” make the set that holds the best model with probability ${levelText(task)}: paired per-problem differences, studentized, bootstrap over ${plural(common, "common problem")}${rough}.`,
    );
  }
  if (task.notCompared.length > 0) {
    remarks.push(`Not compared in pairs, for having too few of the problems: ${listText(task.notCompared)}.`);
  }
  return remarks;
}

function chartSeries(models: readonly ModelAnalysis[]): PassAtKSeries[] {
  const emphasised = new Set(
    models.slice(0, models.length <= colouredSeries ? colouredSeries : colouredSeries - 1),
  );
  // Where coverage is lost, the best of one draw is none of the best of many.
  const ofOneDraw = (analysis: ModelAnalysis) => analysis.curve.find(({ k }) => k === 1)?.estimate ?? 0;
  const [first] = [...models].sort((left, right) => ofOneDraw(right) - ofOneDraw(left));
  if (first !== undefined) emphasised.add(first);
  return models.map((analysis) => ({
    label: analysis.counts.label,
    emphasised: emphasised.has(analysis),
    measured: analysis.curve,
    forecast: emphasised.has(analysis) ? analysis.forecast : [],
  }));
}

/** Whether the choice depends on k; nothing to say for a single k. */
function bestAtEachKSections(task: TaskAnalysis, prefix: string, suffix: string): Section[] {
  const { comparison } = task;
  if (comparison === undefined || comparison.comparisons.length < 2) return [];
  const rows = comparison.comparisons.map(({ k, best, members }) => {
    const beside = members.filter(({ model, inSet }) => inSet && model !== best).map(({ model }) => model);
    return { k, best, beside: beside.length === 0 ? "none" : listText(beside) };
  });
  return [
    {
      id: `${prefix}best-at-each-k`,
      title: `Best at each k${suffix}`,
      explanation: `The model with the highest pass@k on the common problems, and those not told apart from it at that k (${levelText(task)}, each k by itself).`,
      table: {
        columns: [
          { key: "k", title: "k", kind: "count" },
          { key: "best", title: "best", kind: "text" },
          { key: "beside", title: "not told apart from it", kind: "text" },
        ],
        rows,
      },
    },
  ];
}

function trajectorySections(task: TaskAnalysis, prefix: string, suffix: string): Section[] {
  return task.trajectories.map(({ model, unit, checkpoints }, index) => {
    const ks = [...new Set(checkpoints.flatMap(({ analysis }) => analysis.measured.map(({ k }) => k)))];
    const series = ks.map((k) => ({
      label: `pass@${countText(k)}`,
      points: checkpoints.flatMap(({ at, analysis }) => {
        const found = analysis.measured.find((estimate) => estimate.k === k);
        return found === undefined
          ? []
          : [{ at, estimate: found.estimate, lower: found.lower, upper: found.upper }];
      }),
    }));
    const columns: TableColumn[] = [
      { key: "at", title: unit, kind: "count" },
      ...ks.map((k): TableColumn => ({ key: `k${k}`, title: `pass@${countText(k)}`, kind: "rate" })),
    ];
    const rows = checkpoints.map(({ at, analysis }) => {
      const row: Record<string, Cell> = { at };
      for (const { k, estimate, lower, upper } of analysis.measured)
        row[`k${k}`] = { estimate, lower, upper };
      return row;
    });
    return {
      id: `${prefix}trajectory-${index + 1}`,
      title: `${model} over training${suffix}`,
      explanation: `pass@k of the checkpoints by ${unit}, with ${levelText(task)} intervals. Coverage is lost where pass@k falls at large k.`,
      formula: passAtKFormula,
      chart: { kind: "trajectory" as const, unit, series },
      table: { columns, rows },
    };
  });
}

function forecastSection(task: TaskAnalysis, prefix: string, suffix: string): Section | undefined {
  const models = ranked(task).filter(({ forecast }) => forecast.length > 0);
  if (models.length === 0) return undefined;
  const ks = [...new Set(models.flatMap(({ forecast }) => forecast.map(({ k }) => k)))].sort((a, b) => a - b);
  const columns: TableColumn[] = [{ key: "model", title: "model", kind: "text" }];
  for (const k of ks) columns.push({ key: `k${k}`, title: `pass@${countText(k)}`, kind: "rate" });
  const rows = models.map(({ counts, forecast }) => {
    const row: Record<string, Cell> = { model: counts.label };
    for (const { k, lower, upper } of forecast) row[`k${k}`] = { lower, upper };
    return row;
  });
  return {
    id: `${prefix}forecast`,
    title: `pass@k beyond the draws taken${suffix}`,
    explanation: `${levelText(task)} intervals from the likelihood of all mixing distributions of success rates (nonparametric maximum likelihood, profile likelihood ratio with the χ² cutoff, which simulation supports and no theorem does). The interval is the answer; no single curve is known here.`,
    table: { columns, rows },
  };
}

function reachSection(task: TaskAnalysis, prefix: string, suffix: string): Section | undefined {
  const name = task.models[task.chosen]?.counts.label;
  if (task.underRate.length === 0 || name === undefined) return undefined;
  return {
    id: `${prefix}reach`,
    title: `Problems out of reach of ${name}${suffix}`,
    explanation: `Share of problems whose success rate is at most 1/N: with π_D deterministic, the answer-level coverage profile; the right and upper scales of the chart read it as Cover@τ, the share of problems with a success rate of at least τ. Same likelihood intervals as the forecast.`,
    formula: {
      text: "P_x[ p(x) ≤ 1/N ],   p(x) = π̂(a correct answer | x);   Cover@τ = P_x[ p(x) ≥ τ ] = 1 − P_x[ p(x) < τ ]",
      source:
        "equation (1) of arXiv 2510.15020 at the level of answers, π_D deterministic; Cover@τ of arXiv 2510.08325",
    },
    chart: {
      kind: "curve",
      name: "share of problems out of reach against N",
      ns: task.rateCurve.map(({ threshold }) => 1 / threshold),
      xLabel: "N",
      yLabel: "P[p ≤ 1/N]",
      yScale: "rate",
      complement: { x: "τ = 1/N", y: "Cover@τ" },
      series: [
        {
          label: name,
          emphasised: true,
          sample: plural(task.models[task.chosen]?.totals.problems ?? 0, "problem"),
          lower: task.rateCurve.map(({ lower }) => lower),
          upper: task.rateCurve.map(({ upper }) => upper),
        },
      ],
    },
    table: {
      columns: [
        { key: "rate", title: "success rate at most", kind: "text" },
        { key: "share", title: "share of problems", kind: "rate" },
      ],
      rows: task.underRate.map(({ threshold, lower, upper }) => ({
        rate: `1 in ${countText(1 / threshold)}`,
        share: isVacuous({ lower, upper }) ? "not informative" : { lower, upper },
      })),
    },
  };
}

function countsSection(task: TaskAnalysis, prefix: string, suffix: string, denominator: string): Section {
  const copies = copiesSentence(task.models.map(({ counts }) => counts));
  return {
    id: `${prefix}counts`,
    title: `What was counted${suffix}`,
    explanation: copies === undefined ? denominator : `${denominator} ${copies}`,
    table: {
      columns: [
        { key: "model", title: "model", kind: "text" },
        { key: "problems", title: "problems", kind: "count" },
        { key: "draws", title: "draws", kind: "count" },
        { key: "perProblem", title: "a problem", kind: "text" },
        { key: "correct", title: "correct", kind: "count" },
        { key: "unscored", title: "unscored", kind: "count" },
        { key: "unsolved", title: "never solved", kind: "count" },
        { key: "scorer", title: "scorer", kind: "text" },
        { key: "sampling", title: "sampling", kind: "text" },
      ],
      rows: task.models.map(({ counts, totals }) => ({
        model: counts.label,
        problems: totals.problems,
        draws: totals.draws,
        perProblem:
          totals.fewestDraws === totals.mostDraws
            ? countText(totals.mostDraws)
            : `${countText(totals.fewestDraws)}–${countText(totals.mostDraws)}`,
        correct: totals.correct,
        unscored: totals.unscored,
        unsolved: totals.problems - totals.solvedProblems,
        scorer: counts.verifier,
        sampling: describeSampling(counts.sampling) || "not in the log",
      })),
    },
  };
}
