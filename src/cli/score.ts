/** `lmcov score`: log-probabilities of given responses under models. */
import type { Command } from "commander";
import { straddlingMark } from "../endpoint/index.ts";
import { unitKey } from "../job/index.ts";
import { type Likelihood, shortHash } from "../record/index.ts";
import { countText } from "../report/index.ts";
import { scoreTask } from "./fleet-tasks.ts";
import { ImportTally } from "./import-tally.ts";
import { type InputOptions, responseRecords } from "./model-input.ts";
import { interruptionSignal, runModelJob } from "./model-job.ts";
import { inputMap, type ModelOptions, modelCommand, type OpenModel, openModels } from "./model-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
import { type ScoreUnit, scoredRow } from "./score-unit.ts";

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
--json prints {"model","id","logprob","tokens"} a line for each response that is scored now; what is in the run folder already is not repeated.`;

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
  for await (const _ of responseRecords(options.input, { map, task: options.task, tally })) records += 1;
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
    onFinished(unit, [row]) {
      if (row?.kind !== "likelihood") throw new Error("a scored unit holds one likelihood");
      if (row.method.endsWith(straddlingMark)) straddling += 1;
      if (options.json) printResult(jsonLine(unit, row));
    },
    nameOf: ({ model, record }) => `${model.spec.name}, ${record.id}`,
    signal,
    asking: options,
    taskOf: (unit) => scoreTask(unit, options),
    tally,
  });
  if (straddling > 0) {
    printRemark(
      `• ${countText(straddling)} of these responses begin within a token that also ends their prompt; that token counts to them`,
    );
  }
}

async function* unitsOf(
  model: OpenModel,
  paths: readonly string[],
  input: InputOptions,
): AsyncGenerator<ScoreUnit> {
  for await (const record of responseRecords(paths, input)) {
    const { task, problem, promptHash, role, drawnBy = "", samplingHash, drawSet, draw, response } = record;
    const text = typeof response === "string" ? response : JSON.stringify(response);
    const other = ["score", task, problem, role, drawnBy, drawSet, shortHash(text)];
    yield {
      key: unitKey({ model: model.spec.name, promptHash, samplingHash, draw, other }),
      model,
      record,
    };
  }
}

function jsonLine({ model, record }: ScoreUnit, { logProbability, tokenCount }: Likelihood): string {
  return jsonText({ model: model.spec.name, id: record.id, logprob: logProbability, tokens: tokenCount }, 0);
}
