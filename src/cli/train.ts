/** `lmcov train`: trains a model by a configuration file, with coverage probes, into a run folder that every command reads. */
import { Command } from "commander";
import { InputError } from "../record/index.ts";
import { countText, plural } from "../report/index.ts";
import { asOnlyWriter, isRunFolder, readRunDescription } from "../store/index.ts";
import { type TrainingConfig, trainingConfig } from "../train/index.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printResult } from "./print.ts";
import { defaultRunFolder, readTrainingConfig } from "./train-config.ts";
import { checkedDifferences, recordedIdentity, trainingIdentity } from "./train-identity.ts";
import { runPrepared } from "./train-run.ts";
import { type PreparedTraining, prepareTraining } from "./train-setup.ts";

interface TrainOptions {
  readonly out?: string;
  readonly resume?: string;
  readonly device?: string;
  readonly threads?: number;
  readonly allowDifferent?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov train examples/training/before.yaml          into runs/before
  lmcov train train.yaml --out runs/mine --device webgpu
  lmcov train --resume runs/mine                     after Ctrl-C, SIGTERM, kill -9 or a power cut
  lmcov train train.yaml --check                     what would be trained; nothing is run
  lmcov report runs/mine                             coverage, pass@N and the choice of a checkpoint

The configuration is described in docs/training.md. The same command again goes on where the run is. Continuing gives
the same bits as an undisturbed run on the same machine, threads and versions; a difference is refused.`;

export function command(): Command {
  return new Command("train")
    .argument("[config]", "configuration, YAML or JSON")
    .option("--out <folder>", "run folder to write (default: runs/NAME)")
    .option("--resume <run>", "continue this run by its own configuration")
    .option(
      "--device <name>",
      "cpu, webgpu, cuda, or float64 (the slow interpreter), in place of the configuration's",
    )
    .option("--threads <number>", "threads, in place of the configuration's", positiveInteger)
    .option("--allow-different", "continue although machine, versions, data or configuration differ")
    .option("--check", "check the configuration and the data, say what would be trained, and stop")
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action(run);
}

async function run(configPath: string | undefined, options: TrainOptions): Promise<void> {
  const { config, folder } = await requestOf(configPath, options);
  const prepared = await prepareTraining(config, { folder });
  try {
    const identity = await trainingIdentity({
      config: prepared.config,
      engine: prepared.engine,
      files: prepared.files,
    });
    if (options.check) {
      printCheck(prepared, folder, options);
      return;
    }
    const different = await checkedDifferences(folder, identity, options.allowDifferent ?? false);
    const { software, ...training } = identity;
    const description = { software: { ...software }, command: ["train"], training };
    await asOnlyWriter(folder, description, () =>
      runPrepared(prepared, { folder, different, json: options.json ?? false }),
    );
  } finally {
    await prepared.release();
  }
}

/** The configuration, from its file or from the run to be resumed, with the options' changes. */
async function requestOf(
  path: string | undefined,
  options: TrainOptions,
): Promise<{ config: TrainingConfig; folder: string }> {
  if ((path === undefined) === (options.resume === undefined)) {
    throw new InputError("give a configuration file, or --resume with a run folder");
  }
  const changed = (config: TrainingConfig, place: string): TrainingConfig =>
    trainingConfig(
      {
        ...config,
        ...(options.device !== undefined && { device: options.device }),
        ...(options.threads !== undefined && { threads: options.threads }),
      },
      place,
    );
  if (path !== undefined) {
    const config = changed(await readTrainingConfig(path), path);
    return { config, folder: options.out ?? defaultRunFolder(config, path) };
  }
  const folder = options.resume ?? "";
  if (options.out !== undefined) throw new InputError("--out: a resumed run stays in its folder");
  if (!isRunFolder(folder)) throw new InputError(`${folder}: is not a run folder`);
  const recorded = recordedIdentity(folder, await readRunDescription(folder));
  return { config: changed(recorded.config, `${folder}/run.json`), folder };
}

function printCheck(prepared: PreparedTraining, folder: string, options: TrainOptions): void {
  const { config, numbers } = prepared;
  if (options.json) {
    printResult(jsonText({ schema: "lmcov/train-check@1", run: folder, ...numbers, config }));
    return;
  }
  printResult(
    [
      `${countText(numbers.parameters)} parameters, vocabulary of ${countText(numbers.vocabulary)}, context of ${countText(numbers.context)} tokens`,
      `${config.data.file === undefined && config.data.limit === undefined ? "fresh samples" : plural(numbers.examples, "example")} of at most ${countText(numbers.longestTokens)} tokens; ${plural(numbers.evaluation, "held-out response")}`,
      `${countText(config.steps)} steps of ${countText(config.batch)} by ${config.rule.name} on ${prepared.engine}`,
      `→ ${folder}`,
    ].join("\n"),
  );
}
