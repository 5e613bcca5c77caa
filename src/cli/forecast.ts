/** `lmcov forecast`: pass@k beyond the draws, the share of problems under a rate, samples for a target. */
import type { Command } from "commander";
import {
  betaBinomialForecast,
  forecastPassAtK,
  rateQuantile,
  samplesForTarget,
  shareUnderRate,
} from "../coverage/index.ts";
import {
  type Cell,
  countText,
  drawTotals,
  forecastDrawCounts,
  isVacuous,
  type ModelCounts,
  rangeText,
  type TableColumn,
  tableLines,
} from "../report/index.ts";
import { type LogOptions, levelOf, levelsOf, logCommand, positiveIntegers } from "./log-options.ts";
import { modelFields } from "./model-fields.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";
import { printReadRemarks, readLogs } from "./read-logs.ts";

interface ForecastOptions extends LogOptions {
  readonly k?: number[];
  readonly target?: number;
  readonly rate?: number[];
  readonly quantile?: number[];
  readonly simultaneous?: boolean;
  readonly conservative?: boolean;
}

const examples = `
Examples:
  lmcov forecast counts.parquet --k 1000,100000
  lmcov forecast counts.parquet --target 0.9            draws needed to solve 90% of problems
  lmcov forecast counts.parquet --rate 0.001            share of problems solved less than once in 1000 draws
  lmcov forecast counts.parquet --quantile 0.1 --json   success rate that 10% of problems do not exceed, and its inverse

The interval is the answer; "midpoint" is its middle, for where one number is needed. "beta-binomial" is a parametric
comparison: it is confident, and wrong where success rates do not follow a beta distribution.`;

export function command(): Command {
  return logCommand("forecast", { csv: true })
    .option(
      "--k <list>",
      "numbers of draws up to 10^6 and beyond (default: 10, 100 and 1000 times n; none where draws are copies)",
      positiveIntegers,
    )
    .option("--target <share>", "draws a problem needed to solve this share of problems", levelOf)
    .option("--rate <list>", "share of problems with a success rate of at most each of these", levelsOf)
    .option(
      "--quantile <list>",
      "success rate that this share of problems does not exceed, Q, and 1/Q",
      levelsOf,
    )
    .option("--conservative", "stricter likelihood cutoff (5.02 for 3.84 at 95%), about 15% wider")
    .option("--simultaneous", "widen the intervals so that all k hold together")
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: ForecastOptions): Promise<void> {
  const read = await readLogs(words, options);
  const progress = progressLine({ title: "forecasting", total: read.models.length });
  const models = read.models.map((counts, index) => {
    progress.update(index);
    return { counts, ...estimates(counts, options) };
  });
  progress.finish();
  if (options.json) {
    const body = models.map(({ counts, ...rest }) => ({ ...modelFields(counts), ...rest }));
    printResult(
      jsonText({
        schema: "lmcov/forecast@1",
        level: options.level,
        simultaneous: options.simultaneous ?? false,
        conservative: options.conservative ?? false,
        models: body,
        inputs: read.inputs,
        remarks: read.remarks,
      }),
    );
    return;
  }
  printReadRemarks(read);
  if (options.csv) {
    const rows = models.flatMap(({ counts, forecast }) =>
      forecast.map(({ k, lower, upper, midpoint }) => ({
        model: counts.label,
        task: counts.task,
        k,
        lower,
        upper,
        midpoint,
      })),
    );
    printResult(csvText(rows));
    return;
  }
  printResult(
    models.flatMap((model, index) => [...(index > 0 ? [""] : []), ...modelLines(model)]).join("\n"),
  );
}

function estimates(counts: ModelCounts, options: ForecastOptions) {
  const { level } = options;
  // Copies are one draw, of which there is no forecast unless it is asked for.
  const ks = options.k ?? (counts.copies === undefined ? forecastDrawCounts(drawTotals(counts)) : []);
  const { problems } = counts;
  const strict = options.conservative ?? false;
  const forecast = forecastPassAtK(problems, ks, {
    level,
    simultaneous: options.simultaneous ?? false,
    strict,
  });
  const parametric = betaBinomialForecast(problems, ks);
  return {
    forecast,
    betaBinomial: parametric,
    ...(options.target !== undefined && {
      samplesForTarget: samplesForTarget(problems, options.target, { level, strict }),
    }),
    ...(options.rate !== undefined && {
      shareUnderRate: shareUnderRate(problems, options.rate, { level, strict }),
    }),
    ...(options.quantile !== undefined && {
      rateQuantile: rateQuantile(problems, options.quantile, { level, strict }).map((quantile) => ({
        ...quantile,
        inverse: { lower: 1 / quantile.upper, upper: 1 / quantile.lower },
      })),
    }),
  };
}

type ModelForecast = { counts: ModelCounts } & ReturnType<typeof estimates>;

function modelLines(model: ModelForecast): string[] {
  const { counts } = model;
  const totals = drawTotals(counts);
  const columns: TableColumn[] = [
    { key: "k", title: "k", kind: "count" },
    { key: "interval", title: "pass@k interval", kind: "rate" },
    { key: "midpoint", title: "midpoint", kind: "rate" },
    { key: "parametric", title: "beta-binomial", kind: "rate" },
    { key: "remark", title: "", kind: "text" },
  ];
  const rows = model.forecast.map(
    ({ k, lower, upper, midpoint }, index): Record<string, Cell> => ({
      k,
      interval: { lower, upper },
      midpoint,
      parametric: model.betaBinomial.forecast[index]?.estimate,
      remark: isVacuous({ lower, upper }) ? "not informative from these logs" : "",
    }),
  );
  const each =
    totals.fewestDraws === totals.mostDraws
      ? countText(totals.mostDraws)
      : `${countText(totals.fewestDraws)} to ${countText(totals.mostDraws)}`;
  const lines = tableLines({
    columns: [
      {
        key: "line",
        title: `${counts.label} on ${counts.task}: ${countText(totals.problems)} problems, ${each} draws each`,
        kind: "text",
      },
    ],
    rows: [],
  }).slice(0, 1);
  lines.push(...(rows.length === 0 ? [noForecast(counts)] : tableLines({ columns, rows })));
  if (model.samplesForTarget !== undefined) lines.push(targetLine(model.samplesForTarget));
  for (const { threshold, lower, upper } of model.shareUnderRate ?? []) {
    lines.push(
      `share of problems with a success rate of at most ${threshold}: ${rangeText({ lower, upper })}`,
    );
  }
  for (const { epsilon, lower, upper } of model.rateQuantile ?? []) {
    lines.push(
      `Q(${epsilon}) of the success rates: ${rangeText({ lower, upper })}; 1/Q: [${countText(1 / upper)}, ${countText(1 / lower)}]`,
    );
  }
  return lines;
}

const noForecast = ({ copies }: ModelCounts): string =>
  copies === undefined
    ? "so many draws leave nothing to forecast; ask with --k"
    : "no forecast: the draws are copies of one another";

function targetLine(needed: ReturnType<typeof samplesForTarget>): string {
  const goal = `draws a problem to solve ${needed.target} of problems:`;
  if (needed.status === "not-reachable") return `${goal} not reachable within 1,000,000`;
  if (needed.status === "open-above")
    return `${goal} at least ${countText(needed.lower ?? 1)}, no upper limit below 1,000,000`;
  return `${goal} between ${countText(needed.lower ?? 1)} and ${countText(needed.upper ?? Number.POSITIVE_INFINITY)}`;
}
