/** `lmcov score`: log-probabilities of given responses under models. */
import type { Command } from "commander";
import { straddlingMark } from "../endpoint/index.ts";
import { shardOf } from "../job/index.ts";
import { countText, printable } from "../report/index.ts";
import { refuseBareDrawers } from "./bare-drawers.ts";
import { scoreTask } from "./fleet-tasks.ts";
import { ImportTally } from "./import-tally.ts";
import { type InputOptions, responseRecords } from "./model-input.ts";
import { interruptionSignal, runModelJob } from "./model-job.ts";
import { inputMap, type ModelOptions, modelCommand, type OpenModel, openModels } from "./model-options.ts";
import { printRemark, printResult } from "./print.ts";
import { scoreLines } from "./score-lines.ts";
import { type ScoreUnit, scoredRow, scoreUnit } from "./score-unit.ts";

interface ScoreOptions extends ModelOptions {
  readonly input: string[];
  readonly out: string;
}

const examples = `
Examples:
  lmcov score --model http://127.0.0.1:8000 --input pairs.jsonl --out run
  lmcov score --model step-{1000..3000..1000}=http://127.0.0.1:8000#step-{1000..3000..1000} --input run --out run
  lmcov score --model http://127.0.0.1:8080 --input requests.jsonl.gz --map prompt=request.context response=request.continuation --out run --json
  lmcov score --model model.gguf --input pairs.jsonl --out run        a file or folder runs in this process
  lmcov score --model step-{100..300..100}=runs/sums/checkpoints/step-{00000100..00000300..100} --input pairs.jsonl --out run

Input: JSON lines, CSV or Parquet with prompt (a text, a list of messages, or a list of token ids) and response, any log of lmcov formats that holds texts, or a run folder.
Running the same command again after an interruption does exactly the rest. lmcov select run, lmcov profile run.
--json prints {"model","id","logprob","tokens"} at the end, a line for each response asked for and each model, in the input's order, also for
those that the run folder held before; a response that failed or was not reached has no line.`;

export function command(): Command {
  return modelCommand("score")
    .requiredOption("--input <files...>", "responses with their prompts")
    .requiredOption("--out <folder>", "run folder to write or to continue")
    .addHelpText("after", examples)
    .action(run);
}

async function run(options: ScoreOptions): Promise<void> {
  const signal = interruptionSignal();
  const tally = new ImportTally();
  const map = inputMap(options.map);
  let records = 0;
  const drawers = new Set<string>();
  for await (const { drawnBy } of responseRecords(options.input, { map, task: options.task, tally })) {
    records += 1;
    if (drawnBy !== undefined) drawers.add(drawnBy);
  }
  await refuseBareDrawers(options.out, drawers);
  for (const note of tally.notes) printRemark(`• ${printable(note, 400)}`);
  const models = await openModels(options, { scoring: true, signal });
  let straddling = 0;
  await runModelJob<ScoreUnit>({
    title: "scoring",
    finishedAs: "scored",
    folder: options.out,
    command: ["score", ...options.input],
    models,
    total: records * models.length,
    units: (model) => unitsOf(model, options.input, { map, task: options.task, tally: new ImportTally() }),
    run: async (unit, abort) => ({ rows: [await scoredRow(unit, abort)] }),
    onFinished(_unit, [row]) {
      if (row?.kind !== "likelihood") throw new Error("a scored unit holds one likelihood");
      if (row.method.endsWith(straddlingMark)) straddling += 1;
    },
    nameOf: ({ model, record }) => `${model.spec.name}, ${record.id}`,
    signal,
    asking: options,
    taskOf: (unit) => scoreTask(unit, options),
    tally,
  });
  if (options.json) await printLines(options, { map, models });
  if (straddling > 0) {
    printRemark(
      `• ${countText(straddling)} of these responses begin within a token that also ends their prompt; that token counts to them`,
    );
  }
}

async function printLines(
  options: ScoreOptions,
  { map, models }: { map: InputOptions["map"]; models: readonly OpenModel[] },
): Promise<void> {
  const input = { map, task: options.task, tally: new ImportTally() };
  const lines = scoreLines({
    folder: options.out,
    records: responseRecords(options.input, input),
    models,
    shard: options.shard === undefined ? undefined : shardOf(options.shard, process.env),
  });
  for await (const line of lines) printResult(line);
}

async function* unitsOf(
  model: OpenModel,
  paths: readonly string[],
  input: InputOptions,
): AsyncGenerator<ScoreUnit> {
  for await (const record of responseRecords(paths, input)) yield scoreUnit(model, record);
}
