/** `lmcov sample`: draws from models, with their log-probabilities where the server gives them, and verdicts. */
import type { Command } from "commander";
import {
  type DrawSettings,
  drawRows,
  drawSeed,
  drawsFromModel,
  rawDraws,
  recordedSampling,
} from "../endpoint/index.ts";
import {
  InputError,
  type Response,
  type Row,
  type RowBase,
  samplingHash,
  shortHash,
} from "../record/index.ts";
import { countText, printable } from "../report/index.ts";
import { type Verifier, verifierByName, verifierSummaries } from "../verifier/index.ts";
import { exitCode } from "./exit-code.ts";
import { ImportTally, rejectionText } from "./import-tally.ts";
import { onInterruption } from "./interruption.ts";
import { type InputOptions, type PromptRecord, promptRecords } from "./model-input.ts";
import {
  countOf,
  inputMap,
  type ModelOptions,
  modelCommand,
  type OpenModel,
  openModels,
} from "./model-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";
import { outcomeOf } from "./re-score.ts";
import { runUnits, type Unit } from "./unit-run.ts";
import { softwareVersions } from "./version.ts";

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
  readonly out: string;
}

interface SampleUnit extends Unit {
  readonly model: OpenModel;
  readonly record: PromptRecord;
  readonly base: RowBase;
  readonly drawSet: string;
  readonly draw: number;
  readonly seed: number;
}

const examples = `
Examples:
  lmcov sample --model http://127.0.0.1:8000 --prompts problems.jsonl -n 200 --out run
  lmcov sample --model base=http://gpu1:8000 tuned=http://gpu2:8000 --prompts gsm8k.jsonl -n 64 --verify numeric --out run
  lmcov report run

Prompts: JSON lines with prompt (a text, a list of messages, or a list of token ids), and target for --verify.
The server's own sampling defaults are switched off; only what is asked for here changes the distribution.
Running the same command again after an interruption draws exactly the rest; a larger -n adds draws.`;

export function command(): Command {
  return modelCommand("sample")
    .requiredOption("--prompts <files...>", "prompts, one a record")
    .requiredOption("-n <draws>", "draws a prompt", countOf)
    .requiredOption("--out <folder>", "run folder to write or to continue")
    .option("--temperature <t>", "temperature; 1 is the model itself", numberOf, 1)
    .option("--top-p <p>", "nucleus; 1 is off", numberOf, 1)
    .option("--top-k <k>", "most likely tokens kept; 0 is off", numberOf, 0)
    .option("--min-p <p>", "least share of the most likely token's probability; 0 is off", numberOf, 0)
    .option("--max-tokens <n>", "longest response in tokens", countOf, 1024)
    .option("--stop <texts...>", "texts that end a response")
    .option("--seed <text>", "another text gives other draws", "0")
    .option(
      "--verify <verifier>",
      `judge each draw against the target: ${verifierSummaries.map(({ name }) => name).join(", ")}`,
    )
    .addHelpText("after", examples)
    .action(run);
}

async function run(options: SampleOptions): Promise<void> {
  const stop = new AbortController();
  onInterruption(() => stop.abort());
  const verifier = options.verify === undefined ? undefined : verifierByName(options.verify);
  const settings = settingsOf(options);
  const tally = new ImportTally();
  const input: InputOptions = { map: inputMap(options.map), task: options.task, tally };
  const models = await openModels(options, { scoring: false, signal: stop.signal });
  const ownScores = await modelsWithOwnScores(models, settings, stop.signal);
  const progress = progressLine({ title: "sampling" });
  let done = 0;
  let before = 0;
  const failures: string[] = [];
  await runUnits<SampleUnit>({
    folder: options.out,
    command: ["sample", ...options.prompts],
    software: softwareVersions(),
    units: unitsOf(models, settings, { options, input }),
    run: (unit, signal) => drawnRows(unit, { settings, verifier, ownScores, signal }),
    finished(unit, rows, known) {
      if (known) before += 1;
      else done += 1;
      if (options.json) printResult(jsonLine(unit, rows));
      progress.update(done);
    },
    failed(unit, error) {
      failures.push(`${unit.model.spec.name}, ${unit.record.id}, draw ${unit.draw}: ${error.message}`);
    },
    concurrency: options.concurrency,
    signal: stop.signal,
  });
  progress.finish();
  for (const { endpoint } of models) await endpoint.close();
  for (const rejection of tally.examples.slice(0, 5)) {
    printRemark(`• rejected: ${printable(rejectionText(rejection), 400)}`);
  }
  for (const failure of failures.slice(0, 5)) printRemark(`• failed: ${printable(failure, 400)}`);
  const parts = [`${countText(done)} responses drawn`];
  if (before > 0) parts.push(`${countText(before)} already there`);
  if (failures.length > 0) parts.push(`${countText(failures.length)} failed`);
  printRemark(`${parts.join(", ")} → ${printable(options.out)}`);
  if (stop.signal.aborted) process.exitCode = exitCode.interrupted;
  else if (failures.length > 0) process.exitCode = exitCode.partial;
}

