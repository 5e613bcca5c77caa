/** The numbers of a chart as CSV, in full precision. */
import type { Chart } from "./section.ts";
import { csvLines } from "./table-csv.ts";

export function chartCsv(chart: Chart): string {
  if (chart.kind === "pass-at-k") {
    const rows = chart.series.flatMap(({ label, measured, forecast }) => [
      ...measured.map(({ k, estimate, lower, upper }) => [label, k, "measured", estimate, lower, upper]),
      ...forecast.map(({ k, lower, upper }) => [label, k, "forecast", undefined, lower, upper]),
    ]);
    return csvLines([["model", "k", "what", "estimate", "lower", "upper"], ...rows]);
  }
  const rows = chart.series.flatMap(({ label, points }) =>
    points.map(({ at, estimate, lower, upper }) => [label, at, estimate, lower, upper]),
  );
  return csvLines([["series", chart.unit, "estimate", "lower", "upper"], ...rows]);
}
