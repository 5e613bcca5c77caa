/** The configuration of a training from its file: YAML or JSON, paths relative to the file. */
import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { parse } from "yaml";
import { InputError } from "../record/index.ts";
import { type TrainingConfig, trainingConfig } from "../train/index.ts";

/** Throws InputError naming the file and what is wrong. */
export async function readTrainingConfig(path: string): Promise<TrainingConfig> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new InputError(`${path}: no such file`);
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new InputError(`${path}: is not YAML or JSON: ${(error as Error).message.split("\n")[0]}`);
  }
  return withPaths(trainingConfig(value, path), dirname(resolve(path)));
}

/** The run folder where none is given: `runs/NAME`. */
export function defaultRunFolder(config: TrainingConfig, path: string): string {
  return `runs/${config.name ?? basename(path).replace(/\.(?:ya?ml|json)$/i, "")}`;
}

/** Paths made absolute, so that a run can be resumed from anywhere. */
function withPaths(config: TrainingConfig, folder: string): TrainingConfig {
  const absolute = (path: string) => resolve(folder, path);
  const { data, evaluation, from, tokenizer, loss } = config;
  return {
    ...config,
    ...(from !== undefined && { from: absolute(from) }),
    ...(tokenizer !== undefined && { tokenizer: isPath(tokenizer) ? absolute(tokenizer) : tokenizer }),
    rule: withTeacherPaths(config.rule, absolute),
    loss: typeof loss === "string" ? loss : withTeacherPaths(loss, absolute),
    data: { ...data, ...(data.file !== undefined && { file: absolute(data.file) }) },
    ...(evaluation !== undefined && {
      evaluation: {
        ...evaluation,
        ...(evaluation.file !== undefined && { file: absolute(evaluation.file) }),
      },
    }),
  };
}

/** A truncated loss names its teacher by folder or file. */
export function withTeacherPaths<Named extends Record<string, unknown>>(
  named: Named,
  absolute: (path: string) => string,
): Named {
  const paths = ["teacher", "distributions"].flatMap((key) => {
    const path = named[key];
    return typeof path === "string" && path !== "" ? [[key, absolute(path)]] : [];
  });
  return { ...named, ...Object.fromEntries(paths) };
}

const isPath = (tokenizer: string) => tokenizer.includes("/") || tokenizer.endsWith(".json");
