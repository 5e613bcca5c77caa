/** What a training's numbers depend on, recorded in its run folder and compared before it goes on. */
import { arch, cpus, platform } from "node:os";
import { InputError } from "../record/index.ts";
import { printable } from "../report/index.ts";
import { isRunFolder, type RunDescription, readRunDescription } from "../store/index.ts";
import type { TrainingConfig } from "../train/index.ts";
import { fileFingerprint } from "./file-fingerprint.ts";
import { printRemark } from "./print.ts";
import { softwareVersions } from "./version.ts";

export interface TrainingIdentity {
  readonly software: Readonly<Record<string, string>>;
  /** Engine, its version, device and threads. */
  readonly engine: string;
  readonly processor: string;
  /** SHA-256 of every file read. */
  readonly files: Readonly<Record<string, string>>;
  readonly config: TrainingConfig;
}

export async function trainingIdentity(given: {
  readonly config: TrainingConfig;
  readonly engine: string;
  readonly files: readonly string[];
}): Promise<TrainingIdentity> {
  const files: Record<string, string> = {};
  for (const path of given.files) files[path] = await fileFingerprint(path);
  return {
    software: softwareVersions(),
    engine: given.engine,
    processor: `${platform()} ${arch()}, ${cpus()[0]?.model ?? "unknown processor"}`,
    files,
    config: given.config,
  };
}

/** What differs between a run's record and now, one clause each; empty if the run goes on bit for bit. */
export function differences(recorded: TrainingIdentity, now: TrainingIdentity): string[] {
  const before = flat(recorded);
  const after = flat(now);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    return was === is ? [] : [`${name} was ${was ?? "absent"} and is ${is ?? "absent"}`];
  });
}

/** The identity in a run's description; throws InputError for a run of another kind. */
export function recordedIdentity(folder: string, description: RunDescription): TrainingIdentity {
  const { training, software } = description;
  if (typeof training !== "object" || training === null) {
    throw new InputError(`${folder}: is a run of lmcov ${description.command[0] ?? ""}, not a training`);
  }
  return { software, ...(training as Omit<TrainingIdentity, "software">) };
}

/** Checks that what is in the run folder can be continued; returns what differs from how it began. */
export async function checkedDifferences(
  folder: string,
  identity: TrainingIdentity,
  allowDifferent: boolean,
): Promise<readonly string[]> {
  let found: string[] = [];
  if (isRunFolder(folder)) {
    found = differences(recordedIdentity(folder, await readRunDescription(folder)), identity);
    if (found.length > 0) {
      const what = found.slice(0, 4).join("; ") + (found.length > 4 ? `; and ${found.length - 4} more` : "");
      if (!allowDifferent) {
        throw new InputError(
          `${folder}: would not continue as it began: ${what}. --allow-different continues all the same, another --out begins anew`,
        );
      }
      printRemark(`• continued although it will not equal an undisturbed run: ${printable(what, 800)}`);
    }
  }
  return found;
}

/** Leaves of nested objects by their path. */
function flat(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    if (value !== undefined) found.set(path, JSON.stringify(value));
    return found;
  }
  for (const [key, item] of Object.entries(value)) flat(item, path === "" ? key : `${path}.${key}`, found);
  return found;
}
