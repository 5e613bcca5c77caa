/** `lmcov generate`: draws of checkpoints, with their log-probabilities and verdicts, as ordinary rows of a run folder. */
import { Command, InvalidArgumentError } from "commander";
import { type Generation, generate, samplingFilter } from "../decode/index.ts";
import { continuationText, tokenTexts } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { InputError, type Row, samplingHash } from "../record/index.ts";
import { countText, plural, printable } from "../report/index.ts";
import { asOnlyWriter } from "../store/index.ts";
import { type Verifier, verifierByName } from "../verifier/index.ts";
import { type BestOfNRule, bestOfNRule, type ChosenDraw, chosenDraws } from "./generate-best.ts";
import { findCheckpoints } from "./generate-checkpoints.ts";
import {
  type EngineOptions,
  engineOptions,
  type LocalModel,
  openLocalModel,
  testTimeSettings,
} from "./generate-model.ts";
import { type PromptRow, placeOf, promptColumns, promptTokens, readPrompts } from "./generate-prompts.ts";
import { type DrawSettings, drawRows, type ModelName, samplingOf, steppedName } from "./generate-rows.ts";
import { finishedKeys, writeInChunks } from "./generate-run.ts";
import { positiveInteger } from "./log-options.ts";
import { jsonText, printRemark, printResult } from "./print.ts";
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

/** One draw to make. */
interface Unit {
  readonly prompt: PromptRow;
  readonly draw: number;
}

interface Summary {
  readonly model: string;
  readonly step?: number;
  readonly drawn: number;
  readonly skipped: number;
  readonly tokens: number;
  /** Draws that met the limit of tokens before their end. */
  readonly cut: number;
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
    const finished = await finishedKeys(options.out, "responses", (row) => rowKey(row));
    const sampling = samplingOf(settings);
    const hash = samplingHash(sampling);
    const drawSet = drawSetOf(options);
    const total = checkpoints.length * prompts.length * options.draws;
    const progress = progressLine({ title: "drawing", total });
    const summaries: Summary[] = [];
    let done = 0;
    for (const checkpoint of checkpoints) {
      const name = steppedName(checkpoint.name, testTimeTraining);
      const units = unitsOf(prompts, options.draws).filter(({ prompt, draw }) => {
        const key = drawKey(name, { hash, prompt, drawSet, draw });
        if (finished.has(key)) return false;
        finished.add(key);
        return true;
      });
      const skipped = prompts.length * options.draws - units.length;
      done += skipped;
      const made = { drawn: 0, tokens: 0, cut: 0 };
      if (units.length > 0) {
        const model = await openLocalModel(checkpoint, { ...options, testTimeTraining });
        const context = {
          name,
          sampling,
          samplingHash: hash,
          verifier,
          rewarded: verifier !== undefined,
          method: model.method,
        };
        await writeInChunks(
          units,
          { folder: options.out, origin: "generate", input: options.prompts },
          {
            keyOf: ({ prompt, draw }) => drawKey(name, { hash, prompt, drawSet, draw }),
            rowsOf: async (chunk) => {
              const drawn = await drawChunk(chunk, {
                model,
                name,
                settings,
                filter,
                options,
                onProgress: (count) => progress.update(done + count, `, ${labelOf(name)}`),
              });
              done += chunk.length;
              return drawn.flatMap((generation, index): Row[] => {
                made.drawn += 1;
                made.tokens += generation.tokens.length;
                if (generation.finishReason === "length") made.cut += 1;
                return drawRows(
                  {
                    ...chunk[index]!,
                    drawSet,
                    text: textOf(generation, chunk[index]!.prompt, model),
                    tokenCount: generation.tokens.length,
                    logProbabilities: generation.logProbabilities,
                    samplingLogProbabilities: generation.samplingLogProbabilities,
                    tokenTexts: tokenTextsOf(generation, chunk[index]!.prompt, model),
                    finishReason: generation.finishReason,
                  },
                  context,
                );
              });
            },
          },
        );
        await model.release();
      }
      summaries.push({ ...name, ...made, skipped });
    }
    progress.finish();
    const models = new Set(summaries.map(({ model }) => model));
    const chosen =
      options.bestOf &&
      (await chosenDraws(options.out, {
        rule: options.bestOf,
        n: options.draws,
        drawSet,
        samplingHash: hash,
        models,
      }));
    printSummary(summaries, { options, verifier, chosen });
  });
}

function unitsOf(prompts: readonly PromptRow[], draws: number): Unit[] {
  return prompts.flatMap((prompt) => Array.from({ length: draws }, (_, draw) => ({ prompt, draw })));
}

