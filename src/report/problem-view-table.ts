/** The table of a task's problems, for one highlighted model. Runs in a browser. */
import type { ProblemView } from "./problem-view.ts";
import type { Cell, IntervalCell, Table, TableColumn } from "./section.ts";

/** Other models get a column each up to this many; of more, only the number that solved the problem is told. */
const mostColumns = 6;

export type ProblemFilter = "all" | "unsolved" | "unsolved-by-all" | "below" | "reached" | "shown";

export interface ProblemTableChoice {
  /** Position of the highlighted model in `models`. */
  readonly model: number;
  readonly filter: ProblemFilter;
  /** Draws at deployment: problems with a success rate under 1/N are the ones out of reach. */
  readonly n: number;
}

/** One row a problem; `at` is the problem's position. */
export function problemViewTable(view: ProblemView, choice: ProblemTableChoice): Table {
  const others = view.models.length <= mostColumns ? view.models.map((_, model) => model) : [];
  const columns: TableColumn[] = [
    { key: "problem", title: "problem", kind: "text" },
    {
      key: "rate",
      title: view.models.length === 1 ? "success rate" : shortLabel(view, choice),
      kind: "rate",
    },
    { key: "n", title: "n", kind: "count" },
    { key: "c", title: "c", kind: "count" },
    ...others
      .filter((model) => model !== choice.model)
      .map((model): TableColumn => ({ key: `m${model}`, title: shortLabel(view, { model }), kind: "rate" })),
  ];
  if (view.models.length > 1) {
    columns.push({ key: "solvedBy", title: `solved by, of ${view.models.length}`, kind: "count" });
  }
  columns.push({ key: "never", title: "never solved", kind: "text" });
  const intervals = countIntervals(view);
  const readable = new Set(view.shown.map(({ problem }) => problem));
  const rows: Record<string, Cell>[] = [];
  for (let at = 0; at < view.problems.length; at += 1) {
    if (!isWanted(view, at, choice, readable)) continue;
    const n = view.draws[choice.model]?.[at] ?? 0;
    const row: Record<string, Cell> = {
      at,
      problem: view.problems[at],
      rate: rateCell(view, choice.model, at, intervals),
      n,
      c: n === 0 ? undefined : view.correct[choice.model]?.[at],
      solvedBy: view.solvedBy[at],
      never: neverText(view, choice.model, at),
    };
    for (const model of others) row[`m${model}`] = successRate(view, model, at);
    rows.push(row);
  }
  return { columns, rows };
}

/** Heads of columns hold no more of a label than this. */
const longestHead = 40;

function shortLabel({ models }: ProblemView, { model }: Pick<ProblemTableChoice, "model">): string {
  const label = models[model] ?? "";
  return label.length > longestHead ? `${label.slice(0, longestHead)}…` : label;
}

/** Share of correct draws; undefined without draws. */
export function successRate(view: ProblemView, model: number, problem: number): number | undefined {
  const draws = view.draws[model]?.[problem] ?? 0;
  return draws === 0 ? undefined : (view.correct[model]?.[problem] ?? 0) / draws;
}

/** How a success rate stands against 1/N. */
export function reach(rate: number | undefined, n: number): "unknown" | "none" | "below" | "reached" {
  if (rate === undefined) return "unknown";
  if (rate === 0) return "none";
  return rate < 1 / n ? "below" : "reached";
}

function isWanted(
  view: ProblemView,
  at: number,
  { filter, model, n }: ProblemTableChoice,
  readable: ReadonlySet<number>,
): boolean {
  if (filter === "all") return true;
  if (filter === "unsolved-by-all") return view.solvedBy[at] === 0;
  if (filter === "shown") return readable.has(at);
  const reached = reach(successRate(view, model, at), n);
  if (filter === "unsolved") return reached === "none";
  return filter === "below" ? reached === "below" || reached === "none" : reached === "reached";
}

function neverText(view: ProblemView, model: number, at: number): string {
  if (view.solvedBy[at] === 0) return view.models.length === 1 ? "never" : "by none";
  return successRate(view, model, at) === 0 ? "by this model" : "";
}

export type CountIntervals = ReadonlyMap<string, IntervalCell>;

export function countIntervals(view: ProblemView): CountIntervals {
  return new Map(
    view.intervals.map(({ draws, correct, lower, upper }) => [
      pairKey(draws, correct),
      { estimate: correct / draws, lower, upper },
    ]),
  );
}

/** The rate with its interval where one is known for these counts. */
export function rateCell(view: ProblemView, model: number, at: number, intervals: CountIntervals): Cell {
  const rate = successRate(view, model, at);
  if (rate === undefined) return undefined;
  return intervals.get(pairKey(view.draws[model]![at]!, view.correct[model]![at]!)) ?? rate;
}

const pairKey = (draws: number, correct: number): string => `${draws}/${correct}`;
