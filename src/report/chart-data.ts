/** What each chart shows, as plain data: drawn by the page, by Node and written as CSV. */

/** pass@k over k: measured with its interval, and the forecast band beyond. */
export interface PassAtKChart {
  readonly kind: "pass-at-k";
  readonly series: readonly PassAtKSeries[];
}

export interface PassAtKSeries {
  readonly label: string;
  /** Drawn in colour and named; the others stay in the background. */
  readonly emphasised: boolean;
  /** Position in the palette; that among the named ones where absent. */
  readonly colour?: number;
  readonly measured: readonly { k: number; estimate: number; lower: number; upper: number }[];
  readonly forecast: readonly { k: number; lower: number; upper: number; midpoint: number }[];
}

/** The best of N draws by a reward: what counts, the reward itself, and what no reward exceeds. */
export interface BestOfNChart {
  readonly kind: "best-of-n";
  /** What counts, and what bounds it. */
  readonly goldLabel: string;
  readonly ceilingLabel: string;
  /** Gold is an accuracy. */
  readonly isRate: boolean;
  readonly series: readonly BestOfNSeries[];
}

export interface BestOfNSeries {
  readonly label: string;
  /** Drawn in colour and named; the others stay in the background. */
  readonly emphasised: boolean;
  /** Position in the palette; that among the named ones where absent. */
  readonly colour?: number;
  /** How much it rests on, such as "100 problems, 800 rewarded draws". */
  readonly sample: string;
  readonly points: readonly BestOfNPoint[];
}

export interface BestOfNPoint {
  readonly n: number;
  readonly gold: OpenEstimate;
  readonly proxy: OpenEstimate;
  readonly ceiling: OpenEstimate;
  readonly majority?: OpenEstimate;
}

/** An estimate whose interval may be unknown. */
export interface OpenEstimate {
  readonly estimate: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
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

/** Quantities over a grid of N, a line a model or a quantity. */
export interface CurveChart {
  readonly kind: "curve";
  /** What it is called by people who do not see it. */
  readonly name: string;
  /** In ascending order; every series has a value at each. */
  readonly ns: readonly number[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly yScale: "log" | "rate" | "linear";
  /** What 1/x and 1 − y are called, where both axes have a second reading. */
  readonly complement?: { readonly x: string; readonly y: string };
  readonly series: readonly CurveSeries[];
}

/** `estimate` is absent where only intervals are known. */
export interface CurveSeries extends Partial<Band> {
  readonly label: string;
  /** Drawn in colour and named; the others stay in the background. */
  readonly emphasised: boolean;
  /** Position in the palette; that among the named ones where absent. */
  readonly colour?: number;
  /** How much it rests on, such as "1,319 prompts". */
  readonly sample: string;
}

/** Estimates with their intervals, entry by entry; without intervals where none is known. */
export interface Band {
  readonly estimate: readonly number[];
  readonly lower?: readonly number[];
  readonly upper?: readonly number[];
}

/** Several quantities of the checkpoints of one model, aligned over training. */
export interface TrainingChart {
  readonly kind: "training";
  readonly unit: string;
  /** Where in training the checkpoints are, from the earliest on, and their names in other charts. */
  readonly at: readonly number[];
  readonly models: readonly string[];
  readonly rows: readonly TrainingRow[];
  readonly picks: readonly TrainingPick[];
}

export interface TrainingRow {
  /** With `ns`, N in it stands for the value shown. */
  readonly label: string;
  readonly sample: string;
  /** A rate is drawn from 0 on. */
  readonly isRate: boolean;
  /** Without `ns` one band; with it one for each of `ns`, of which the one at the slider's N is drawn. */
  readonly ns?: readonly number[];
  readonly bands: readonly CheckpointBand[];
}

/** One entry a checkpoint; null where the quantity is not known. */
export interface CheckpointBand {
  readonly estimate: readonly (number | null)[];
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
}

/** A choice: a position among the checkpoints, one for all N or one for each of `ns`; null for another model. */
export interface TrainingPick {
  readonly label: string;
  readonly ns?: readonly number[];
  readonly positions: readonly (number | null)[];
}

/** Which model a choice takes at each N. */
export interface WinnerChart {
  readonly kind: "winner";
  readonly ns: readonly number[];
  /** Those that win or are not told apart from a winner somewhere. */
  readonly models: readonly string[];
  /** Position in `models` of the winner at each N, and its score. */
  readonly winners: readonly number[];
  readonly scores: readonly number[];
  /** At some of the N (positions in `ns`): positions in `models` of those not told apart from the winner. */
  readonly beside: readonly { readonly n: number; readonly models: readonly number[] }[];
}

/** How large a share of the responses each row finds N times as probable as each column. */
export interface MatrixChart {
  readonly kind: "matrix";
  readonly ns: readonly number[];
  readonly models: readonly string[];
  readonly records: number;
  /** For each N the hits, row by row: row `opponent`, column `candidate`. */
  readonly hits: readonly (readonly number[])[];
}

/** Shares of a whole. */
export interface BarChart {
  readonly kind: "bar";
  readonly name: string;
  readonly label: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

/** Two measures of each checkpoint against each other, both over the same N or constant (one entry). */
export interface ScatterChart {
  readonly kind: "scatter";
  readonly name: string;
  readonly ns: readonly number[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly {
    readonly label: string;
    readonly x: readonly number[];
    readonly y: Band;
    readonly sample: string;
  }[];
  /** Spearman's rank correlation at each N; null where it is not defined. */
  readonly correlation: readonly (number | null)[];
}

/** A chart as plain data, told apart by its kind. */
export type Chart =
  | PassAtKChart
  | BestOfNChart
  | TrajectoryChart
  | CurveChart
  | TrainingChart
  | WinnerChart
  | MatrixChart
  | BarChart
  | ScatterChart;
