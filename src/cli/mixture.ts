/** `lmcov mixture`: the maximum-likelihood mixture of checkpoints, with its certificate and its held-out value. */
import type { Command } from "commander";
import { randomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import {
  type Cell,
  countText,
  type LikelihoodTask,
  plural,
  type TableColumn,
  tableLines,
} from "../report/index.ts";
import {
  type CheckpointMixture,
  checkpointMixture,
  drawFromMixture,
  type HeldOutMixture,
  heldOutMixture,
  likelihoodTable,
} from "../selection/index.ts";
import { type LogOptions, logCommand, positiveInteger } from "./log-options.ts";
import { realsFromOne } from "./positive-reals.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
import { printReadRemarks, readInputs } from "./read-logs.ts";

interface MixtureOptions extends LogOptions {
  readonly n: number[];
  readonly folds: number;
  readonly draw?: number;
  readonly seed: string;
}

const examples = `
Examples:
  lmcov mixture scores.parquet --n 4,16
  lmcov mixture scores.parquet --draw 1000 --csv      how many of 1000 responses to draw from which checkpoint

In-sample no candidate finds more than a share 1/N of the responses N times as probable as the mixture; with equal weights
over K candidates that share is 0 for N > K. Held out, neither is promised: the table shows what came out.`;

export function command(): Command {
  return logCommand("mixture", { csv: true })
    .option("--n <list>", "values of N", realsFromOne, [2, 4, 8, 16])
    .option("--folds <number>", "folds of cross-validation over prompts", positiveInteger, 5)
    .option("--draw <number>", "draw the checkpoint of so many responses", positiveInteger)
    .option("--seed <text>", "seed of folds and draws", "lmcov")
    .addHelpText("after", examples)
    .action(run);
}

interface TaskMixture {
  readonly task: LikelihoodTask;
  readonly mixture: CheckpointMixture;
  readonly heldOut: HeldOutMixture | undefined;
  /** Responses to draw from each model, in the order of the weights. */
  readonly draws: readonly number[] | undefined;
}

async function run(words: string[], options: MixtureOptions): Promise<void> {
  const read = await readInputs(words, options);
  const { tasks, remarks } = likelihoodsOf(read, options);
  const mixtures = tasks
    .filter(({ candidates }) => candidates.length > 1)
    .map((task) => taskMixture(task, options));
  if (mixtures.length === 0)
    throw new InputError("one model alone: a mixture needs several on the same responses");
  const inputs = read.summary;
  if (options.json) {
    const bodies = mixtures.map(({ task, mixture, heldOut, draws }) => ({
      task: task.task,
      ...mixture,
      ...(heldOut !== undefined && {
        heldOut: { ...heldOut, weights: heldOut.weights.map((fold) => [...fold]) },
      }),
      ...(draws !== undefined && { draws }),
    }));
    printResult(jsonText({ schema: "lmcov/mixture@1", tasks: bodies, inputs, remarks }));
    return;
  }
  printReadRemarks({ inputs, remarks });
  if (options.csv) {
    printResult(csvText(mixtures.flatMap(csvRows)));
    return;
  }
  printResult(mixtures.map((mixture) => mixtureLines(mixture).join("\n")).join("\n\n"));
}

function taskMixture(task: LikelihoodTask, options: MixtureOptions): TaskMixture {
  const table = likelihoodTable({ candidates: task.candidates, prompts: task.prompts });
  const generator = randomGenerator(options.seed).split(task.task);
  const mixture = checkpointMixture(table, { ns: options.n });
  const folds = Math.min(options.folds, table.promptCount);
  const heldOut =
    folds < 2
      ? undefined
      : heldOutMixture(table, { generator: generator.split("folds"), folds, ns: options.n });
  return { task, mixture, heldOut, draws: drawnCounts(mixture, options.draw, generator.split("draws")) };
}

function drawnCounts(
  mixture: CheckpointMixture,
  responses: number | undefined,
  generator: ReturnType<typeof randomGenerator>,
): number[] | undefined {
  if (responses === undefined) return undefined;
  const weights = mixture.weights.map(({ weight }) => weight);
  const counts = weights.map(() => 0);
  for (let response = 0; response < responses; response += 1) {
    const model = drawFromMixture(weights, generator);
    counts[model] = (counts[model] ?? 0) + 1;
  }
  return counts;
}

function csvRows({ task, mixture, heldOut, draws }: TaskMixture) {
  return mixture.weights.map(({ model, weight }, index) => ({
    task: task.task,
    model,
    weight,
    heldOutLogLikelihood: heldOut?.candidates[index]?.meanLogLikelihood,
    draws: draws?.[index],
  }));
}

function mixtureLines({ task, mixture, heldOut, draws }: TaskMixture): string[] {
  const text = (key: string, title: string): TableColumn => ({ key, title, kind: "text" });
  const weights = mixture.weights.map(
    ({ model, weight }, index): Record<string, Cell> & { order: number } => ({
      order: weight,
      model,
      weight: weight.toFixed(4),
      heldOut: heldOut?.candidates[index]?.meanLogLikelihood.toFixed(3) ?? "–",
      draws: draws?.[index] ?? 0,
    }),
  );
  weights.sort((left, right) => right.order - left.order);
  const columns = [
    text("model", "model"),
    text("weight", "weight"),
    text("heldOut", "alone, nats a response"),
  ];
  if (draws !== undefined) columns.push({ key: "draws", title: "responses", kind: "count" });
  const covered = mixture.coverage.map(
    (at, index): Record<string, Cell> => ({
      n: Number.isInteger(at.n) ? countText(at.n) : String(at.n),
      mixture: at.mixture.toFixed(4),
      bound: at.bound.toFixed(4),
      uniform: at.uniform.toFixed(4),
      heldOut: heldOut?.coverage[index]?.mixture.toFixed(4) ?? "–",
      heldOutUniform: heldOut?.coverage[index]?.uniform.toFixed(4) ?? "–",
    }),
  );
  const value = (nats: number | undefined) =>
    nats === undefined ? "–" : Number.isFinite(nats) ? nats.toFixed(3) : "−∞";
  return [
    `${task.task}: ${plural(task.candidates.length, "candidate")}, ${plural(task.records, "response")}`,
    ...tableLines({ columns, rows: weights }),
    "",
    `Mean log-likelihood held out, nats a response: mixture ${value(heldOut?.mixture)}, equal weights ${value(heldOut?.uniform)}.`,
    "Largest share of responses that some candidate finds N times as probable as the mixture:",
    ...tableLines({
      columns: [
        text("n", "N"),
        text("mixture", "in-sample"),
        text("bound", "certified"),
        text("uniform", "equal weights"),
        text("heldOut", "held out"),
        text("heldOutUniform", "equal weights, held out"),
      ],
      rows: covered,
    }),
  ];
}
