/** `lmcov generate`: draws of checkpoints, with their log-probabilities and verdicts, as ordinary rows of a run folder. */
import { Command, InvalidArgumentError } from "commander";
import { samplingFilter } from "../decode/index.ts";
import { checkpointName, InputError, samplingHash } from "../record/index.ts";
import { asOnlyWriter } from "../store/index.ts";
import { verifierByName } from "../verifier/index.ts";
import { type BestOfNRule, bestOfNRule, chosenDraws } from "./generate-best.ts";
import { findCheckpoints } from "./generate-checkpoints.ts";
import { type DrawSummary, drawFrom, drawnKeys, drawSetOf } from "./generate-draws.ts";
import { type EngineOptions, engineOptions, testTimeSettings } from "./generate-model.ts";
import { promptColumns, readPrompts } from "./generate-prompts.ts";
import { type DrawSettings, samplingOf } from "./generate-rows.ts";
import { printSummary } from "./generate-summary.ts";
import { positiveInteger } from "./log-options.ts";
import { progressLine } from "./progress.ts";
import { softwareVersions } from "./version.ts";

interface GenerateOptions extends EngineOptions {
  readonly prompts: string;
  readonly map?: string[];
  readonly draws: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly maxTokens: number;
  readonly seed: string;
  readonly task?: string;
  readonly limit?: number;
  readonly verify?: string;
  readonly bestOf?: BestOfNRule;
  readonly out: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  lmcov generate runs/arithmetic --prompts test.jsonl -n 64 --verify exact --out runs/arithmetic
  lmcov generate runs/arithmetic --step last --prompts test.jsonl --temperature 0.7 --out tempered
  lmcov generate checkpoint --prompts test.jsonl --test-time-training 0.01 --out stepped
  lmcov report runs/arithmetic

A prompt table has a prompt a row, and where they are there its problem (or id), task and target. Each draw has a stream
of random numbers of its own, named by seed, model, prompt and draw number: running the same command again does exactly the
rest, and a larger -n adds draws. Log-probabilities are the model's own at temperature 1; under another sampling
distribution its log-probability of each draw is a candidate of its own. Outcomes carry the log-probability as a reward,
so that lmcov reward shows Best-of-N by likelihood.`;

export function command(): Command {
  return engineOptions(
    new Command("generate")
      .argument("<checkpoints...>", "checkpoint folders, or training runs with all their checkpoints")
      .requiredOption("--prompts <file>", "table of prompts: JSON lines, JSON, CSV or Parquet")
      .requiredOption("--out <folder>", "run folder to write or to append to")
      .option(
        "--map <pairs...>",
        "columns of the table, as role=column; roles: prompt, problem, target, task",
      )
      .option("-n, --draws <count>", "draws of each prompt", positiveInteger, 16)
      .option("--temperature <value>", "0 takes the most probable token", realOf, 1)
      .option("--top-k <count>", "keep the most probable tokens only", positiveInteger)
      .option("--top-p <mass>", "keep the smallest set of tokens with this mass", realOf)
      .option("--min-p <share>", "keep tokens with this share of the largest probability", realOf)
      .option("--max-tokens <count>", "longest response", positiveInteger, 256)
      .option("--seed <text>", "another text gives other draws, beside those that are there", "0")
      .option("--task <name>", "task name (default: a task column, else the file's name)")
      .option("--limit <count>", "use only the first prompts", positiveInteger)
      .option(
        "--verify <verifier>",
        "judge each draw by the target: exact, numeric, choice, regex:PATTERN, …; path needs none",
      )
      .option(
        "--best-of <rule>",
        "print the chosen draw of each prompt: verifier, likelihood, mean-likelihood",
        bestOfNRule,
      ),
  )
    .addHelpText("after", examples)
    .action(run);
}

async function run(words: string[], options: GenerateOptions): Promise<void> {
  const { columns, inputs } = promptColumns(options.map);
  const checkpoints = await findCheckpoints([...words, ...inputs], options);
  const testTimeTraining = await testTimeSettings(options, checkpoints);
  const settings: DrawSettings = { ...options, testTimeTraining };
  const filter = samplingFilter(settings);
  const verifier = options.verify === undefined ? undefined : verifierByName(options.verify);
  if (options.temperature === 0 && options.draws > 1) {
    throw new InputError("--temperature 0: all draws of a prompt are the same; ask for one with -n 1");
  }
  if (options.bestOf === "verifier" && verifier === undefined) {
    throw new InputError("--best-of verifier: needs --verify");
  }
  const { task, limit } = options;
  const prompts = await readPrompts(options.prompts, { columns, task, limit, responses: false });
  if (
    verifier !== undefined &&
    !/^(?:regex|path)/.test(verifier.name) &&
    prompts.every(({ target }) => target === undefined)
  ) {
    throw new InputError(
      `${options.prompts}: --verify ${options.verify} needs targets; map their column with --map target=…`,
    );
  }
  const description = {
    software: softwareVersions(),
    command: ["generate", ...words, "--prompts", options.prompts, "--seed", options.seed],
  };
  await asOnlyWriter(options.out, description, async () => {
    const finished = await drawnKeys(options.out);
    const { out: folder, prompts: input, draws, seed } = options;
    const request = { folder, input, prompts, draws, settings, filter, seed, verifier, engine: options };
    const total = checkpoints.length * prompts.length * draws;
    const progress = progressLine({ title: "drawing", total });
    const summaries: DrawSummary[] = [];
    for (const [place, checkpoint] of checkpoints.entries()) {
      const before = place * prompts.length * draws;
      const onProgress = (count: number, label: string) => progress.update(before + count, `, ${label}`);
      summaries.push(await drawFrom(checkpoint, request, { finished, onProgress }));
    }
    progress.finish();
    const chosen =
      options.bestOf &&
      (await chosenDraws(folder, {
        rule: options.bestOf,
        n: draws,
        drawSet: drawSetOf(seed),
        samplingHash: samplingHash(samplingOf(settings)),
        models: new Set(summaries.map(checkpointName)),
      }));
    printSummary(summaries, { options, chosen });
  });
}

function realOf(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("a number.");
}
