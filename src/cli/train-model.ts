/** The model that a configuration names: sizes, starting parameters, tokenizer, and how its checkpoints are written. */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  gpt2Initialisation,
  initialParameters,
  type LanguageModel,
  scaledInitialisation,
  transformerModel,
} from "../model/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import type { NamedValues } from "../tensor/index.ts";
import type { Example, TextEncoder, TrainingConfig } from "../train/index.ts";

export interface PreparedModel {
  readonly model: LanguageModel;
  readonly parameters: NamedValues;
  readonly tokenizer: TextEncoder & { decode(ids: readonly number[]): string };
  readonly contextLength: number;
  /** Files that were read. */
  readonly files: readonly string[];
  write(folder: string, parameters: NamedValues): Promise<void>;
}

const bytes = 256;
const byteTokenizer = {
  vocabularySize: bytes + 1,
  endOfSequence: bytes,
  encode: (text: string) => [...Buffer.from(text)],
  decode: (ids: readonly number[]) => Buffer.from(ids.filter((id) => id < bytes)).toString(),
};

/** Throws InputError where tokenizer and model cannot go together. */
export async function prepareModel(
  config: TrainingConfig,
  given: { readonly examples: readonly Example[]; readonly generator: RandomGenerator },
): Promise<PreparedModel> {
  const { model: sizes, tokenizer } = config;
  if (tokenizer !== "bytes")
    throw new InputError(`tokenizer: ${tokenizer ?? config.from}: only bytes is known`);
  if (sizes === undefined) throw new InputError(`from: ${config.from}: checkpoints are not read yet`);
  const { layers, heads, width, context, tiedEmbeddings } = sizes;
  const transformer = {
    vocabularySize: byteTokenizer.vocabularySize,
    contextLength: context,
    layers,
    heads,
    width,
    tiedEmbeddings,
    layerNormEpsilon: 1e-5,
  };
  const initialisation = sizes.initialisation === "scaled" ? scaledInitialisation : gpt2Initialisation;
  return {
    model: transformerModel(transformer),
    parameters: initialParameters(transformer, given.generator, initialisation),
    tokenizer: byteTokenizer,
    contextLength: context,
    files: [],
    write: async (folder, parameters) => {
      await rm(`${folder}.tmp`, { recursive: true, force: true });
      await mkdir(`${folder}.tmp`, { recursive: true });
      const content = Object.values(parameters).map(({ data }) =>
        Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      );
      await writeFile(join(`${folder}.tmp`, "parameters.bin"), Buffer.concat(content));
      await rm(folder, { recursive: true, force: true });
      await rename(`${folder}.tmp`, folder);
    },
  };
}
