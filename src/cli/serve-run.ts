/** One run that is followed: what its folder holds is looked at again and again, and nothing in it is changed. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type LiveLine, LiveLines, type LiveRun, liveLine } from "../report/index.ts";
import {
  GrowingFile,
  isRunFolder,
  readJournal,
  readRunDescription,
  UnitFollower,
  type UnitProgress,
} from "../store/index.ts";

/** What a look found. */
export interface Look {
  /** The run shows otherwise than before. */
  readonly changed: boolean;
  readonly restarted: boolean;
  readonly lines: readonly LiveLine[];
  /** What a report is made of has changed. */
  readonly grown: boolean;
}

const nothing: Look = { changed: false, restarted: false, lines: [], grown: false };

export class FollowedRun {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  lines = new LiveLines();
  #presence: LiveRun["presence"] = "waiting";
  #training: GrowingFile;
  #units: UnitFollower;
  #signature = "";
  #steps: number | undefined;
  #progress: LiveRun["units"];
  #inputs: LiveRun["inputs"];
  #badLines = 0;
  #problem: string | undefined;

  constructor(given: { readonly id: number; readonly name: string; readonly path: string }) {
    this.id = given.id;
    this.name = given.name;
    this.path = given.path;
    this.#training = new GrowingFile(join(given.path, "journal", "train.jsonl"));
    this.#units = new UnitFollower(given.path);
  }

  get state(): LiveRun {
    return {
      id: this.id,
      name: this.name,
      path: this.path,
      presence: this.#presence,
      ...(this.#steps !== undefined && { steps: this.#steps }),
      ...(this.#progress !== undefined && { units: this.#progress }),
      ...(this.#inputs !== undefined && { inputs: this.#inputs }),
      badLines: this.#badLines,
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }

  get isThere(): boolean {
    return this.#presence === "there";
  }

  /** Looks once. A folder that is being written, damaged or deleted meanwhile is looked at again the next time. */
  async look(): Promise<Look> {
    try {
      return await this.#look();
    } catch (error) {
      const there = (await stat(this.path).catch(() => undefined)) !== undefined;
      const before = JSON.stringify(this.state);
      if (there) this.#problem = (error as Error).message;
      else this.#leave();
      this.#signature = "";
      return { ...nothing, changed: JSON.stringify(this.state) !== before };
    }
  }

  async #look(): Promise<Look> {
    const before = JSON.stringify(this.state);
    const found = await stat(this.path).catch(() => undefined);
    if (found === undefined) {
      this.#leave();
      return { ...nothing, changed: JSON.stringify(this.state) !== before };
    }
    const returned = this.#presence === "gone";
    if (returned) this.#forget();
    this.#presence = "there";
    const added = await this.#training.read();
    const restarted = returned || added?.restarted === true;
    if (restarted) {
      this.lines = new LiveLines();
      this.#badLines = 0;
    }
    const lines = this.#parsed(added?.lines ?? []);
    this.lines.add(lines);
    const signature = await signatureOf(this.path, found.mtimeMs + found.size);
    const grown = signature !== this.#signature;
    if (grown) {
      await this.#readState();
      this.#signature = signature;
    }
    this.#problem = undefined;
    return { changed: JSON.stringify(this.state) !== before, restarted, lines, grown };
  }

  async #readState(): Promise<void> {
    if (!isRunFolder(this.path)) return;
    this.#steps = stepsOf(await readRunDescription(this.path));
    this.#progress = summary(await this.#units.read());
    const entries = await readJournal(this.path);
    this.#inputs =
      entries.length === 0
        ? undefined
        : {
            finished: entries.length,
            rows: entries.reduce((sum, { rows }) => sum + rows, 0),
            rejected: entries.reduce((sum, { rejected }) => sum + rejected, 0),
          };
  }

  #parsed(lines: readonly Buffer[]): LiveLine[] {
    return lines.flatMap((text) => {
      const line = liveLine(jsonOf(text));
      if (line !== undefined) return [line];
      this.#badLines += 1;
      return [];
    });
  }

  #leave(): void {
    if (this.#presence === "there") this.#presence = "gone";
    this.#problem = undefined;
  }

  #forget(): void {
    this.#training = new GrowingFile(this.#training.path);
    this.#units = new UnitFollower(this.path);
    this.#signature = "";
    this.#steps = undefined;
    this.#progress = undefined;
    this.#inputs = undefined;
  }
}

/** Changes whenever rows that a report reads were added; a training's steps alone are none. */
async function signatureOf(path: string, own: number): Promise<string> {
  if (!isRunFolder(path)) return String(own);
  const files = ["run.json", join("journal", "import.jsonl")].map((name) => join(path, name));
  const units = join(path, "journal", "units");
  const parts: string[] = [];
  for (const file of [...files, ...(await unitNames(units))]) {
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined) parts.push(`${file} ${found.size} ${found.mtimeMs}`);
  }
  return parts.join("\n");
}

async function unitNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith(".jsonl")).map((name) => join(folder, name));
}

function stepsOf(description: Readonly<Record<string, unknown>>): number | undefined {
  const training = description.training as { config?: { steps?: unknown } } | undefined;
  const steps = training?.config?.steps;
  return typeof steps === "number" && Number.isSafeInteger(steps) ? steps : undefined;
}

function summary({ finished, failures }: UnitProgress): LiveRun["units"] {
  if (finished === 0 && failures.length === 0) return undefined;
  const kinds = new Map<string, { kind: string; units: number; reason: string }>();
  for (const { kind, reason } of failures) {
    const known = kinds.get(kind) ?? { kind, units: 0, reason: reason.slice(0, 300) };
    known.units += 1;
    kinds.set(kind, known);
  }
  return { finished, failed: failures.length, failures: [...kinds.values()] };
}

function jsonOf(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}
