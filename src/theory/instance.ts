/** What a row of the theory lab is: settings to measure, and criteria fixed before anything is measured. */
import type { RandomGenerator } from "../numeric/index.ts";

/** `fast` takes seconds in all and runs in the tests; `full` covers the ranges that show the shape. */
export type TheoryScale = "fast" | "full";

/** A row of a table: a setting (n, H, N, T …) or what was measured at it. Plain data, so that it passes between threads. */
export type TheoryRecord = Readonly<Record<string, number | string>>;

/** What a criterion finds in a table. */
export interface TheoryFinding {
  /** The statistic; undefined where it does not exist, such as a slope through a value of 0: that never passes. */
  readonly measured: number | undefined;
  /** An interval of the statistic, where the criterion judges by one. */
  readonly lower?: number;
  readonly upper?: number;
  readonly pass: boolean;
}

/** A statistic of the table with its tolerance, fixed beforehand. `criterion.ts` makes the usual ones. */
export interface TheoryCriterion {
  /** Kebab-case, unique in its row: "slope-in-n". */
  readonly name: string;
  /** The statistic and its tolerance in words with numbers. */
  readonly statement: string;
  /** A number, or a condition such as "[−1.2, −0.8]" or "≥ 0.25". */
  readonly predicted: number | string;
  judge(table: readonly TheoryRecord[]): TheoryFinding;
}

/** Columns of the table that make the row's picture: a line for each quantity and each value of `by`. */
export interface TheoryPlot {
  readonly x: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Measured quantities are drawn with points, predicted ones dashed. */
  readonly quantities: readonly {
    readonly column: string;
    readonly label: string;
    readonly predicted?: boolean;
  }[];
  /** A column whose values part the lines, such as "N". */
  readonly by?: string;
  /** Records drawn; all where absent. */
  readonly where?: TheoryRecord;
  readonly xScale: "log" | "linear";
  readonly yScale: "log" | "linear";
}

/**
 * A claim of the paper as something that can be run: every setting is measured on its own, from a generator of its own,
 * and the criteria judge the table of all.
 */
export interface TheoryRow<Setting extends TheoryRecord = TheoryRecord> {
  /** Kebab-case: "bernoulli-maximum-likelihood". */
  readonly name: string;
  /** Where it stands in the paper: "Prop. 4.1(a)". */
  readonly source: string;
  /** What the paper says, in one sentence. */
  readonly claim: string;
  readonly criteria: readonly TheoryCriterion[];
  readonly plot: TheoryPlot;
  /** What a reader must know to read the numbers, such as a proof's step size that is vacuous at this scale. */
  readonly caveat?: string;
  /** Independent pieces of work, each of a few seconds at most. */
  settings(scale: TheoryScale): readonly Setting[];
  /** Measures one setting: the records that it adds to the table, without the setting's own columns. */
  measure(setting: Setting, generator: RandomGenerator): readonly TheoryRecord[];
}

/** A criterion's outcome: what `lmcov theory --json` prints. */
export interface TheoryInstance extends TheoryFinding {
  /** The row's name, a slash and the criterion's. */
  readonly name: string;
  readonly source: string;
  readonly predicted: number | string;
  readonly statement: string;
}

/** A row that has been run. */
export interface TheoryResult {
  readonly row: Omit<TheoryRow, "settings" | "measure" | "criteria">;
  readonly scale: TheoryScale;
  readonly instances: readonly TheoryInstance[];
  /** Settings and what was measured at them. */
  readonly table: readonly TheoryRecord[];
}
