/** The numbers of a chart as CSV, in full precision. */
import type {
  BestOfNChart,
  Chart,
  CurveChart,
  MatrixChart,
  PassAtKChart,
  ScatterChart,
  TrainingChart,
  TrajectoryChart,
  WinnerChart,
} from "./chart-data.ts";
import { type CsvValue, csvLines } from "./table-csv.ts";

type Row = readonly CsvValue[];

/** Every number of the chart, at every N; one header line. */
export function chartCsv(chart: Chart): string {
  return csvLines(rowsOf(chart));
}

function rowsOf(chart: Chart): Row[] {
  switch (chart.kind) {
    case "pass-at-k":
      return passAtKRows(chart);
    case "best-of-n":
      return bestOfNRows(chart);
    case "trajectory":
      return trajectoryRows(chart);
    case "curve":
      return curveRows(chart);
    case "training":
      return trainingRows(chart);
    case "winner":
      return winnerRows(chart);
    case "matrix":
      return matrixRows(chart);
    case "bar":
      return [["model", chart.label], ...chart.bars.map(({ label, value }) => [label, value])];
    case "scatter":
      return scatterRows(chart);
  }
}

function passAtKRows({ series }: PassAtKChart): Row[] {
  const rows = series.flatMap(({ label, measured, forecast }) => [
    ...measured.map(({ k, estimate, lower, upper }) => [label, k, "measured", estimate, lower, upper]),
    ...forecast.map(({ k, lower, upper }) => [label, k, "forecast", undefined, lower, upper]),
  ]);
  return [["model", "k", "what", "estimate", "lower", "upper"], ...rows];
}

function bestOfNRows({ goldLabel, ceilingLabel, series }: BestOfNChart): Row[] {
  const rows = series.flatMap(({ label, points }) =>
    points.flatMap(({ n, gold, proxy, ceiling, majority }) => {
      const quantities = {
        [goldLabel]: gold,
        "its reward": proxy,
        [ceilingLabel]: ceiling,
        "majority vote": majority,
      };
      return Object.entries(quantities).flatMap(([name, value]) =>
        value === undefined ? [] : [[label, n, name, value.estimate, value.lower, value.upper]],
      );
    }),
  );
  return [["model", "N", "what", "estimate", "lower", "upper"], ...rows];
}

function trajectoryRows({ unit, series }: TrajectoryChart): Row[] {
  const rows = series.flatMap(({ label, points }) =>
    points.map(({ at, estimate, lower, upper }) => [label, at, estimate, lower, upper]),
  );
  return [["series", unit, "estimate", "lower", "upper"], ...rows];
}

function curveRows({ ns, xLabel, yLabel, series }: CurveChart): Row[] {
  const rows = series.flatMap(({ label, estimate, lower, upper }) =>
    ns.map((n, index) => [label, n, estimate?.[index], lower?.[index], upper?.[index]]),
  );
  return [["model", xLabel, yLabel, "lower", "upper"], ...rows];
}

function trainingRows({ unit, at, models, rows }: TrainingChart): Row[] {
  const lines = rows.flatMap(({ label, ns, bands }) =>
    bands.flatMap(({ estimate, lower, upper }, band) =>
      at.map((place, index) => [
        models[index],
        place,
        label,
        ns?.[band],
        estimate[index] ?? undefined,
        lower[index] ?? undefined,
        upper[index] ?? undefined,
      ]),
    ),
  );
  return [["model", unit, "quantity", "N", "estimate", "lower", "upper"], ...lines];
}

function winnerRows({ ns, models, winners, scores, beside }: WinnerChart): Row[] {
  const rows = ns.map((n, index) => {
    const set = beside.find((entry) => entry.n === index);
    const names = set?.models.map((model) => models[model]).join("; ");
    return [n, models[winners[index] ?? 0], scores[index], names];
  });
  return [["N", "winner", "score", "not told apart"], ...rows];
}

function matrixRows({ ns, models, records, hits }: MatrixChart): Row[] {
  const rows = ns.flatMap((n, index) =>
    (hits[index] ?? []).map((count, cell) => [
      n,
      models[Math.floor(cell / models.length)],
      models[cell % models.length],
      count,
      records,
    ]),
  );
  return [["N", "row", "column", "hits", "responses"], ...rows];
}

function scatterRows({ ns, xLabel, yLabel, points, correlation }: ScatterChart): Row[] {
  const rows = points.flatMap(({ label, x, y }) =>
    ns.map((n, index) => [
      label,
      n,
      x[index] ?? x[0],
      y.estimate[index],
      y.lower?.[index],
      y.upper?.[index],
      correlation[index] ?? undefined,
    ]),
  );
  return [["model", "N", xLabel, yLabel, "lower", "upper", "rank correlation"], ...rows];
}
