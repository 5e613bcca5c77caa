/** `lmcov score`: log-probabilities of given responses under models. */
import type { Command } from "commander";
import { likelihoodRow, type ScoreRequest, type ScoringEndpoint } from "../endpoint/index.ts";
import { InputError, type Row, shortHash } from "../record/index.ts";
import { countText, printable } from "../report/index.ts";
import { exitCode } from "./exit-code.ts";
import { ImportTally, rejectionText } from "./import-tally.ts";
import { onInterruption } from "./interruption.ts";
import { type InputOptions, type ResponseRecord, responseRecords } from "./model-input.ts";
import { inputMap, type ModelOptions, modelCommand, type OpenModel, openModels } from "./model-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { progressLine } from "./progress.ts";
import { runUnits, type Unit } from "./unit-run.ts";
import { softwareVersions } from "./version.ts";

interface ScoreOptions extends ModelOptions {
  readonly input: string[];
  readonly out: string;
}

interface ScoreUnit extends Unit {
  readonly model: OpenModel;
  readonly record: ResponseRecord;
}

const examples = `
Examples:
  lmcov score --model http://127.0.0.1:8000 --input pairs.jsonl --out run
  lmcov score --model step-{1000..3000..1000}=http://127.0.0.1:8000#step-{1000..3000..1000} --input run --out run
  lmcov score --model http://127.0.0.1:8080 --input requests.jsonl.gz --map prompt=request.context response=request.continuation --out run --json

Input: JSON lines with prompt and response, any log of lmcov formats that holds texts, or a run folder.
Running the same command again after an interruption does exactly the rest. lmcov select run, lmcov profile run.`;

export function command(): Command {
  return modelCommand("score")
    .requiredOption("--input <files...>", "responses with their prompts")
    .requiredOption("--out <folder>", "run folder to write or to continue")
    .addHelpText("after", examples)
    .action(run);
}

async function run(options: ScoreOptions): Promise<void> {
  const stop = new AbortController();
  onInterruption(() => stop.abort());
  const tally = new ImportTally();
  const input: InputOptions = { map: inputMap(options.map), task: options.task, tally };
  const models = await openModels(options, { scoring: true, signal: stop.signal });
  const progress = progressLine({ title: "scoring" });
  let done = 0;
  let before = 0;
  let straddling = 0;
  const failures: string[] = [];
  await runUnits<ScoreUnit>({
    folder: options.out,
    command: ["score", ...options.input],
    software: softwareVersions(),
    units: unitsOf(models, options.input, input),
    run: async (unit, signal) => [await scoredRow(unit, signal)],
    finished(unit, [row], known) {
      if (known) before += 1;
      else done += 1;
      if (row?.kind === "likelihood" && row.method.endsWith("straddling")) straddling += 1;
      if (options.json) printResult(jsonLine(unit, row));
      progress.update(done);
    },
    failed(unit, error) {
      failures.push(`${unit.model.spec.name}, ${unit.record.id}: ${error.message}`);
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
  if (straddling > 0) {
    printRemark(`• ${countText(straddling)} responses begin within a token that also ends their prompt`);
  }
  const parts = [`${countText(done)} responses scored`];
  if (before > 0) parts.push(`${countText(before)} already there`);
  if (failures.length > 0) parts.push(`${countText(failures.length)} failed`);
  if (tally.rejected > 0) parts.push(`${countText(tally.rejected)} rejected`);
  printRemark(`${parts.join(", ")} → ${printable(options.out)}`);
  if (stop.signal.aborted) process.exitCode = exitCode.interrupted;
  else if (failures.length > 0) process.exitCode = exitCode.partial;
}

async function* unitsOf(
  models: readonly OpenModel[],
  paths: readonly string[],
  input: InputOptions,
): AsyncGenerator<ScoreUnit> {
  for await (const record of responseRecords(paths, input)) {
    for (const model of models) {
      const key = [
        "score",
        model.spec.name,
        record.task,
        record.problem,
        record.promptHash,
        record.role,
        record.drawnBy ?? "",
        record.samplingHash,
        record.drawSet,
        record.draw,
        record.response,
      ];
      yield { key: shortHash(JSON.stringify(key)), model, record };
    }
  }
}

async function scoredRow({ model, record }: ScoreUnit, signal: AbortSignal): Promise<Row> {
  const { spec, endpoint } = model;
  const { likelihood } = endpoint as ScoringEndpoint;
  const scored = await likelihood.score(requestOf(record), signal);
  const { task, problem, promptHash, sampling, samplingHash, source } = record;
  return likelihoodRow({
    base: {
      model: spec.name,
      ...(spec.step !== undefined && { step: spec.step }),
      task,
      problem,
      promptHash,
      sampling,
      samplingHash,
      source,
    },
    role: record.role,
    drawSet: record.drawSet,
    draw: record.draw,
    drawnBy: record.drawnBy,
    text: typeof record.response === "string" ? record.response : JSON.stringify(record.response),
    scored,
    method: likelihood.method,
  });
}

function requestOf({ prompt, response, source }: ResponseRecord): ScoreRequest {
  if ("messages" in prompt) {
    throw new InputError(
      `${source.file}:${source.line ?? ""}: a conversation is scored as the text that the model's chat template makes of it: give that text as the prompt`,
    );
  }
  return { prompt, response: typeof response === "string" ? { text: response } : { tokens: response } };
}

function jsonLine({ model, record }: ScoreUnit, row: Row | undefined): string {
  if (row?.kind !== "likelihood") throw new Error("a scored unit holds one likelihood");
  const { logProbability, tokenCount } = row;
  return jsonText({ model: model.spec.name, id: record.id, logprob: logProbability, tokens: tokenCount }, 0);
}
