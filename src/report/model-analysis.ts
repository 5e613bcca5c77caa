/** The estimates of one model on one task. */
import type { PassAtKEstimate, PassAtKForecast } from "../coverage/index.ts";
import type { DrawTotals, ModelCounts } from "./model-counts.ts";

/** One model's counts with pass@k, measured and forecast. */
export interface ModelAnalysis {
  readonly counts: ModelCounts;
  readonly totals: DrawTotals;
  /** pass@k for the k asked for that the draws allow. */
  readonly measured: readonly PassAtKEstimate[];
  /** pass@k at many k up to the smallest n, for a chart. */
  readonly curve: readonly PassAtKEstimate[];
  /** pass@k for k beyond the draws; empty where one draw a problem leaves everything open. */
  readonly forecast: readonly PassAtKForecast[];
}
