/** The report as plain data: the terminal, JSON and the page render the same sections. */

/** An interval of a rate or a count; without `estimate` where only the interval is known. */
export interface IntervalCell {
  readonly estimate?: number | undefined;
  readonly lower: number;
  readonly upper: number;
}

export type Cell = string | number | IntervalCell | undefined;

export interface TableColumn {
  readonly key: string;
  readonly title: string;
  /** How to write numbers of this column. */
  readonly kind: "text" | "count" | "rate";
}

export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** pass@k over k: measured with its interval, and the forecast band beyond. */
export interface PassAtKChart {
  readonly kind: "pass-at-k";
  readonly series: readonly PassAtKSeries[];
}

export interface PassAtKSeries {
  readonly label: string;
  /** Drawn in colour and named; the others stay in the background. */
  readonly emphasised: boolean;
  readonly measured: readonly { k: number; estimate: number; lower: number; upper: number }[];
  readonly forecast: readonly { k: number; lower: number; upper: number; midpoint: number }[];
}

/** Rates over training, a line a series. */
export interface TrajectoryChart {
  readonly kind: "trajectory";
  readonly unit: string;
  readonly series: readonly {
    readonly label: string;
    readonly points: readonly { at: number; estimate: number; lower: number; upper: number }[];
  }[];
}

export type Chart = PassAtKChart | TrajectoryChart;

export interface Section {
  readonly id: string;
  readonly title: string;
  /** What the numbers are, with the estimator and its source. */
  readonly explanation: string;
  readonly chart?: Chart;
  readonly table?: Table;
  readonly remarks?: readonly string[];
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

export interface Report {
  readonly schema: "lmcov/report@1";
  readonly title: string;
  /** The answer in a few sentences with numbers and intervals. */
  readonly verdict: readonly string[];
  /** The evidence. */
  readonly sections: readonly Section[];
  /** What cannot be known from these logs. */
  readonly unknowable: readonly string[];
  readonly next: readonly NextCommand[];
  readonly inputs: InputSummary;
}
