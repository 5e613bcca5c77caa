/** One child process with no environment, an input, a cap on what it prints and a limit on its time. */
import { spawn } from "node:child_process";

export interface BoundedProcess {
  readonly file: string;
  readonly args: readonly string[];
  readonly input: string;
  /** Wall time from the start. */
  readonly seconds: number;
  /** Where the output has this text, `seconds` from then on is the limit instead. */
  readonly onceOutput?: { readonly text: string; readonly seconds: number };
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

export interface ProcessResult {
  /** Exit code, or undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly timedOut: boolean;
  readonly output: string;
  readonly errors: string;
  /** True if it printed more than is kept. */
  readonly cut: boolean;
}

const keptBytes = 1 << 16;

/** Runs it to its end or kills it; throws Error if it cannot be started or the signal aborts. */
export function runBounded(request: BoundedProcess): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    request.signal?.throwIfAborted();
    const child = spawn(request.file, [...request.args], {
      cwd: request.folder ?? "/",
      env: { ...request.environment },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    let timedOut = false;
    let cut = false;
    const kill = () => {
      // The whole process group: the child may have started others.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {}
    };
    const timeOut = () => {
      timedOut = true;
      kill();
    };
    let timer = setTimeout(timeOut, request.seconds * 1000);
    request.signal?.addEventListener("abort", kill, { once: true });
    const collect = () => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      return {
        take: (piece: Buffer) => {
          const room = keptBytes - bytes;
          if (room < piece.length) cut = true;
          if (room > 0) pieces.push(piece.subarray(0, room));
          bytes += piece.length;
        },
        text: () => Buffer.concat(pieces).toString("utf8"),
      };
    };
    const output = collect();
    const errors = collect();
    let waitsFor = request.onceOutput;
    child.stdout.on("data", (piece: Buffer) => {
      output.take(piece);
      if (waitsFor === undefined || !output.text().includes(waitsFor.text)) return;
      clearTimeout(timer);
      timer = setTimeout(timeOut, waitsFor.seconds * 1000);
      waitsFor = undefined;
    });
    child.stderr.on("data", errors.take);
    child.stdin.on("error", () => {});
    child.stdin.end(request.input);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      kill();
      request.signal?.removeEventListener("abort", kill);
      if (request.signal?.aborted) {
        reject(request.signal.reason);
        return;
      }
      resolve({ code: code ?? undefined, timedOut, output: output.text(), errors: errors.text(), cut });
    });
  });
}