/** Drawn from the model itself, any server's log-probabilities are the model's own; else only those that are raw. */
async function modelsWithOwnScores(
  models: readonly OpenModel[],
  settings: DrawSettings,
  signal: AbortSignal,
): Promise<Set<OpenModel>> {
  const own = new Set<OpenModel>();
  for (const model of models) {
    if (drawsFromModel(settings) || (await rawDraws(model.endpoint, signal)) === "raw") own.add(model);
    else {
      const { name } = model.spec;
      printRemark(
        `• ${printable(name)}: its server scales log-probabilities by the temperature, or does not show that it does not: draws are written without; lmcov score adds them`,
      );
    }
  }
  return own;
}

function settingsOf(options: SampleOptions): DrawSettings {
  const { temperature, topP, topK, minP, maxTokens, stop } = options;
  if (!(temperature > 0))
    throw new InputError("--temperature: must be above 0: one seed would give the same draw as another");
  if (!(topP > 0 && topP <= 1)) throw new InputError("--top-p: must be above 0 and at most 1");
  if (!(minP >= 0 && minP < 1)) throw new InputError("--min-p: must be at least 0 and below 1");
  if (!(Number.isSafeInteger(topK) && topK >= 0))
    throw new InputError("--top-k: must be a whole number of at least 0");
  return { temperature, topP, topK, minP, maxTokens, ...(stop !== undefined && { stop }) };
}

async function* unitsOf(
  models: readonly OpenModel[],
  settings: DrawSettings,
  { options, input }: { options: SampleOptions; input: InputOptions },
): AsyncGenerator<SampleUnit> {
  for await (const record of promptRecords(options.prompts, input)) {
    const sampling = recordedSampling(settings, record.prompt);
    const hash = samplingHash(sampling);
    for (const model of models) {
      const { name, step } = model.spec;
      const { task, problem, promptHash, source } = record;
      const base: RowBase = {
        model: name,
        ...(step !== undefined && { step }),
        task,
        problem,
        promptHash,
        sampling,
        samplingHash: hash,
        source,
      };
      const drawSet = drawSetOf(options);
      for (let draw = 0; draw < options.n; draw += 1) {
        const key = ["sample", drawSet, name, task, problem, promptHash, hash, draw];
        const seed = drawSeed({ run: options.seed, model: name, promptHash, draw });
        yield { key: shortHash(JSON.stringify(key)), model, record, base, drawSet, draw, seed };
      }
    }
  }
}

interface Drawing {
  readonly settings: DrawSettings;
  readonly verifier: Verifier | undefined;
  /** Models whose servers give the model's own log-probabilities under these settings. */
  readonly ownScores: ReadonlySet<OpenModel>;
}

async function drawnRows(
  { model, record, base, drawSet, draw, seed }: SampleUnit,
  { settings, verifier, ownScores, signal }: Drawing & { readonly signal: AbortSignal },
): Promise<Row[]> {
  const sampled = await model.endpoint.sampler.sample({ prompt: record.prompt, settings, seed }, signal);
  const { tokenLogProbabilities, ...plain } = sampled;
  const drawn = ownScores.has(model) ? sampled : plain;
  const { prompt, target } = record;
  const method = `drawn by ${model.endpoint.kind}, raw, no end token`;
  const rows: Row[] = drawRows({ base, prompt, drawSet, draw, seed, target, drawn, method });
  if (verifier !== undefined) rows.push(outcomeOf(rows[0] as Response, verifier));
  return rows;
}

/** Draws are numbered for good within one `--seed`; those of another are others. */
const drawSetOf = ({ seed }: SampleOptions): string => (seed === "0" ? "" : `seed ${seed}`);

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
    },
    0,
  );
}

function numberOf(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new InputError(`${text}: is not a number`);
}
