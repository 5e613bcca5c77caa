/** The files and trainings of a figure's plan: what is there is kept, what was interrupted goes on. */
import { existsSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../record/index.ts";
import type { FigurePlan, PlannedFile, PlannedTraining } from "../reproduce/index.ts";
import { asOnlyWriter, readRunDescription } from "../store/index.ts";
import { checkpointFolder, type TrainingConfig, trainingConfig } from "../train/index.ts";
import { printRemark } from "./print.ts";
import { progressLine } from "./progress.ts";
import { withTeacherPaths } from "./train-config.ts";
import { checkedDifferences, recordedIdentity, trainingIdentity } from "./train-identity.ts";
import { runToEnd } from "./train-run.ts";
import { prepareTraining } from "./train-setup.ts";

export interface ReproduceEngine {
  readonly device: string;
  readonly threads: number | undefined;
}

/** A planned training's configuration with its paths in the output folder. */
export function plannedConfig(
  { folder, config }: PlannedTraining,
  given: ReproduceEngine & { readonly out: string },
): TrainingConfig {
  const { device, threads, out } = given;
  const absolute = (path: string) => resolve(out, path);
  const checked = trainingConfig(
    { ...config, device, ...(threads !== undefined && { threads }) },
    `the plan's ${folder}`,
  );
  const { data, evaluation, from } = checked;
  return {
    ...checked,
    ...(from !== undefined && { from: absolute(from) }),
    rule: withTeacherPaths(checked.rule, absolute),
    data: { ...data, ...(data.file !== undefined && { file: absolute(data.file) }) },
    ...(evaluation?.file !== undefined && {
      evaluation: { ...evaluation, file: absolute(evaluation.file) },
    }),
  };
}

/** Writes the plan's files that are not there yet. */
export async function writeFiles({ files }: FigurePlan, out: string): Promise<void> {
  for (const file of files)
    if (!existsSync(join(out, file.path))) await writeRows(file, join(out, file.path));
}

const linesAtOnce = 1000;

async function writeRows(file: PlannedFile, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const progress = progressLine({ title: `writing ${file.path}` });
  // Several seeds may run side by side.
  const temporary = `${path}.${process.pid}.tmp`;
  const handle = await open(temporary, "w");
  try {
    let written = 0;
    let lines: string[] = [];
    const flush = async () => {
      if (lines.length > 0) await handle.write(lines.join(""));
      lines = [];
      progress.update(written);
    };
    for (const row of file.rows()) {
      lines.push(`${JSON.stringify(row)}\n`);
      written += 1;
      if (lines.length >= linesAtOnce) await flush();
    }
    await flush();
    await handle.sync();
  } finally {
    await handle.close();
    progress.finish();
  }
  await rename(temporary, path);
}

/** Runs a training to its last step; false where it was interrupted or diverged. */
export async function runPlannedTraining(
  planned: PlannedTraining,
  given: ReproduceEngine & { readonly out: string },
): Promise<boolean> {
  const folder = join(given.out, planned.folder);
  const config = plannedConfig(planned, given);
  if (existsSync(checkpointFolder(folder, config.steps))) {
    await requireSameConfig(folder, config);
    return true;
  }
  printRemark(`training ${planned.folder}: ${config.steps} steps of ${config.batch}`);
  const prepared = await prepareTraining(config, { folder });
  try {
    const { engine, files } = prepared;
    const identity = await trainingIdentity({ config: prepared.config, engine, files });
    const different = await checkedDifferences(folder, identity, false);
    const { software, ...training } = identity;
    const description = { software: { ...software }, command: ["train"], training };
    const done = await asOnlyWriter(folder, description, () => runToEnd(prepared, { folder, different }));
    return done?.end.finished ?? false;
  } finally {
    await prepared.release();
  }
}

/** A finished training of another configuration is not to be taken for the planned one; where it ran does not matter. */
async function requireSameConfig(folder: string, planned: TrainingConfig): Promise<void> {
  const { config } = recordedIdentity(folder, await readRunDescription(folder));
  const place = { device: "", threads: 0 };
  if (isDeepStrictEqual({ ...config, ...place }, { ...planned, ...place })) return;
  throw new InputError(
    `${folder}: was trained by another configuration than the one planned; choose another --out, or remove it`,
  );
}
