/** The report as plain data: the terminal, JSON and the page render the same sections. */
import type { Chart } from "./chart-data.ts";
import type { ProblemView } from "./problem-view.ts";

export type { Chart } from "./chart-data.ts";

/** An interval of a rate or a count; without `estimate` where only the interval is known. */
export interface IntervalCell {
  readonly estimate?: number | undefined;
  readonly lower: number;
  readonly upper: number;
}

/** What stands in a cell of a table; undefined is an empty one. */
export type Cell = string | number | IntervalCell | undefined;

/** One column of a table. */
export interface TableColumn {
  readonly key: string;
  readonly title: string;
  /** How to write numbers of this column. */
  readonly kind: "text" | "count" | "rate" | "real";
}

/** A table as plain data: rows hold cells by the columns' keys. */
export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** One part of a report: an explanation with a chart, a table or both. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What the numbers are, with the estimator and its source. */
  readonly explanation: string;
  readonly formula?: Formula;
  readonly chart?: Chart;
  readonly table?: Table;
  readonly remarks?: readonly string[];
}

/** What is computed, in the notation of its source. */
export interface Formula {
  readonly text: string;
  /** Where it stands, such as "equation (1) of arXiv 2510.15020". */
  readonly source: string;
}

export interface NextCommand {
  readonly command: string;
  readonly gain: string;
}

/** What was read and what was left out. */
export interface InputSummary {
  readonly files: readonly { readonly path: string; readonly importer: string; readonly rows: number }[];
  readonly rejected: number;
  readonly rejections: readonly string[];
  readonly dropped: readonly { readonly reason: string; readonly rows: number }[];
  readonly notes: readonly string[];
}

/** A report as plain data: what `--json` prints and the terminal and the page render. */
export interface Report {
  readonly schema: "lmcov/report@1";
  readonly title: string;
  /** The answer in a few sentences with numbers and intervals, the weightiest first. */
  readonly verdict: readonly string[];
  /** How many of them are always in view: three where there are as many. */
  readonly leading: number;
  /** The evidence. */
  readonly sections: readonly Section[];
  /** Values of N that the page's slider offers, and the one that it begins with; absent where nothing depends on N. */
  readonly slider?: { readonly ns: readonly number[]; readonly start: number };
  /** Problem by problem, a view a task that has counts. */
  readonly problems?: readonly ProblemView[];
  /** `served`: responses are not here; the server that the page came from has them. */
  readonly responses?: "served";
  /** What cannot be known from these logs. */
  readonly unknowable: readonly string[];
  readonly next: readonly NextCommand[];
  readonly inputs: InputSummary;
}
