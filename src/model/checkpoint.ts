/**
 * Checkpoints are folders as Hugging Face's transformers writes them for GPT2LMHeadModel: config.json, model.safetensors
 * with GPT-2's parameter names, the tokenizer's files, and training.json for what a training wants to remember.
 */
import { join } from "node:path";
import { type NamedValues, shapeSize, type TensorValue } from "../tensor/index.ts";
import { huggingFaceConfig } from "./checkpoint-config.ts";
import { replaceFolder, writeText } from "./checkpoint-file.ts";
import { configFile, openCheckpoint, trainingFile, weightsFile } from "./checkpoint-reader.ts";
import { writeSafetensors } from "./safetensors-writer.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { checkTokenizer, tokenizerFiles } from "./tokenizer-files.ts";
import { parameterShapes } from "./transformer.ts";
import type { TransformerConfig } from "./transformer-config.ts";

/**
 * A transformer on disk as Hugging Face's transformers writes GPT-2: configuration, parameters, tokenizer, training
 * record.
 */
export interface Checkpoint {
  readonly config: TransformerConfig;
  /** Float32 under Hugging Face's names, exactly those of `parameterShapes(config)`. */
  readonly parameters: NamedValues;
  readonly tokenizer?: Tokenizer | undefined;
  /** Whatever training.json holds, such as step and configuration; plain JSON. */
  readonly training?: unknown;
}

/**
 * Writes a checkpoint, atomically: a folder that exists is complete and on disk. An older checkpoint of the same name
 * gives way. Float64 parameters are rounded to float32.
 *
 * @throws RangeError naming a parameter that is missing, unknown or of another shape.
 * @throws UnusableCheckpointError if the folder holds something else, or the tokenizer is another model's.
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { config, parameters, tokenizer, training } = checkpoint;
  checkParameters(config, parameters);
  if (tokenizer !== undefined) checkTokenizer(tokenizer, config.vocabularySize, folder);
  const files = {
    [configFile]: `${JSON.stringify(huggingFaceConfig(config, tokenizer), undefined, 2)}\n`,
    ...(tokenizer !== undefined && tokenizerFiles(tokenizer)),
    ...(training !== undefined && { [trainingFile]: `${JSON.stringify(training, undefined, 2)}\n` }),
  };
  await replaceFolder(folder, {
    mayReplace: (names) => names.includes(configFile) && names.includes(weightsFile),
    fill: async (temporary) => {
      for (const [name, text] of Object.entries(files)) await writeText(temporary, name, text);
      // transformers refuses a file whose metadata does not say for which library it is.
      await writeSafetensors(join(temporary, weightsFile), parameters, { format: "pt" });
    },
  });
}

function checkParameters(config: TransformerConfig, parameters: NamedValues): void {
  const shapes = parameterShapes(config);
  for (const [name, shape] of Object.entries(shapes)) {
    const value = parameters[name];
    const found = value === undefined ? "missing" : `[${value.shape.join(", ")}]`;
    const expected = `[${shape.join(", ")}]`;
    if (found !== expected) throw new RangeError(`shape of ${name} is ${found}: must be ${expected}`);
  }
  const unknown = Object.keys(parameters).find((name) => !Object.hasOwn(shapes, name));
  if (unknown !== undefined) throw new RangeError(`parameter is ${unknown}: not one of this configuration`);
}

/**
 * Reads a checkpoint: ours, or a GPT-2 of others, with or without the prefix `transformer.`, in one file or in shards,
 * of type F32, F16, BF16 or F64 (rounded to float32). The causal masks that old files carry are left out.
 *
 * @throws UnusableCheckpointError naming file and tensor: another architecture, a missing or unknown tensor, another
 * shape than the configuration says, a damaged file, a tokenizer that does not belong to the model.
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const opened = await openCheckpoint(folder);
  try {
    const parameters: Record<string, TensorValue> = {};
    for (const name of Object.keys(parameterShapes(opened.config))) {
      parameters[name] = await opened.read(name);
    }
    const { config, tokenizer, training } = opened;
    return { config, parameters, tokenizer, training };
  } finally {
    await opened.close();
  }
}

/**
 * Number of parameters.
 *
 * @example
 * const config = { vocabularySize: 5, contextLength: 8, layers: 1, heads: 2, width: 4, tiedEmbeddings: true, layerNormEpsilon: 1e-5 };
 * parameterCount(config); // 304
 */
export function parameterCount(config: TransformerConfig): number {
  return Object.values(parameterShapes(config)).reduce((sum, shape) => sum + shapeSize(shape), 0);
}
