/** Draws of one checkpoint: each from a stream of random numbers of its own, those that the run holds already left out. */
import { type Filter, type Generation, generate } from "../decode/index.ts";
import { continuationText, tokenTexts } from "../model/index.ts";
import { randomGenerator } from "../numeric/index.ts";
import { checkpointName, InputError, type Row, samplingHash } from "../record/index.ts";
import type { Verifier } from "../verifier/index.ts";
import type { CheckpointPlace } from "./generate-checkpoints.ts";
import { type EngineOptions, type LocalModel, openLocalModel } from "./generate-model.ts";
import { type PromptRow, placeOf, promptTokens } from "./generate-prompts.ts";
import { type DrawSettings, drawRows, type ModelName, samplingOf, steppedName } from "./generate-rows.ts";
import { finishedKeys, writeInChunks } from "./generate-run.ts";

export interface DrawRequest {
  /** The run folder. */
  readonly folder: string;
  /** The table of prompts that was read. */
  readonly input: string;
  readonly prompts: readonly PromptRow[];
  /** Draws of each prompt. */
  readonly draws: number;
  readonly settings: DrawSettings;
  /** What the settings leave of the model's distribution. */
  readonly filter: Filter | undefined;
  readonly seed: string;
  readonly verifier: Verifier | undefined;
  readonly engine: EngineOptions;
}

/** What became of one checkpoint's draws. */
export interface DrawSummary extends ModelName {
  readonly drawn: number;
  /** Draws that the run held already. */
  readonly skipped: number;
  readonly tokens: number;
  /** Draws that met the limit of tokens before their end. */
  readonly cut: number;
}

/** One draw to make. */
interface Unit {
  readonly prompt: PromptRow;
  readonly draw: number;
}

/** Draws are numbered for good within one seed; those of another are others. */
export const drawSetOf = (seed: string): string => (seed === "0" ? "" : `seed ${seed}`);

/** Keys of the draws that the run folder holds. */
export const drawnKeys = (folder: string): Promise<Set<string>> => finishedKeys(folder, "responses", rowKey);

/** Makes a checkpoint's draws that are not in `finished`, which takes up their keys; `onProgress` counts them. */
export async function drawFrom(
  checkpoint: CheckpointPlace,
  request: DrawRequest,
  given: { readonly finished: Set<string>; readonly onProgress: (count: number, label: string) => void },
): Promise<DrawSummary> {
  const { prompts, draws, settings, verifier } = request;
  const { testTimeTraining } = settings;
  const name = steppedName(checkpoint.name, testTimeTraining);
  const sampling = samplingOf(settings);
  const hash = samplingHash(sampling);
  const drawSet = drawSetOf(request.seed);
  const keyOf = ({ prompt, draw }: Unit) => drawKey(name, { hash, prompt, drawSet, draw });
  const units = unitsOf(prompts, draws).filter((unit) => {
    const key = keyOf(unit);
    if (given.finished.has(key)) return false;
    given.finished.add(key);
    return true;
  });
  const skipped = prompts.length * draws - units.length;
  const made = { drawn: 0, tokens: 0, cut: 0 };
  if (units.length === 0) return { ...name, ...made, skipped };
  const model = await openLocalModel(checkpoint, { ...request.engine, testTimeTraining });
  const context = {
    name,
    sampling,
    samplingHash: hash,
    verifier,
    rewarded: verifier !== undefined,
    method: model.method,
  };
  const rowsOf = async (chunk: readonly Unit[]): Promise<Row[]> => {
    const before = skipped + made.drawn;
    const onProgress = (count: number) => given.onProgress(before + count, checkpointName(name));
    const drawn = await drawChunk(chunk, { model, name, request, onProgress });
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
  };
  const { folder, input } = request;
  await writeInChunks(units, { folder, origin: "generate", input }, { keyOf, rowsOf });
  await model.release();
  return { ...name, ...made, skipped };
}

function unitsOf(prompts: readonly PromptRow[], draws: number): Unit[] {
  return prompts.flatMap((prompt) => Array.from({ length: draws }, (_, draw) => ({ prompt, draw })));
}

async function drawChunk(
  chunk: readonly Unit[],
  at: {
    readonly model: LocalModel;
    readonly name: ModelName;
    readonly request: DrawRequest;
    readonly onProgress: (count: number) => void;
  },
): Promise<Generation[]> {
  const { model, name, request, onProgress } = at;
  const { settings, filter } = request;
  const streams = randomGenerator(request.seed).split(checkpointName(name));
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
  return generate(model.decoder, requests, { batch: request.engine.batch, onProgress });
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
