/** `lmcov sample`: draws from models, with their log-probabilities where the server gives them, and verdicts. */
import type { Command } from "commander";
import type { DrawSettings } from "../endpoint/index.ts";
import type { Budget } from "../job/index.ts";
import { InputError, type Row } from "../record/index.ts";
import { type AsyncVerifier, asyncVerifierByName, asyncVerifierSummaries } from "../verifier/index.ts";
import { sampleTask } from "./fleet-tasks.ts";
import { ImportTally } from "./import-tally.ts";
import { positiveInteger } from "./log-options.ts";
import { type PromptRecord, promptRecords } from "./model-input.ts";
import { interruptionSignal, runModelJob } from "./model-job.ts";
import { inputMap, type ModelOptions, modelCommand, openModels } from "./model-options.ts";
import { modelsWithOwnScores } from "./own-scores.ts";
import { jsonText, printResult } from "./print.ts";
import {
  type Drawing,
  drawing,
  drawSeries,
  type SampleUnit,
  unscoredOutcome,
  usualRun,
} from "./sample-units.ts";

interface SampleOptions extends ModelOptions {
  readonly prompts: string[];
  readonly n: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly maxTokens: number;
  readonly stop?: string[];
  readonly seed: string;
  readonly verify?: string;
  readonly allowUnsandboxed?: boolean;
  readonly stopAt?: number;
  readonly budget?: string;
  readonly prices?: string;
  readonly out: string;
}

const examples = `
Examples:
  lmcov sample --model http://127.0.0.1:8000 --prompts problems.jsonl -n 200 --out run
  lmcov sample --model base=http://gpu1:8000 tuned=http://gpu2:8000 --prompts gsm8k.jsonl -n 64 --verify numeric --out run
  lmcov sample --model runs/sums/checkpoints/step-00001000 --prompts sums.jsonl -n 64 --verify python:tests.jsonl --out run
  lmcov report run

Prompts: JSON lines, CSV or Parquet with prompt (a text, a list of messages, or a list of token ids), and target for --verify.
The server's own sampling defaults are switched off; only what is asked for here changes the distribution.
Running the same command again after an interruption draws exactly the rest; a larger -n adds draws.
--json prints a line for each draw that is made now; what is in the run folder already is not repeated.`;

export function command(): Command {
  return modelCommand("sample")
    .requiredOption("--prompts <files...>", "prompts, one a record")
    .requiredOption("-n <draws>", "draws a prompt", positiveInteger)
    .requiredOption("--out <folder>", "run folder to write or to continue")
    .option("--temperature <t>", "temperature; 1 is the model itself", numberOf, 1)
    .option("--top-p <p>", "nucleus; 1 is off", numberOf, 1)
    .option("--top-k <k>", "most likely tokens kept; 0 is off", numberOf, 0)
    .option("--min-p <p>", "least share of the most likely token's probability; 0 is off", numberOf, 0)
    .option("--max-tokens <n>", "longest response in tokens", positiveInteger, 1024)
    .option("--stop <texts...>", "texts that end a response")
    .option("--seed <text>", "another text gives other draws", usualRun)
    .option(
      "--verify <verifier>",
      `judge each draw: ${asyncVerifierSummaries.map(({ name }) => name).join(", ")}`,
    )
    .option("--allow-unsandboxed", "let python: run where the system has no isolation")
    .option("--stop-at <s>", "stop a problem at its s-th success, or after -n draws", positiveInteger)
    .option("--budget <limit>", "end after 500draws, 2e6tokens, or with --prices an amount of money")
    .option("--prices <in,out>", "price of a million tokens of prompts and of responses")
    .addHelpText("after", examples)
    .action(run);
}

