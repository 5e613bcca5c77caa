/** `lmcov reproduce`: a figure of the paper from nothing, or from what was recorded. */
import { join } from "node:path";
import { Command } from "commander";
import { InputError } from "../record/index.ts";
import { plural, printable } from "../report/index.ts";
import {
  type Figure,
  type FigurePlan,
  type FigureRecord,
  type FigureResult,
  figureNamed,
  figures,
} from "../reproduce/index.ts";
import { exitCode } from "./exit-code.ts";
import { onInterruption } from "./interruption.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { writeFigure } from "./reproduce-output.ts";
import { type PlanCost, planCost, planText } from "./reproduce-plan.ts";
import { readRecord } from "./reproduce-record.ts";
import { scores } from "./reproduce-score.ts";
import { runPlannedTraining, writeFiles } from "./reproduce-train.ts";
import { softwareVersions } from "./version.ts";

interface ReproduceOptions {
  readonly scale: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly out?: string;
  readonly record?: string;
  readonly device: string;
  readonly threads?: number;
  readonly plan?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov reproduce figure-1 --scale laptop --seeds 3      within an hour on two cores
  lmcov reproduce figure-1 --scale paper                 what the paper's size costs; nothing is run
  lmcov reproduce figure-1 --scale paper --device webgpu --yes
  lmcov reproduce figure-1 --record experiments/figure-1 --out again     panels from what was recorded
  lmcov report runs/figure-1-laptop/seed-1/fine-tuning

What is in the output folder is kept: the same command goes on after Ctrl-C, SIGTERM or kill -9. A training is an ordinary
run folder. index.html there sets what came out beside what the paper reports.`;

export function command(): Command {
  return new Command("reproduce")
    .argument("<figure>", figures.map(({ name }) => name).join(" or "))
    .option("--scale <name>", "laptop, or paper for a GPU", "laptop")
    .option("--seeds <count>", "trainings with different seeds", positiveInteger, 3)
    .option("--first-seed <number>", "the first seed's number", positiveInteger, 1)
    .option("--out <folder>", "folder to write (default: runs/FIGURE-SCALE)")
    .option("--record <folder>", "compute from the record in this folder; nothing is trained")
    .option("--device <name>", "cpu, webgpu, cuda, or float64 (the slow interpreter)", "cpu")
    .option("--threads <number>", "threads of a training", positiveInteger)
    .option("--plan", "print configurations and what they cost, and stop")
    .option("--yes", "run what takes more than a few hours")
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(run);
}

/** Above so many floating-point operations a plan runs only with --yes: some hours of two cores. */
const largestUnasked = 2e15;

async function run(name: string, options: ReproduceOptions): Promise<void> {
  const figure = figureNamed(name);
  const out = options.out ?? join("runs", `${name}-${options.scale}`);
  if (options.record !== undefined) {
    const { record, conditions } = await readRecord(options.record, figure);
    await conclude({ figure, record, conditions, out }, options);
    return;
  }
  const seeds = Array.from({ length: options.seeds }, (_, index) => options.firstSeed + index);
  const plan = figure.plan({ scale: options.scale, seeds });
  const cost = planCost(plan);
  const unasked = cost.operations > largestUnasked && options.yes !== true;
  if (options.plan || unasked) {
    printPlan(figure, { plan, cost, out, unasked }, options);
    return;
  }
  if (cost.operations > largestUnasked) printRemark(planText(plan, cost));
  const record = await recorded(figure, plan, { out, options });
  if (record === undefined) return;
  const software = Object.entries(softwareVersions()).map(([key, version]) => `${key} ${version}`);
  const device = `${options.device}${options.threads === undefined ? "" : `, ${plural(options.threads, "thread")} a training`}`;
  await conclude({ figure, record, conditions: [software.join(", "), device], out }, options);
}

/** Files, trainings and scores; undefined where it was interrupted. */
async function recorded(
  figure: Figure,
  plan: FigurePlan,
  { out, options }: { readonly out: string; readonly options: ReproduceOptions },
): Promise<FigureRecord | undefined> {
  const engine = { device: options.device, threads: options.threads, out };
  const interrupted = () => {
    process.exitCode ??= exitCode.interrupted;
    printRemark("stopped; the same command goes on");
    return undefined;
  };
  await writeFiles(plan, out);
  for (const training of plan.trainings) {
    if (!(await runPlannedTraining(training, engine))) return interrupted();
  }
  let stopping = false;
  onInterruption(() => {
    stopping = true;
  });
  const found = await scores(plan, { ...engine, stopRequested: () => stopping });
  if (found === undefined) return interrupted();
  const scored = new Set(found.map(({ path }) => path));
  return {
    schema: "lmcov/reproduce-record@1",
    figure: figure.name,
    scale: options.scale,
    sets: plan.files
      .filter(({ path }) => scored.has(path))
      .map(({ path, rows }) => {
        const all = [...rows()];
        return {
          path,
          classes: all.map((row) => row.class),
          logProbabilities: all.map(({ logProbability }) => logProbability ?? null),
        };
      }),
    scores: found,
  };
}

async function conclude(
  given: {
    readonly figure: Figure;
    readonly record: FigureRecord;
    readonly conditions: readonly string[];
    readonly out: string;
  },
  options: ReproduceOptions,
): Promise<void> {
  const { figure, record, conditions, out } = given;
  const result = figure.result(record);
  const seeds = new Set(record.scores.map(({ seed }) => seed)).size;
  const command = `lmcov reproduce ${figure.name} --scale ${record.scale} --seeds ${seeds}`;
  const files = await writeFigure({ out, record, result, command, conditions });
  if (options.json) {
    const { panels: _, tables: __, ...rest } = result;
    printResult(
      jsonText({
        schema: "lmcov/reproduce@1",
        figure: figure.name,
        scale: record.scale,
        out,
        files,
        ...rest,
      }),
    );
    return;
  }
  printResult(resultText(result, out));
}

function resultText({ title, summary, claims }: FigureResult, out: string): string {
  const lines = claims.map(
    ({ name, measured, holds }) => `${holds ? "✓" : "✗"} ${printable(name)}: ${printable(measured, 600)}`,
  );
  return [
    title,
    "",
    ...summary.map((text) => printable(text, 1000)),
    "",
    ...lines,
    "",
    `→ ${join(out, "index.html")}`,
  ].join("\n");
}

function printPlan(
  figure: Figure,
  given: {
    readonly plan: FigurePlan;
    readonly cost: PlanCost;
    readonly out: string;
    readonly unasked: boolean;
  },
  options: ReproduceOptions,
): void {
  const { plan, cost, out, unasked } = given;
  if (options.json) {
    const trainings = plan.trainings.map(({ folder, config }) => ({ folder, config }));
    printResult(
      jsonText({
        schema: "lmcov/reproduce-plan@1",
        figure: figure.name,
        scale: options.scale,
        out,
        cost,
        trainings,
      }),
    );
  } else {
    printResult(planText(plan, cost));
  }
  if (unasked && !options.plan) {
    throw new InputError(`nothing was run: --yes runs it into ${out}, --plan only prints this`);
  }
}