async function drawChunk(
  chunk: readonly Unit[],
  at: {
    readonly model: LocalModel;
    readonly name: ModelName;
    readonly settings: DrawSettings;
    readonly filter: ReturnType<typeof samplingFilter>;
    readonly options: GenerateOptions;
    readonly onProgress: (count: number) => void;
  },
): Promise<Generation[]> {
  const { model, name, settings, filter, options } = at;
  const streams = randomGenerator(options.seed).split(labelOf(name));
  const encoded = new Map<PromptRow, readonly number[]>();
  const requests = chunk.map(({ prompt, draw }) => {
    const tokens = encoded.get(prompt) ?? checkedPrompt(prompt, model);
    encoded.set(prompt, tokens);
    return {
      prompt: tokens,
      generator: streams.split(`${prompt.promptHash} ${prompt.problem}`).split(`draw ${draw}`),
      maxTokens: settings.maxTokens,
      filter,
      endOfSequence: model.endOfSequence,
    };
  });
  return generate(model.decoder, requests, { batch: options.batch, onProgress: at.onProgress });
}

function checkedPrompt(prompt: PromptRow, model: LocalModel): readonly number[] {
  const tokens = promptTokens(prompt, model.tokenizer);
  if (tokens.length <= model.decoder.contextLength) return tokens;
  throw new InputError(
    `${placeOf(prompt)}: the prompt has ${tokens.length} tokens and this model's context holds ${model.decoder.contextLength}`,
  );
}

/** The response's text: without the end-of-sequence token, which its tokens and log-probabilities include. */
function textOf({ tokens }: Generation, prompt: PromptRow, { tokenizer, endOfSequence }: LocalModel): string {
  const ended = endOfSequence !== undefined && tokens.at(-1) === endOfSequence;
  const response = ended ? tokens.slice(0, -1) : tokens;
  return continuationText(tokenizer, { prompt: promptTokens(prompt, tokenizer), response });
}

function tokenTextsOf(
  { tokens }: Generation,
  prompt: PromptRow,
  { tokenizer }: LocalModel,
): readonly string[] {
  const before = promptTokens(prompt, tokenizer);
  return tokenTexts((ids) => tokenizer.decode(ids), { before, tokens: [...tokens] });
}

const labelOf = ({ model, step }: ModelName) => (step === undefined ? model : `${model}, step ${step}`);

function drawKey(
  { model, step }: ModelName,
  unit: { hash: string; prompt: PromptRow; drawSet: string; draw: number },
): string {
  const { task, promptHash, problem } = unit.prompt;
  return [model, step ?? "", unit.hash, task, promptHash, problem, unit.drawSet, unit.draw].join("\u0000");
}

/** The key of a drawn response that is in the run already. */
function rowKey(row: Row): string {
  if (row.kind !== "response" || row.role !== "draw") return "";
  const { model, step, samplingHash: hash, task, promptHash, problem, drawSet, draw } = row;
  return [model, step ?? "", hash, task, promptHash, problem, drawSet, draw].join("\u0000");
}

/** Draws are numbered for good within one seed; those of another are others. */
const drawSetOf = ({ seed }: GenerateOptions): string => (seed === "0" ? "" : `seed ${seed}`);

function printSummary(
  summaries: readonly Summary[],
  result: {
    options: GenerateOptions;
    verifier: Verifier | undefined;
    chosen: readonly ChosenDraw[] | undefined;
  },
): void {
  const { options, chosen } = result;
  if (options.json) {
    printResult(
      jsonText({
        schema: "lmcov/generate@1",
        run: options.out,
        models: summaries,
        ...(chosen && { chosen }),
      }),
    );
    return;
  }
  for (const summary of summaries) {
    const { drawn, skipped, tokens, cut } = summary;
    const known = skipped > 0 ? `, ${countText(skipped)} there already` : "";
    printRemark(
      `• ${printable(labelOf(summary), 200)}: ${plural(drawn, "draw")}, ${plural(tokens, "token")}${known}`,
    );
    if (cut > 0 && summary.drawn > 0) {
      printRemark(`    ${countText(cut)} of ${countText(drawn)} ended at the token limit, not by themselves`);
    }
  }
  for (const { problem, draw, reward, ties, text } of chosen ?? []) {
    const shown =
      draw === undefined
        ? "no draw has a reward"
        : `draw ${draw} (${options.bestOf} ${reward?.toPrecision(4)}${ties === 1 ? "" : `, first of ${ties}`}): ${printable(text ?? "", 200)}`;
    printResult(`${printable(problem, 80)}: ${shown}`);
  }
  printRemark(`Next: lmcov report ${options.out}`);
}

function realOf(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("a number.");
}
