/** Opens a checkpoint: everything is checked by name and shape before any tensor is read. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { TensorValue } from "../tensor/index.ts";
import { type SpecialTokenIds, transformerConfigFromHuggingFace } from "./checkpoint-config.ts";
import { UnusableCheckpointError } from "./checkpoint-error.ts";
import { readJson } from "./checkpoint-file.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";
import { quoted, type SafetensorsEntry } from "./safetensors-header.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { checkTokenizer, readTokenizer } from "./tokenizer-files.ts";
import { parameterShapes } from "./transformer.ts";
import type { TransformerConfig } from "./transformer-config.ts";

export const configFile = "config.json";
export const weightsFile = "model.safetensors";
const indexFile = "model.safetensors.index.json";
export const trainingFile = "training.json";

const longestConfig = 1 << 20;
const longestIndex = 64 << 20;
const longestTraining = 64 << 20;
const mostShards = 1000;

/** An open checkpoint; close it. */
export interface OpenCheckpoint {
  readonly config: TransformerConfig;
  readonly tokenizer?: Tokenizer | undefined;
  readonly training?: unknown;
  /** How each parameter is stored, under Hugging Face's full name. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** One parameter as float32; throws UnusableCheckpointError where an entry is not finite. */
  read(name: string): Promise<TensorValue>;
  close(): Promise<void>;
}

/**
 * Opens a checkpoint folder and checks it: configuration, names, shapes, tokenizer. No parameter is read yet, unless a
 * tied model stores its output head again, which is compared.
 *
 * @throws UnusableCheckpointError naming the file, and the tensor with the shape that it should have.
 */
export async function openCheckpoint(folder: string): Promise<OpenCheckpoint> {
  const { config, special } = await readConfig(folder);
  const tokenizer = await readTokenizer(folder, special);
  if (tokenizer !== undefined) checkTokenizer(tokenizer, config.vocabularySize, folder);
  const training = await readJson(join(folder, trainingFile), longestTraining);
  const files: SafetensorsFile[] = [];
  const close = async () => {
    for (const file of files) await file.close();
  };
  try {
    const stored = await openWeights(folder, files);
    const opened = { config, tokenizer, training, entries: entriesOf(stored), close };
    const read = (name: string) => readParameter(stored, name, folder);
    checkTensors(config, opened.entries, folder);
    if (config.tiedEmbeddings && stored.has(head)) {
      await checkTied(read, folder);
      opened.entries.delete(head);
    }
    return { ...opened, read };
  } catch (error) {
    await close();
    throw error;
  }
}

const head = "lm_head.weight";
const embeddings = "transformer.wte.weight";
/** Causal masks that older versions of transformers stored with the parameters. */
const isMask = (name: string) => /^transformer\.h\.[0-9]+\.attn\.(?:bias|masked_bias)$/.test(name);

async function readConfig(
  folder: string,
): Promise<{ readonly config: TransformerConfig; readonly special: SpecialTokenIds }> {
  const path = join(folder, configFile);
  const value = await readJson(path, longestConfig);
  if (value === undefined) {
    const isThere = await stat(folder).catch(() => undefined);
    throw new UnusableCheckpointError(
      isThere === undefined ? `${folder}: no such folder` : `${folder}: has no config.json: not a checkpoint`,
    );
  }
  const config = transformerConfigFromHuggingFace(value, path);
  const id = (key: string): number | undefined => {
    const found = (value as Record<string, unknown>)[key];
    return typeof found === "number" && Number.isInteger(found) && found >= 0 && found < config.vocabularySize
      ? found
      : undefined;
  };
  return {
    config,
    special: {
      beginningOfSequence: id("bos_token_id"),
      endOfSequence: id("eos_token_id"),
      padding: id("pad_token_id"),
    },
  };
}

interface StoredTensor {
  readonly file: SafetensorsFile;
  readonly storedName: string;
  readonly entry: SafetensorsEntry;
}

