/** The model that a configuration names: sizes, starting parameters, tokenizer, and how its checkpoints are written. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  checkTokenizer,
  gpt2Initialisation,
  initialParameters,
  type LanguageModel,
  readCheckpoint,
  scaledInitialisation,
  type Tokenizer,
  type TransformerConfig,
  tokenizerNamed,
  transformerModel,
  writeCheckpoint,
} from "../model/index.ts";
import type { RandomGenerator } from "../numeric/index.ts";
import { InputError } from "../record/index.ts";
import type { NamedValues } from "../tensor/index.ts";
import type { Example, TrainingConfig } from "../train/index.ts";

export interface PreparedModel {
  readonly config: TransformerConfig;
  readonly model: LanguageModel;
  readonly parameters: NamedValues;
  readonly tokenizer: Tokenizer;
  /** Files that were read. */
  readonly files: readonly string[];
  write(
    folder: string,
    given: { readonly parameters: NamedValues; readonly training: unknown },
  ): Promise<void>;
}

/** Throws an error of name InputError where tokenizer and model cannot go together, naming both. */
export async function prepareModel(
  config: TrainingConfig,
  given: { readonly examples: readonly Example[]; readonly generator: RandomGenerator },
): Promise<PreparedModel> {
  const named =
    config.tokenizer === undefined
      ? undefined
      : await tokenizerNamed(config.tokenizer, texts(given.examples));
  const tokenizerFiles = config.tokenizer?.endsWith(".json") ? [config.tokenizer] : [];
  if (config.from !== undefined) {
    const start = await readCheckpoint(config.from);
    const tokenizer = matchingTokenizer(config, start.tokenizer, named);
    checkTokenizer(tokenizer, start.config.vocabularySize, config.tokenizer ?? config.from);
    return prepared(start.config, start.parameters, tokenizer, [
      ...tokenizerFiles,
      ...(await weightFiles(config.from)),
    ]);
  }
  if (named === undefined || config.model === undefined) throw new InputError("model: is missing");
  const { layers, heads, width, context, tiedEmbeddings, initialisation } = config.model;
  const sizes: TransformerConfig = {
    vocabularySize: named.vocabularySize,
    contextLength: context,
    layers,
    heads,
    width,
    tiedEmbeddings,
    layerNormEpsilon: 1e-5,
  };
  checkSize(sizes);
  const start = initialisation === "scaled" ? scaledInitialisation : gpt2Initialisation;
  return prepared(sizes, initialParameters(sizes, given.generator, start), named, tokenizerFiles);
}

/** Training holds the parameters twice, in float32 at least: refused where the machine's memory cannot. */
function checkSize({ vocabularySize, contextLength, layers, width }: TransformerConfig): void {
  const least = layers * 12 * width ** 2 + (vocabularySize + contextLength) * width;
  const memory = totalmem();
  if (8 * least <= memory) return;
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  throw new InputError(
    `model: has at least ${least} parameters, whose training takes more than ${gigabytes(8 * least)}; this machine has ${gigabytes(memory)}`,
  );
}

function prepared(
  config: TransformerConfig,
  parameters: NamedValues,
  tokenizer: Tokenizer,
  files: readonly string[],
): PreparedModel {
  return {
    config,
    model: transformerModel(config),
    parameters,
    tokenizer,
    files,
    write: (folder, given) => writeCheckpoint(folder, { config, tokenizer, ...given }),
  };
}

/** The checkpoint's own tokenizer, which another one must equal; the named one where the checkpoint has none. */
function matchingTokenizer(
  config: TrainingConfig,
  own: Tokenizer | undefined,
  named: Tokenizer | undefined,
): Tokenizer {
  const tokenizer = own ?? named;
  if (tokenizer === undefined) throw new InputError(`tokenizer: ${config.from} has none, so name one`);
  if (named !== undefined && !isDeepStrictEqual(named.description, tokenizer.description)) {
    throw new InputError(
      `tokenizer: ${config.tokenizer} is not the one that the checkpoint ${config.from} was trained with (${tokenizer.description.kind}); leave it out to use that`,
    );
  }
  return tokenizer;
}

function* texts(examples: readonly Example[]): Generator<string> {
  for (const { prompt, response } of examples) yield prompt + response;
}

/** The files of a checkpoint that decide what it computes. */
export async function weightFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /\.(?:json|safetensors)$/.test(name));
  return names
    .filter((name) => name !== "training.json")
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path));
}
