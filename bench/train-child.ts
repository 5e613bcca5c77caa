/** A benchmark process that is asked for blocks of steps, so that two of them can take turns. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Block {
  /** Wall time of each step. */
  readonly seconds: readonly number[];
  /** Processor time of all threads, mean over the steps. */
  readonly cpuSeconds: number;
  /** Largest resident memory of the process so far. */
  readonly peakBytes: number;
  readonly loss: number;
}

export class BenchChild {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: string, child: ChildProcess, lines: AsyncIterator<string>) {
    this.name = name;
    this.#process = child;
    this.#lines = lines;
  }

  /** Waits until the process has warmed up and said its name. */
  static async start(
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<BenchChild> {
    const [file = "", ...rest] = command;
    const child = spawn(file, rest, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...environment },
    });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error(`${file} ended before it was ready`);
    return new BenchChild((JSON.parse(first.value) as { name: string }).name, child, lines);
  }

  async block(seconds: number): Promise<Block> {
    this.#process.stdin!.write(`${seconds}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended within a block`);
    return JSON.parse(value) as Block;
  }

  async stop(): Promise<void> {
    this.#process.stdin!.end();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}