/** The tensors under full names, from one file or from the shards that an index names. */
async function openWeights(folder: string, files: SafetensorsFile[]): Promise<Map<string, StoredTensor>> {
  const stored = new Map<string, StoredTensor>();
  for (const path of await weightPaths(folder)) {
    const file = await openSafetensors(path);
    files.push(file);
    for (const [storedName, entry] of file.entries) {
      const name = fullName(storedName);
      if (isMask(name)) continue;
      if (stored.has(name)) {
        throw new UnusableCheckpointError(`${path}: tensor ${quoted(storedName)}: is there twice`);
      }
      stored.set(name, { file, storedName, entry });
    }
  }
  return stored;
}

/** Files of the bare GPT2Model leave the prefix out. */
function fullName(storedName: string): string {
  return storedName === head || storedName.startsWith("transformer.")
    ? storedName
    : `transformer.${storedName}`;
}

const shardIndex = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

async function weightPaths(folder: string): Promise<string[]> {
  const single = join(folder, weightsFile);
  if ((await stat(single).catch(() => undefined)) !== undefined) return [single];
  const path = join(folder, indexFile);
  const value = await readJson(path, longestIndex);
  if (value === undefined) throw new UnusableCheckpointError(`${folder}: has no ${weightsFile}`);
  const parsed = shardIndex.safeParse(value);
  if (!parsed.success) throw new UnusableCheckpointError(`${path}: has no weight_map of names to files`);
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort();
  const strange = names.find((name) => !/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}\.safetensors$/.test(name));
  if (strange !== undefined) {
    throw new UnusableCheckpointError(`${path}: ${quoted(strange)} is not the name of a file beside it`);
  }
  if (names.length > mostShards) {
    throw new UnusableCheckpointError(`${path}: names ${names.length} files, more than ${mostShards}`);
  }
  return names.map((name) => join(folder, name));
}

const entriesOf = (stored: ReadonlyMap<string, StoredTensor>): Map<string, SafetensorsEntry> =>
  new Map([...stored].map(([name, { entry }]) => [name, entry]));

function checkTensors(
  config: TransformerConfig,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  folder: string,
): void {
  const refuse = (name: string, reason: string): never => {
    throw new UnusableCheckpointError(`${folder}: tensor ${quoted(name)}: ${reason}`);
  };
  const shapes = new Map(Object.entries(parameterShapes(config)));
  for (const [name, shape] of shapes) {
    const expected = `[${shape.join(", ")}]`;
    const found =
      entries.get(name) ?? refuse(name, `is missing; config.json says that it has the shape ${expected}`);
    const actual = `[${found.shape.join(", ")}]`;
    if (actual !== expected) refuse(name, `has the shape ${actual}; config.json says ${expected}`);
    if (!["F32", "F16", "BF16", "F64"].includes(found.type)) {
      refuse(name, `is of type ${found.type}; parameters are F32, F16, BF16 or F64`);
    }
  }
  for (const name of entries.keys()) {
    if (shapes.has(name) || (name === head && config.tiedEmbeddings)) continue;
    refuse(name, "is unknown: no parameter of the model that config.json describes");
  }
}

async function checkTied(read: (name: string) => Promise<TensorValue>, folder: string): Promise<void> {
  const [output, input] = [(await read(head)).data, (await read(embeddings)).data];
  if (output.length === input.length && output.every((value, index) => Object.is(value, input[index])))
    return;
  throw new UnusableCheckpointError(
    `${folder}: tensor ${quoted(head)}: differs from ${embeddings}, and config.json says that they are one (tie_word_embeddings)`,
  );
}

async function readParameter(
  stored: ReadonlyMap<string, StoredTensor>,
  name: string,
  folder: string,
): Promise<TensorValue> {
  const found = stored.get(name);
  if (found === undefined) throw new UnusableCheckpointError(`${folder}: tensor ${quoted(name)}: is missing`);
  const { shape, data } = await found.file.read(found.storedName);
  const values = data instanceof Float64Array ? Float32Array.from(data) : data;
  // A plain loop: a model of 10⁸ parameters is looked through in a fraction of a second.
  for (let index = 0; index < values.length; index += 1) {
    if (Number.isFinite(values[index])) continue;
    throw new UnusableCheckpointError(
      `${folder}: tensor ${quoted(name)}: entry ${index} is ${values[index]}: nothing can be computed from it`,
    );
  }
  return { shape, data: values };
}
