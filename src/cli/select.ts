/** `lmcov select`: which checkpoint to take on, by tournament, beside the choice by cross-entropy. */
import type { Command } from "commander";
import { InputError } from "../record/index.ts";
import {
  analyseLikelihoods,
  type LikelihoodAnalysis,
  plural,
  resolutionText,
  selectionSentence,
  selectionTable,
  tableLines,
} from "../report/index.ts";
import { type LogOptions, levelOf, logCommand } from "./log-options.ts";
import { realFromOne } from "./positive-reals.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
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

async function run(words: string[], options: SelectOptions): Promise<void> {
  const read = await readInputs(words, options);
  const { tasks, remarks } = likelihoodsOf(read, options);
  const selections = tasks.flatMap((task) => analyseLikelihoods(task, options) ?? []);
  if (selections.length === 0) {
    throw new InputError(
      "one model alone: a choice needs log-probabilities of several on the same responses",
    );
  }
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

function jsonFields({
  task,
  distinguishable,
  tournament: { scores, ...rest },
  crossEntropy,
}: LikelihoodAnalysis) {
  return {
    task: task.task,
    distinguishable,
    tournament: { ...rest, scores },
    crossEntropy,
  };
}

function csvRows({ task, tournament: { n, scores }, crossEntropy }: LikelihoodAnalysis) {
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

function selectionLines(selection: LikelihoodAnalysis): string[] {
  const { task, tournament } = selection;
  return [
    `${task.task}: ${plural(task.candidates.length, "candidate")}, ${plural(task.records, "response")}, ${plural(tournament.prompts, "prompt")}`,
    selectionSentence(selection),
    "",
    ...tableLines(selectionTable(selection)),
    "",
    resolutionText(selection),
  ];
}
