/** The teacher of a truncated distillation: another checkpoint, or a file with its next-token distributions. */
import { isDeepStrictEqual } from "node:util";
import { strictRecords } from "../importer/index.ts";
import { readCheckpoint, transformerModel } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import type { Executor, FloatArray } from "../tensor/index.ts";
import {
  batchOf,
  type EncodedExample,
  type Example,
  modelTeacher,
  savedTeacher,
  type Teacher,
  type TeacherSource,
  type TeacherTokens,
} from "../train/index.ts";
import { type PreparedModel, weightFiles } from "./train-model.ts";

export interface PreparedTeacher {
  readonly teacher: Teacher;
  /** Files that were read. */
  readonly files: readonly string[];
}

/** Throws an error of name InputError where the teacher does not fit the model or the examples. */
export async function preparedTeacher(
  source: TeacherSource,
  given: {
    readonly prepared: PreparedModel;
    readonly executor: Executor;
    readonly examples: readonly Example[];
    readonly encoded: readonly EncodedExample[];
  },
): Promise<PreparedTeacher> {
  if (source.kind === "checkpoint") return checkpointTeacher(source.folder, given);
  const { executor, prepared, examples, encoded } = given;
  const saved = await readDistributions(source.file, source.top);
  if (encoded.length === 0) {
    throw new InputError(`${source.file}: holds distributions of a fixed set, not of fresh samples`);
  }
  const byExample = new Map(encoded.map((item, index) => [item, saved.get(keyOf(examples[index]!))]));
  const teacher = savedTeacher({
    top: Math.min(source.top, prepared.config.vocabularySize),
    vocabularySize: prepared.config.vocabularySize,
    executor,
    tokensOf: (example) => byExample.get(example),
  });
  await checkAll(teacher, { executor, examples, encoded });
  return { teacher, files: [source.file] };
}

async function checkpointTeacher(
  folder: string,
  { prepared, executor }: { readonly prepared: PreparedModel; readonly executor: Executor },
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
  return { teacher: modelTeacher({ model, parameters, executor }), files: await weightFiles(folder) };
}

/** Rows with prompt, response, and for each response token ids and natural log-probabilities of likely tokens. */
async function readDistributions(file: string, top: number): Promise<Map<string, TeacherTokens>> {
  const found = new Map<string, TeacherTokens>();
  for await (const batch of strictRecords(file, ["prompt", "response", "ids", "logProbabilities"])) {
    for (const { record, line } of batch) {
      const { prompt, response } = record;
      if (typeof prompt !== "string" || typeof response !== "string") {
        throw new InputError(`${file}:${line}: prompt and response must be text`);
      }
      const ids = numberLists(record.ids);
      const logs = numberLists(record.logProbabilities);
      if (ids === undefined || logs === undefined || !sameLengths(ids, logs)) {
        throw new InputError(
          `${file}:${line}: ids and logProbabilities must be lists of equal lists of numbers, one a response token`,
        );
      }
      found.set(keyOf({ prompt, response }), teacherTokens(ids, logs, top));
    }
  }
  return found;
}

/** The likeliest tokens of each step, padded with probability 0. */
function teacherTokens(
  ids: readonly (readonly number[])[],
  logs: readonly (readonly number[])[],
  top: number,
): TeacherTokens {
  const width = Math.min(top, Math.max(0, ...ids.map(({ length }) => length)));
  const chosen = new Int32Array(ids.length * width);
  const probabilities = new Float64Array(ids.length * width);
  ids.forEach((step, index) => {
    const order = [...step.keys()].sort((left, right) => logs[index]![right]! - logs[index]![left]!);
    order.slice(0, width).forEach((entry, place) => {
      chosen[index * width + place] = step[entry]!;
      probabilities[index * width + place] = Math.exp(logs[index]![entry]!);
    });
  });
  return { top: width, ids: chosen, probabilities };
}

/** Every example's distributions are fed once, so that a bad one is met before training and not within it. */
async function checkAll(
  teacher: Teacher,
  given: {
    readonly executor: Executor;
    readonly examples: readonly Example[];
    readonly encoded: readonly EncodedExample[];
  },
): Promise<void> {
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

function numberLists(value: unknown): number[][] | undefined {
  if (!Array.isArray(value)) return undefined;
  const lists = value.map((item: unknown) => (isList(item) ? Array.from(item, Number) : undefined));
  return lists.every((list) => list?.every((number) => !Number.isNaN(number)))
    ? (lists as number[][])
    : undefined;
}

const isList = (value: unknown): value is ArrayLike<number> =>
  Array.isArray(value) || ArrayBuffer.isView(value);

const sameLengths = (left: readonly (readonly number[])[], right: readonly (readonly number[])[]): boolean =>
  left.length === right.length && left.every((list, index) => list.length === right[index]!.length);

const keyOf = ({ prompt, response }: Pick<Example, "prompt" | "response">) => `${prompt}\u0000${response}`;
