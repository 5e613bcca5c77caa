/** The paper's figures: plans of what is trained and scored, and results from what was recorded. */
export { type TrainingCost, type TrainingSizes, trainingCost } from "./cost.ts";
export type {
  Claim,
  Comparison,
  Figure,
  FigurePlan,
  FigureRecord,
  FigureRequest,
  FigureResult,
  FigureRow,
  FigureTable,
  PlannedFile,
  PlannedScoring,
  PlannedTraining,
  RecordedScore,
  RecordedSet,
} from "./figure.ts";
export {
  type FigureTwoPrompts,
  type FigureTwoQuantities,
  figureTwoFloor,
  figureTwoQuantities,
} from "./figure-two-quantities.ts";
export { figurePage } from "./page.ts";
export { type Panel, type PanelMark, type PanelPoint, type PanelSeries, panelRows } from "./panel.ts";
export { panelSvg } from "./panel-svg.ts";
export { figureNamed, figures } from "./registry.ts";
export { medianBand, type SeedMean, seedMean, slopeTrend, type Trend, type TrendSample } from "./trend.ts";
export { type IntervalEstimate, weightedDifference, weightedStrata } from "./weighted-strata.ts";
