/** The teacher of a truncated distillation: another checkpoint, or its next-token distributions in a run folder or a file. */
import { isDeepStrictEqual } from "node:util";
import { readCheckpoint, transformerModel } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import { printable } from "../report/index.ts";
import type { Executor, FloatArray } from "../tensor/index.ts";
import {
  batchOf,
  type EncodedExample,
  type Example,
  modelTeacher,
  savedTeacher,
  type Teacher,
  type TeacherForm,
  type TeacherSource,
  wholeTeacher,
} from "../train/index.ts";
import { type PreparedModel, weightFiles } from "./train-model.ts";
import { exampleKey, likeliest, type SavedDistributions, savedDistributions } from "./train-teacher-saved.ts";

export interface PreparedTeacher {
  readonly teacher: Teacher;
  readonly form: TeacherForm;
  /** Words that belong beside every number made with it, such as that divergences are lower bounds. */
  readonly caveat?: string;
  /** Files that were read. */
  readonly files: readonly string[];
}

interface TeacherContext {
  readonly prepared: PreparedModel;
  readonly executor: Executor;
  readonly examples: readonly Example[];
  readonly encoded: readonly EncodedExample[];
}

/** Throws an error of name InputError where the teacher does not fit the model or the examples. */
export async function preparedTeacher(
  source: TeacherSource,
  given: TeacherContext,
): Promise<PreparedTeacher> {
  if (source.kind === "checkpoint") return checkpointTeacher(source.folder, given);
  if (given.encoded.length === 0) {
    throw new InputError(`${source.path}: holds distributions of a fixed set, not of fresh samples`);
  }
  const saved = await savedDistributions(source.path, {
    examples: given.examples,
    tokenizer: given.prepared.tokenizer.description,
    vocabularySize: given.prepared.config.vocabularySize,
  });
  const taught = distributionsTeacher(source, saved, given);
  await checkAll(taught.teacher, given);
  return { ...taught, files: saved.files };
}

async function checkpointTeacher(
  folder: string,
  { prepared, executor }: TeacherContext,
): Promise<PreparedTeacher> {
  const { config, parameters, tokenizer } = await readCheckpoint(folder);
  if (config.vocabularySize !== prepared.config.vocabularySize) {
    throw new InputError(
      `${folder}: the teacher has a vocabulary of ${config.vocabularySize}, the model ${prepared.config.vocabularySize}`,
    );
  }
  if (tokenizer !== undefined && !isDeepStrictEqual(tokenizer.description, prepared.tokenizer.description)) {
    throw new InputError(`${folder}: the teacher's tokenizer is not the model's`);
  }
  if (config.contextLength < prepared.config.contextLength) {
    throw new InputError(
      `${folder}: the teacher has a context of ${config.contextLength}, the model ${prepared.config.contextLength}`,
    );
  }
  const model = transformerModel(config);
  return {
    teacher: modelTeacher({ model, parameters, executor }),
    form: "full",
    files: await weightFiles(folder),
  };
}

function distributionsTeacher(
  source: Extract<TeacherSource, { kind: "distributions" }>,
  { byExample }: SavedDistributions,
  { executor, prepared, examples, encoded }: TeacherContext,
): Omit<PreparedTeacher, "files"> {
  const { vocabularySize } = prepared.config;
  const savedOf = new Map(encoded.map((item, index) => [item, byExample.get(exampleKey(examples[index]!))]));
  const all = [...byExample.values()];
  if (source.top === undefined && all.every(({ isWhole }) => isWhole)) {
    const logProbabilitiesOf = (example: EncodedExample) => savedOf.get(example)?.logProbabilities;
    return { teacher: wholeTeacher({ vocabularySize, executor, logProbabilitiesOf }), form: "full" };
  }
  const widest = all.reduce((most, { top }) => Math.max(most, top), 1);
  const top = Math.min(source.top ?? widest, widest, vocabularySize);
  const tokens = new Map(
    [...savedOf].map(([example, saved]) => [example, saved && likeliest(saved, top)] as const),
  );
  const tokensOf = (example: EncodedExample) => tokens.get(example);
  const partial = [...tokens.values()].some((entry) => entry !== undefined && entry.lacking > 1e-6);
  return {
    teacher: savedTeacher({ top, vocabularySize, executor, tokensOf }),
    form: { top },
    ...(partial && {
      caveat: `${printable(source.path, 200)}: step divergences from at most ${top} likely tokens and the remainder are lower bounds of the KL`,
    }),
  };
}

/** Every example's distributions are fed once, so that a bad one is met before training and not within it. */
async function checkAll(teacher: Teacher, given: TeacherContext): Promise<void> {
  const allocate = (size: number) => given.executor.allocate([size]).data as FloatArray;
  for (const [index, example] of given.encoded.entries()) {
    const batch = batchOf([example], { length: example.tokens.length - 1, allocate });
    await teacher.inputs(batch, [example]).catch((error: unknown) => {
      throw new InputError(
        `${given.examples[index]?.place ?? `example ${index + 1}`}: ${(error as Error).message}`,
      );
    });
  }
}
