/** A panel of a figure as plain data: lines of ordered points with intervals, and marks. */
import type { CsvValue } from "../report/table-csv.ts";

export interface PanelPoint {
  readonly x: number;
  readonly y: number;
  readonly lower?: number;
  readonly upper?: number;
  /** Which checkpoint it is, such as `step 40`. */
  readonly name: string;
}

export interface PanelSeries {
  readonly label: string;
  /** In the order in which they are joined. */
  readonly points: readonly PanelPoint[];
  /** A computed curve and not a measurement: dashed, without dots. */
  readonly computed?: boolean;
}

export interface PanelMark {
  /** All marks of a label look alike. */
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly name: string;
}

export interface Panel {
  /** Names its files. */
  readonly id: string;
  readonly title: string;
  /** What is drawn: on which data, and what the bands are. */
  readonly explanation: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly yScale: "linear" | "log";
  readonly series: readonly PanelSeries[];
  readonly marks: readonly PanelMark[];
}

/** Every number of the panel, one header line. */
export function panelRows(panel: Panel): CsvValue[][] {
  const points = panel.series.flatMap(({ label, points: own }) =>
    own.map(({ x, y, lower, upper, name }) => [label, name, x, y, lower, upper]),
  );
  const marks = panel.marks.map(({ label, name, x, y }) => [label, name, x, y, undefined, undefined]);
  return [["series", "checkpoint", panel.xLabel, panel.yLabel, "lower", "upper"], ...points, ...marks];
}
