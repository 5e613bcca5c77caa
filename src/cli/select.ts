/** `lmcov select`: which checkpoint to take on, by tournament, beside the choice by cross-entropy. */
import { type Command, InvalidArgumentError } from "commander";
import { randomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import {
  agreementText,
  analyseLikelihoods,
  decisionSentence,
  type LikelihoodAnalysis,
  type LikelihoodTask,
  likelihoodTurnSentence,
  type MeasuredChoice,
  measuredChoice,
  offsetSelection,
  passAtKAgreement,
  plural,
  resolutionText,
  selectionSentence,
  selectionTable,
  tableLines,
  winnersText,
} from "../report/index.ts";
import type { OffsetTournament, OutcomeAgreement, RatioMethod } from "../selection/index.ts";
import { type LogOptions, levelOf, logCommand } from "./log-options.ts";
import { realFromOne } from "./positive-reals.ts";
import { csvText, jsonText, printResult } from "./print.ts";
import { likelihoodsOf } from "./read-likelihoods.ts";
import { countsOf, printReadRemarks, readInputs } from "./read-logs.ts";

interface SelectOptions extends LogOptions {
  readonly n?: number;
  readonly budget: number;
  readonly delta: number;
  readonly offset?: number;
  readonly estimator: RatioMethod;
  readonly seed: string;
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
    .option("--offset <a>", "offset tournament (32) with γ = N^a, from draws of the candidates", exponentOf)
    .option("--estimator <method>", "of the offset: balance or on-policy", methodOf, "balance")
    .option("--seed <text>", "seed of the bootstrap", "lmcov")
    .addHelpText("after", examples)
    .action(run);
}

type Selection = LikelihoodAnalysis & {
  readonly offset: OffsetTournament | undefined;
  /** Where the logs hold verdicts of the candidates too. */
  readonly measured: MeasuredChoice | undefined;
  readonly agreement: OutcomeAgreement | undefined;
};

async function run(words: string[], options: SelectOptions): Promise<void> {
  const read = await readInputs(words, options);
  const { tasks, remarks } = likelihoodsOf(read, options);
  const generator = randomGenerator(options.seed);
  const counts = read.loaded.groups.length > 0 ? countsOf(read, options).models : [];
  const data = tasks.filter(({ role }) => role === "data");
  const compared = data.length > 0 ? data : tasks;
  const selections = compared.flatMap((task) => {
    const selection = analyseLikelihoods(task, { ...options, generator: generator.split(task.task) });
    if (selection === undefined) return [];
    const measured = measuredChoice(task, counts);
    const agreement =
      measured && passAtKAgreement(selection, counts, { level: options.level, generator, k: measured.k });
    return [{ ...selection, offset: offsetOf(selection, tasks, options), measured, agreement }];
  });
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
  printReadRemarks({ inputs, remarks });
  if (options.csv) {
    printResult(csvText(selections.flatMap(csvRows)));
    return;
  }
  printResult(selections.map((selection) => selectionLines(selection).join("\n")).join("\n\n"));
}

/** The offset tournament, if it was asked for; throws InputError where the logs do not hold what it needs. */
function offsetOf(
  selection: LikelihoodAnalysis,
  tasks: readonly LikelihoodTask[],
  options: SelectOptions,
): OffsetTournament | undefined {
  if (options.offset === undefined) return undefined;
  const { n } = selection.tournament;
  const request = { n, exponent: options.offset, method: options.estimator };
  const result = offsetSelection(selection.task, tasks, request);
  if (result !== undefined) return result;
  throw new InputError(
    "--offset needs responses drawn by the candidates and scored by all of them (role draw; --map sampler=… in a table)",
  );
}

function jsonFields(selection: Selection) {
  const { task, drawer, distinguishable, tournament, crossEntropy, set, offset, ...rest } = selection;
  return {
    task: task.task,
    ...(drawer !== undefined && { drawnBy: drawer.model }),
    distinguishable,
    tournament: { ...tournament, set: set.models },
    crossEntropy,
    ...(offset !== undefined && { offset }),
    studentized: set,
    ...rest,
  };
}

function csvRows({ task, tournament: { n, scores }, crossEntropy }: Selection) {
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

function selectionLines(selection: Selection): string[] {
  const { task, tournament, offset, measured, agreement } = selection;
  const turn = likelihoodTurnSentence(selection);
  return [
    `${task.task}: ${plural(task.candidates.length, "candidate")}, ${plural(task.records, "response")}, ${plural(tournament.prompts, "prompt")}`,
    selectionSentence(selection),
    ...(turn === undefined ? [] : [turn]),
    ...(measured === undefined ? [] : [decisionSentence(selection, measured)]),
    ...(measured === undefined || agreement === undefined ? [] : [agreementText(agreement, measured.k)]),
    "",
    ...tableLines(selectionTable(selection)),
    "",
    winnersText(selection),
    resolutionText(selection),
    ...(offset === undefined
      ? []
      : [
          `Offset tournament (32), γ = ${offset.gamma.toPrecision(3)}, ${offset.method}: ${offset.winner} (score ${offset.score.toFixed(4)}).`,
        ]),
  ];
}

function exponentOf(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("a number from 0 to 1.");
}

function methodOf(text: string): RatioMethod {
  if (text === "balance" || text === "on-policy") return text;
  throw new InvalidArgumentError("balance or on-policy.");
}
