/** From counts and log-probabilities to a report as plain data, and from that to terminal, HTML, CSV and SVG. */
export { type AnalysisOptions, analyseTasks, type TaskAnalysis } from "./analysis.ts";
export {
  analyseBestOfN,
  type BestOfNAnalysis,
  type ModelPools,
  type ProblemPool,
  smallestPool,
  stoppedReason,
} from "./best-of-n-analysis.ts";
export { bestOfNSentence } from "./best-of-n-section.ts";
export { estimateCell } from "./cell-text.ts";
export { hasAxisOfN } from "./chart-plot.ts";
export { type ComparisonRequest, comparisonSection } from "./comparison-section.ts";
export { type CopiedModel, copiesSentence } from "./copies.ts";
export { htmlReport, livePage, pageData } from "./html.ts";
export {
  analyseLikelihoods,
  type LikelihoodAnalysis,
  type LikelihoodTask,
  type MeasuredChoice,
  measuredChoice,
  offsetSelection,
  passAtKAgreement,
  type ScoredCandidate,
  type SelectionOptions,
} from "./likelihood-analysis.ts";
export { type LikelihoodOverN, likelihoodOverN, type OutcomeOverN } from "./likelihood-over-n.ts";
export {
  agreementText,
  decisionSentence,
  resolutionText,
  selectionSentence,
  selectionTable,
  winnersText,
} from "./likelihood-section.ts";
export { likelihoodTurnSentence } from "./likelihood-trajectory.ts";
export {
  type LiveLine,
  LiveLines,
  type LiveMessage,
  type LiveRun,
  liveLine,
  liveSentence,
  liveTrouble,
  type ReportState,
} from "./live.ts";
export { type LiveChart, type LiveRunLines, type LiveSeries, liveCharts } from "./live-chart.ts";
export type { ModelAnalysis } from "./model-analysis.ts";
export {
  type DrawTotals,
  drawTotals,
  forecastDrawCounts,
  largestMeasuredK,
  type ModelCounts,
  type ProblemCounts,
  shownDrawCounts,
} from "./model-counts.ts";
export {
  countText,
  intervalText,
  isVacuous,
  listText,
  plural,
  rangeText,
  rateText,
  realText,
} from "./number-text.ts";
export { type PaperOptions, type PaperSize, paperSvg } from "./paper-chart.ts";
export { htmlText, printable, printableLines } from "./printable.ts";
export type {
  CountInterval,
  ProblemView,
  ServedResponses,
  ShownProblem,
  ShownResponse,
} from "./problem-view.ts";
export { problemView } from "./problem-view-counts.ts";
export { beginningOf, shortName } from "./problem-view-packing.ts";
export { buildReport, type ReportRequest } from "./report.ts";
export { lastModel, type ReportedRun, runsOverTraining, runsSection } from "./runs-section.ts";
export type { Cell, Chart, InputSummary, Report, Section, Table, TableColumn } from "./section.ts";
export { nearestPosition, sliderGrid } from "./slider-grid.ts";
export { csvLines, tableCsv } from "./table-csv.ts";
export { tableLines, terminalText } from "./terminal.ts";
export { textPieces, tokenLengths } from "./token-lengths.ts";
export type { VerdictRequest } from "./verdict-tiers.ts";