async function run(options: SampleOptions): Promise<void> {
  const signal = interruptionSignal();
  const { allowUnsandboxed = false, stopAt } = options;
  const verifier =
    options.verify === undefined
      ? undefined
      : await asyncVerifierByName(options.verify, { allowUnsandboxed });
  if (stopAt !== undefined && verifier === undefined) {
    throw new InputError("--stop-at: needs --verify, which says what a success is");
  }
  const settings = settingsOf(options);
  const budget = budgetOf(options);
  const tally = new ImportTally();
  const records = await recordsOf(options, { verifier, tally });
  const models = await openModels(options, { scoring: false, signal });
  const ownScores = await modelsWithOwnScores(models, settings, signal);
  const request: Drawing = { settings, verifier, ownScores, run: options.seed };
  await runModelJob<SampleUnit>({
    title: "sampling",
    finishedAs: "drawn",
    folder: options.out,
    command: ["sample", ...options.prompts],
    asked: { settings, draws: options.n, seed: options.seed, verifier: verifier?.name },
    models,
    total: records.length * models.length * options.n,
    series: (model) => records.map((record) => drawSeries(model, record, request)),
    draws: options.n,
    run: drawing(request),
    ...(verifier !== undefined && {
      failedRows: (unit: SampleUnit, reason: string) => [unscoredOutcome(unit, verifier, reason)],
    }),
    onFinished(unit, rows) {
      if (options.json) printResult(jsonLine(unit, rows));
    },
    nameOf: ({ model, record, draw }) => `${model.spec.name}, ${record.id}, draw ${draw}`,
    signal,
    asking: options,
    taskOf: (unit) => sampleTask(unit, { options, settings }),
    ...(stopAt !== undefined && { stopAt: { successes: stopAt, cap: options.n } }),
    budget,
    tally,
  });
}

/** Verifiers that judge without a target of the prompt's own. */
const needNoTarget = /^(?:(?:regex|python|command|https?):|path$)/;

async function recordsOf(
  options: SampleOptions,
  { verifier, tally }: { verifier: AsyncVerifier | undefined; tally: ImportTally },
): Promise<PromptRecord[]> {
  const records: PromptRecord[] = [];
  const input = { map: inputMap(options.map), task: options.task, tally };
  for await (const record of promptRecords(options.prompts, input)) {
    if (verifier !== undefined && record.target === undefined && !needNoTarget.test(options.verify ?? "")) {
      const { file, line } = record.source;
      throw new InputError(`${file}:${line}: has no target to verify against; --map target=FIELD names it`);
    }
    records.push(record);
  }
  return records;
}

function settingsOf(options: SampleOptions): DrawSettings {
  const { temperature, topP, topK, minP, maxTokens, stop } = options;
  if (!(temperature > 0)) {
    throw new InputError("--temperature: must be above 0: one seed would give the same draw as another");
  }
  if (!(topP > 0 && topP <= 1)) throw new InputError("--top-p: must be above 0 and at most 1");
  if (!(minP >= 0 && minP < 1)) throw new InputError("--min-p: must be at least 0 and below 1");
  if (!(Number.isSafeInteger(topK) && topK >= 0)) {
    throw new InputError("--top-k: must be a whole number of at least 0");
  }
  return { temperature, topP, topK, minP, maxTokens, ...(stop !== undefined && { stop }) };
}

/** `--budget` as draws, tokens or, with `--prices`, money. */
function budgetOf({ budget, prices }: SampleOptions): Budget | undefined {
  const listed = prices?.split(",").map(Number);
  if (listed !== undefined && !(listed.length === 2 && listed.every((price) => price >= 0))) {
    throw new InputError("--prices: give two numbers as INPUT,OUTPUT: the price of a million tokens");
  }
  const [input = 0, output = 0] = listed ?? [];
  const paid = listed === undefined ? {} : { prices: { input, output } };
  if (budget === undefined) return listed === undefined ? undefined : paid;
  const match = /^([\d.]+(?:e\d+)?)(draws|tokens)?$/.exec(budget);
  const amount = Number(match?.[1]);
  if (match === null || !(amount > 0)) {
    throw new InputError(`--budget ${budget}: give 500draws, 2e6tokens or an amount of money`);
  }
  if (match[2] === "draws") return { ...paid, units: amount };
  if (match[2] === "tokens") return { ...paid, tokens: amount };
  if (listed === undefined) {
    throw new InputError(`--budget ${budget}: money needs --prices INPUT,OUTPUT a million tokens`);
  }
  return { ...paid, money: amount };
}

function jsonLine({ model, record, draw }: SampleUnit, rows: readonly Row[]): string {
  const response = rows.find((row) => row.kind === "response");
  const likelihood = rows.find((row) => row.kind === "likelihood");
  const outcome = rows.find((row) => row.kind === "outcome");
  return jsonText(
    {
      model: model.spec.name,
      id: record.id,
      draw,
      response: response?.text,
      finish: response?.finishReason,
      logprob: likelihood?.logProbability,
      tokens: response?.tokenCount,
      verdict: outcome?.verdict,
      reward: outcome?.reward,
    },
    0,
  );
}

function numberOf(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new InputError(`${text}: is not a number`);
}
