/** What a figure of the paper is made of: files, trainings and scores that a plan asks for, and a result that is computed from the scores. */
import type { Table } from "../report/index.ts";
import type { TrainingSizes } from "./cost.ts";
import type { Panel } from "./panel.ts";

/** One prompt with one response whose log-probability is asked for, or that is trained on: a line of a planned file. */
export interface FigureRow {
  readonly prompt: string;
  readonly response: string;
  /** log π_D(response | prompt) in nats; absent where π_D does not draw it. */
  readonly logProbability?: number;
  readonly class: string;
  /** The problem that the row belongs to. */
  readonly problem: string;
}

/** A file of JSON lines that is written before anything is trained. */
export interface PlannedFile {
  /** Relative to the output folder. */
  readonly path: string;
  rows(): Iterable<FigureRow>;
}

export interface PlannedTraining {
  /** Its run folder, relative to the output folder. */
  readonly folder: string;
  /**
   * The configuration as `lmcov train` takes it. `from`, `data.file`, `evaluation.file` and a rule's `teacher` are relative to the output folder;
   * device and threads are the command's.
   */
  readonly config: Readonly<Record<string, unknown>>;
  /** What its cost is reckoned from. */
  readonly sizes: TrainingSizes;
}

/** Log-probabilities of the rows of some files under one checkpoint. */
export interface PlannedScoring {
  readonly seed: number;
  /** Which of the figure's trainings of this seed, such as `H = 8`; empty where there is one. */
  readonly variant: string;
  readonly step: number;
  /** The checkpoint's folder, relative to the output folder. */
  readonly checkpoint: string;
  /** Paths of planned files. */
  readonly files: readonly string[];
  /** Scores under test-time training (22), (23) of the output head with this step size. */
  readonly testTimeStep?: number;
}

/** Where a training in `folder` leaves the checkpoint of a step. */
export const checkpointOf = (folder: string, step: number): string =>
  `${folder}/checkpoints/step-${String(step).padStart(8, "0")}`;

export interface FigurePlan {
  readonly files: readonly PlannedFile[];
  /** In the order in which they run. */
  readonly trainings: readonly PlannedTraining[];
  readonly scorings: readonly PlannedScoring[];
}

/** What is known of a planned file's rows once texts are left out. */
export interface RecordedSet {
  readonly path: string;
  readonly classes: readonly string[];
  /** log π_D of each row; null where π_D does not draw it. */
  readonly logProbabilities: readonly (number | null)[];
}

export interface RecordedScore {
  readonly seed: number;
  readonly variant: string;
  readonly step: number;
  readonly path: string;
  /** One a row of the set, in nats. */
  readonly logProbabilities: readonly number[];
}

/** Everything that a figure's numbers are computed from. */
export interface FigureRecord {
  readonly schema: "lmcov/reproduce-record@1";
  readonly figure: string;
  readonly scale: string;
  readonly sets: readonly RecordedSet[];
  readonly scores: readonly RecordedScore[];
}

/** A statement that is decided by the data. */
export interface Claim {
  readonly name: string;
  /** What was to come out, fixed before it was measured. */
  readonly statement: string;
  /** What came out, with its interval. */
  readonly measured: string;
  readonly holds: boolean;
}

/** What the paper reports beside what came out here. */
export interface Comparison {
  readonly paper: string;
  /** Where it stands in arXiv 2510.15020. */
  readonly source: string;
  readonly ours: string;
}

export interface FigureTable {
  readonly id: string;
  readonly title: string;
  /** What the numbers are, on which data, with which intervals. */
  readonly explanation: string;
  readonly table: Table;
}

export interface FigureResult {
  readonly title: string;
  /** The answer in a few sentences with numbers. */
  readonly summary: readonly string[];
  readonly claims: readonly Claim[];
  readonly comparisons: readonly Comparison[];
  /** Each is written as SVG, PNG and CSV under its id. */
  readonly panels: readonly Panel[];
  /** Each is written as CSV under its id. */
  readonly tables: readonly FigureTable[];
  /** What differs from the paper and what the numbers do not say. */
  readonly remarks: readonly string[];
}

export interface FigureRequest {
  readonly scale: string;
  readonly seeds: readonly number[];
}

export interface Figure {
  readonly name: string;
  readonly title: string;
  /** The scales that users choose from; others may be known, for tests. */
  readonly scales: readonly string[];
  /** Throws RangeError for a scale that is not known. */
  plan(request: FigureRequest): FigurePlan;
  result(record: FigureRecord): FigureResult;
}
