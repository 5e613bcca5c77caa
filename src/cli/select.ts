/** `lmcov select`: which checkpoint to take on, by tournament, beside the choice by cross-entropy. */
import type { Command } from "commander";
import { InputError } from "../record/index.ts";
import {
  type Cell,
  countText,
  listText,
  plural,
  rateText,
  type TableColumn,
  tableLines,
} from "../report/index.ts";
import {
  type CrossEntropySelection,
  crossEntropySelection,
  distinguishingN,
  likelihoodTable,
  type Tournament,
  tournament,
} from "../selection/index.ts";
import { type LogOptions, levelOf, logCommand } from "./log-options.ts";
import { realFromOne } from "./positive-reals.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { type LikelihoodTask, likelihoodsOf } from "./read-likelihoods.ts";
import { printReadRemarks, readInputs } from "./read-logs.ts";

interface SelectOptions extends LogOptions {
  readonly n?: number;
  readonly budget: number;
  readonly delta: number;
}

const examples = `
Examples:
  lmcov select scores.parquet --n 16
  lmcov select scores.parquet --budget 64 --json     N chosen: the largest up to 64 at which the candidates differ

The score of a candidate is the share of responses that its strongest opponent finds at least N times as probable (29);
the least score wins.`;

export function command(): Command {
  return logCommand("select", { csv: true })
    .option(
      "--n <number>",
      "N of the tournament (default: chosen from the data, up to --budget)",
      realFromOne,
    )
    .option("--budget <number>", "responses drawn when the model is deployed", realFromOne, 64)
    .option("--delta <level>", "failure probability in the theorem's resolution", levelOf, 0.05)
    .addHelpText("after", examples)
    .action(run);
}

interface TaskSelection {
  readonly task: LikelihoodTask;
  /** False if no N up to the budget tells the candidates apart. */
  readonly distinguishable: boolean;
  readonly tournament: Tournament;
  readonly crossEntropy: CrossEntropySelection;
}

async function run(words: string[], options: SelectOptions): Promise<void> {
  const read = await readInputs(words, options);
  const { tasks, remarks } = likelihoodsOf(read, options);
  const compared = tasks.filter(({ candidates }) => candidates.length > 1);
  if (compared.length === 0)
    throw new InputError(
      "one model alone: a choice needs log-probabilities of several on the same responses",
    );
  const selections = compared.map((task) => selectionOf(task, options));
  const inputs = read.summary;
  if (options.json) {
    const bodies = selections.map(jsonFields);
    printResult(jsonText({ schema: "lmcov/select@1", ...bodies[0], tasks: bodies, inputs, remarks }));
    return;
  }
  if (options.csv) {
    printResult(csvText(selections.flatMap(csvRows)));
    return;
  }
  printReadRemarks({ inputs, remarks });
  printResult(selections.map((selection) => selectionLines(selection).join("\n")).join("\n\n"));
}

function selectionOf(task: LikelihoodTask, options: SelectOptions): TaskSelection {
  const table = likelihoodTable({ candidates: task.candidates, prompts: task.prompts });
  const chosen = options.n ?? distinguishingN(table, { budget: Math.max(2, options.budget) });
  return {
    task,
    distinguishable: chosen !== undefined,
    tournament: tournament(table, { n: chosen ?? options.budget, delta: options.delta }),
    crossEntropy: crossEntropySelection(table),
  };
}

function jsonFields({ task, distinguishable, tournament: { scores, ...rest }, crossEntropy }: TaskSelection) {
  return {
    task: task.task,
    distinguishable,
    tournament: { ...rest, scores },
    crossEntropy,
  };
}

function csvRows({ task, tournament: { n, scores }, crossEntropy }: TaskSelection) {
  return scores.map(({ model, score, exact, opponent }, index) => ({
    task: task.task,
    model,
    n,
    score,
    exact,
    opponent,
    crossEntropy: crossEntropy.scores[index]?.score,
  }));
}

function selectionLines({
  task,
  distinguishable,
  tournament: result,
  crossEntropy,
}: TaskSelection): string[] {
  const { n, winner, score, tied, scores, decided } = result;
  const lines = [
    `${task.task}: ${plural(scores.length, "candidate")}, ${plural(result.records, "response")}, ${plural(result.prompts, "prompt")}`,
  ];
  if (!distinguishable) {
    lines.push("Not distinguishable: at no N do the best and the worst score differ by ten responses.");
  }
  const decidedAt = decided.n === undefined ? decided.by : `${decided.by}, N = ${numberText(decided.n)}`;
  const ties =
    tied.length > 1
      ? `, tied with ${listText(tied.filter((name) => name !== winner))}; decided by ${decidedAt}`
      : "";
  lines.push(`Tournament at N = ${numberText(n)}: ${winner} (score ${rateText(score)}${ties}).`);
  const least = crossEntropy.winner;
  if (least === undefined) lines.push("Cross-entropy: infinite for every candidate.");
  else if (least === winner) lines.push(`Cross-entropy agrees: ${least}.`);
  else lines.push(`Cross-entropy disagrees: it takes ${least}.`);
  const columns: TableColumn[] = [
    { key: "model", title: "model", kind: "text" },
    { key: "score", title: "score", kind: "text" },
    { key: "opponent", title: "strongest opponent", kind: "text" },
    { key: "loss", title: "cross-entropy, nats a response", kind: "text" },
  ];
  const rows = scores
    .map((entry, index): Record<string, Cell> & { order: number } => ({
      order: entry.score,
      model: entry.model,
      score: `${entry.exact ? "" : "≥ "}${entry.score.toFixed(4)}`,
      opponent: entry.opponent ?? "none",
      loss: lossText(crossEntropy.scores[index]?.score),
    }))
    .sort((left, right) => left.order - right.order);
  lines.push("", ...tableLines({ columns, rows }));
  const { theorem, lemma, delta } = result.resolution;
  lines.push(
    "",
    `Resolution ε_stat = 8·log(4|Π|/δ)/n = ${theorem.toFixed(4)} (${lemma.toFixed(4)} by the proof's lemma) at δ = ${delta}: smaller score differences are within what Theorem 6.3 cannot tell.`,
  );
  if (result.atTolerance > 0)
    lines.push(`${plural(result.atTolerance, "response")} at exactly N within float tolerance.`);
  return lines;
}

const numberText = (value: number) => (Number.isInteger(value) ? countText(value) : value.toPrecision(4));

const lossText = (loss: number | undefined) =>
  loss === undefined || loss === Number.POSITIVE_INFINITY ? "∞" : loss.toFixed(3);
