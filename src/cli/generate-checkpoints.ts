/** Which checkpoints the words of a command line mean: single folders, or the checkpoints of a training run. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type TrainingRecord, trainingRecord } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import { listText } from "../report/index.ts";
import type { ModelName } from "./generate-rows.ts";

/** A checkpoint's folder and what rows call it. */
export interface CheckpointPlace {
  readonly folder: string;
  readonly name: ModelName;
}

const stepPattern = /^step-(\d+)$/;

/**
 * The checkpoints behind paths. A run stands for all its checkpoints, or those that `step` chooses: `all`, `last`, or a list
 * such as `100,200`. `name` renames the model. Throws InputError naming a path that is neither, or a step that is not there.
 */
export async function findCheckpoints(
  words: readonly string[],
  options: { readonly step?: string | undefined; readonly name?: string | undefined },
): Promise<CheckpointPlace[]> {
  if (options.name !== undefined && words.length > 1) {
    throw new InputError(`--name ${options.name}: names one model, and ${words.length} are given`);
  }
  const places: CheckpointPlace[] = [];
  for (const word of words) places.push(...(await placesOf(word, options)));
  const seen = new Map<string, string>();
  for (const { folder, name } of places) {
    const label = `${name.model}\u0000${name.step ?? ""}`;
    const other = seen.get(label);
    if (other !== undefined && resolve(other) !== resolve(folder)) {
      throw new InputError(`${folder}: has the same name as ${other}; give them to two commands with --name`);
    }
    seen.set(label, folder);
  }
  return places;
}

/** The one checkpoint behind a path; throws InputError as `findCheckpoints` does, or where a run has several. */
export async function findCheckpoint(
  word: string,
  options: { readonly step?: string | undefined; readonly name?: string | undefined },
): Promise<CheckpointPlace> {
  const places = await findCheckpoints([word], options);
  const [place] = places;
  if (place !== undefined && places.length === 1) return place;
  throw new InputError(`${word}: has ${places.length} checkpoints; choose one with --step last or --step N`);
}

async function placesOf(
  word: string,
  { step, name }: { readonly step?: string | undefined; readonly name?: string | undefined },
): Promise<CheckpointPlace[]> {
  if (!existsSync(word)) throw new InputError(`${word}: no such folder`);
  if (existsSync(join(word, "config.json"))) return [{ folder: word, name: await nameOf(word, name) }];
  const holder = join(word, "checkpoints");
  const entries = existsSync(holder) ? await readdir(holder) : [];
  const steps = entries
    .filter((entry) => stepPattern.test(entry) && existsSync(join(holder, entry, "config.json")))
    .sort((left, right) => stepOf(left)! - stepOf(right)!);
  if (steps.length === 0) {
    throw new InputError(
      `${word}: is neither a checkpoint (config.json, model.safetensors) nor a training run with checkpoints`,
    );
  }
  const folders = selected(steps, step, word).map((entry) => join(holder, entry));
  return Promise.all(folders.map(async (found) => ({ folder: found, name: await nameOf(found, name) })));
}

function selected(entries: readonly string[], step: string | undefined, word: string): readonly string[] {
  if (step === undefined || step === "all") return entries;
  if (step === "last") return entries.slice(-1);
  return step.split(",").map((text) => {
    const entry = entries.find((candidate) => stepOf(candidate) === Number(text) && text.trim() !== "");
    if (entry !== undefined) return entry;
    throw new InputError(
      `--step ${step}: ${word} has ${listText(
        entries.map((known) => String(stepOf(known))),
        12,
      )}`,
    );
  });
}

const stepOf = (entry: string): number | undefined => {
  const digits = stepPattern.exec(entry)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** `RUN/checkpoints/step-N` is step N of the training in RUN; another folder is called by its own name. */
async function nameOf(place: string, name: string | undefined): Promise<ModelName> {
  const folder = resolve(place);
  const step = stepOf(basename(folder));
  if (step === undefined || basename(dirname(folder)) !== "checkpoints") {
    return { model: name ?? basename(folder) };
  }
  return { model: name ?? (await recordOf(folder)).name ?? basename(dirname(dirname(folder))), step };
}

/**
 * What a checkpoint's training.json says; a run folder may have been renamed since. Throws InputError that says why the file
 * cannot be read, where it is not JSON, or which field is wrong.
 */
export async function recordOf(folder: string): Promise<TrainingRecord> {
  const path = join(folder, "training.json");
  if (!existsSync(path)) return {};
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new InputError(`${path}: cannot be read: ${error.message}`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: is not JSON: ${(error as Error).message}`);
  }
  return trainingRecord(value, path);
}
