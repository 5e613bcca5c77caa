/**
 * The journal of a training, `journal/train.jsonl`: one line a step, probe or checkpoint, the same in every run of the
 * same training. A state remembers how long the journal was; resuming cuts what came after, so that each step is
 * there once.
 */
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";

/** What one step did. */
export interface StepLine {
  readonly step: number;
  /** The loss that was descended: nats a sequence, or a token with `loss: token`. */
  readonly loss: number;
  readonly lossPerToken: number;
  /** Euclidean norm of the whole gradient, before clipping; the largest, where a step has an update after each token. */
  readonly gradientNorm: number;
  /** Of the change of all parameters; the largest likewise. */
  readonly updateNorm: number;
  /** Of all parameters after the step. */
  readonly parameterNorm: number;
  readonly learningRate: number;
  /** Response tokens that training has seen so far. */
  readonly tokens: number;
}

/** One line of `journal/train.jsonl`. */
export type JournalLine =
  | StepLine
  | { readonly step: number; readonly probe: Readonly<Record<string, unknown>> }
  | { readonly step: number; readonly checkpoint: string }
  /** The run went on from here under other conditions: it does not equal an undisturbed one. */
  | { readonly step: number; readonly different: readonly string[] };

/** The journal of a training that is being written. */
export class TrainingJournal {
  readonly #handle: FileHandle;
  #bytes: number;

  private constructor(handle: FileHandle, bytes: number) {
    this.#handle = handle;
    this.#bytes = bytes;
  }

  /** Opens the journal of a run folder and cuts it to its first `bytes` bytes. */
  static async open(runFolder: string, bytes: number): Promise<TrainingJournal> {
    const path = journalPath(runFolder);
    await mkdir(join(runFolder, "journal"), { recursive: true });
    const handle = await open(path, "a");
    await truncate(path, bytes);
    return new TrainingJournal(handle, bytes);
  }

  /** Length in bytes, with everything appended so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(line: JournalLine): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    await this.#handle.appendFile(text);
    this.#bytes += Buffer.byteLength(text);
  }

  /** Waits until everything appended is on disk. */
  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The lines of a run's journal; a last line cut by a crash is left out. */
export async function readTrainingJournal(runFolder: string): Promise<JournalLine[]> {
  const path = journalPath(runFolder);
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, "utf8")).split("\n");
  lines.pop();
  return lines.map((line) => JSON.parse(line) as JournalLine);
}

const journalPath = (runFolder: string) => join(runFolder, "journal", "train.jsonl");
