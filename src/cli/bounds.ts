/** `lmcov bounds`: the paper's conversions between coverage, KL, Hellinger distance and Best-of-N, beside what was measured. */
import type { Command } from "commander";
import { type BoundRow, boundsTable, logRatios } from "../coverage/index.ts";
import { InputError } from "../record/index.ts";
import { type Cell, countText, type TableColumn, tableLines } from "../report/index.ts";
import { type LogOptions, levelOf, logCommand } from "./log-options.ts";
import { realsFromOne } from "./positive-reals.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { likelihoodsOf, referenceOf } from "./read-likelihoods.ts";
import { printReadRemarks, readInputs } from "./read-logs.ts";

interface BoundsOptions extends LogOptions {
  readonly n: number[];
  readonly epsilon: number;
  readonly drawnBy?: string;
}

const examples = `
Examples:
  lmcov bounds scores.parquet --drawn-by teacher --n 4,16,64
  lmcov bounds scores.parquet --drawn-by teacher --epsilon 0.05 --json

The responses must have been drawn from the named model, which scored them too. A sample may break a bound that its
population keeps; such a row says so.`;

export function command(): Command {
  return logCommand("bounds", { csv: true })
    .option("--n <list>", "values of N above 1", realsFromOne, [4, 16, 64])
    .option("--epsilon <share>", "regret asked of Best-of-N", levelOf, 0.1)
    .option("--drawn-by <model>", "the model that drew the responses, where the log does not say")
    .addHelpText("after", examples)
    .action(run);
}

interface ModelBounds {
  readonly task: string;
  readonly model: string;
  readonly reference: string;
  readonly rows: readonly BoundRow[];
}

async function run(words: string[], options: BoundsOptions): Promise<void> {
  const read = await readInputs(words, options);
  const { tasks, remarks } = likelihoodsOf(read, options);
  const models = tasks.flatMap((task): ModelBounds[] => {
    const reference = referenceOf(task, options);
    if (reference?.kind !== "reference") return [];
    const { candidate } = reference;
    return task.candidates
      .filter((model) => model !== candidate)
      .map((model) => {
        const sample = logRatios({ kind: "reference", reference: candidate, model, examples: task.problems });
        const { n: ns, epsilon } = options;
        const rows = boundsTable(sample, { ns, epsilon, prompts: task.prompts });
        return { task: task.task, model: model.model, reference: candidate.model, rows };
      });
  });
  if (models.length === 0) {
    throw new InputError("no model that drew these responses scored them; name it with --drawn-by");
  }
  const inputs = read.summary;
  if (options.json) {
    printResult(jsonText({ schema: "lmcov/bounds@1", epsilon: options.epsilon, models, inputs, remarks }));
    return;
  }
  printReadRemarks({ inputs, remarks });
  if (options.csv) {
    printResult(csvText(models.flatMap(({ rows, ...model }) => rows.map((row) => ({ ...model, ...row })))));
    return;
  }
  printResult(models.map((model) => modelLines(model).join("\n")).join("\n\n"));
}

function modelLines({ task, model, reference, rows }: ModelBounds): string[] {
  const text = (key: string, title: string): TableColumn => ({ key, title, kind: "text" });
  const columns = [
    text("name", "what is bounded"),
    text("source", "source"),
    text("n", "N"),
    text("draws", "draws"),
    text("bound", "bound"),
    text("measured", "measured"),
    text("holds", "in this sample"),
  ];
  const cells = rows.map(
    (row): Record<string, Cell> => ({
      name: row.name,
      source: row.source,
      n: row.n === undefined ? "–" : realText(row.n),
      draws: row.draws === undefined ? "–" : countText(Math.ceil(row.draws)),
      bound: `${row.side === "upper" ? "≤" : "≥"} ${realText(row.bound)}`,
      measured: row.measured === undefined ? "–" : realText(row.measured),
      holds: row.holds === undefined ? "–" : row.holds ? "holds" : "broken by the sample",
    }),
  );
  return [`${model} against ${reference} on ${task}`, ...tableLines({ columns, rows: cells })];
}

function realText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return countText(value);
  return Math.abs(value) >= 1e6 || (Math.abs(value) < 1e-4 && value !== 0)
    ? value.toExponential(2)
    : value.toPrecision(4);
}
