/**
 * Runs one Python program in a fresh interpreter, isolated, and says whether it ran to its end.
 * The program's own prints are thrown away; only the harness, after the last statement, writes the token that
 * means success, so that an early exit is not taken for one. Code that searches the interpreter's frames for the
 * token can still claim success for itself: a test in the same interpreter cannot exclude it.
 */
import { JudgeError } from "../async-verifier.ts";
import { type BoundedProcess, runBounded } from "./bounded-process.ts";
import { isolatedCommand, missingIsolation, type SandboxLimits } from "./isolation.ts";
import type { PythonRuntime } from "./python-runtime.ts";

export type ProgramResult =
  | { readonly status: "passed" }
  /** The program raised, exited early or was killed by a limit. */
  | { readonly status: "failed"; readonly reason: string }
  | { readonly status: "timed out"; readonly reason: string };

export interface ProgramRequest {
  readonly program: string;
  readonly runtime: PythonRuntime;
  readonly limits: SandboxLimits;
  /** Run as an ordinary child process where isolation is not to be had. */
  readonly unsandboxed?: boolean;
  /** Sixteen hexadecimal digits that the program cannot guess. */
  readonly token: string;
  readonly signal?: AbortSignal;
}

/** Start-up of namespaces and interpreter does not count against the program. */
const startSeconds = 30;
/** Time for the alarm inside to give its own verdict before everything is killed. */
const killSeconds = 0.5;

/** The sandbox itself did not start: no verdict on the program. */
export class SandboxError extends JudgeError {
  constructor(message: string) {
    super("sandbox", message, { retryable: true });
  }
}

/**
 * Throws SandboxError where the sandbox could not be set up, which says nothing about the program.
 */
export async function runPythonProgram(request: ProgramRequest): Promise<ProgramResult> {
  const { limits, runtime, token } = request;
  const result = await runBounded({
    ...commandOf(request),
    input: JSON.stringify({ program: request.program, token, seconds: limits.seconds }),
    seconds: startSeconds,
    onceOutput: { text: `started ${token}`, seconds: limits.seconds + killSeconds },
    ...(request.signal !== undefined && { signal: request.signal }),
  });
  const lines = result.output.split("\n");
  if (!lines.includes(`started ${token}`)) {
    const errors = result.errors.trim().split("\n").at(-1) ?? "";
    throw new SandboxError(`${runtime.name} did not start in the sandbox: ${errors.slice(0, 300)}`);
  }
  if (lines.includes(`passed ${token}`)) return { status: "passed" };
  const timeOut = { status: "timed out", reason: `timed out after ${limits.seconds} s` } as const;
  if (result.timedOut || lines.includes(`timed out ${token}`)) return timeOut;
  const failure = lines.find((line) => line.startsWith(`failed ${token} `));
  if (failure === undefined) return { status: "failed", reason: endOf(result.code) };
  return { status: "failed", reason: failureText(failure.slice(`failed ${token} `.length)) };
}

function commandOf(request: ProgramRequest): Pick<BoundedProcess, "file" | "args" | "environment"> {
  const { runtime, limits } = request;
  if (request.unsandboxed && missingIsolation() !== undefined) {
    return { file: runtime.command[0] ?? "", args: runtime.command.slice(1), environment: {} };
  }
  return {
    ...isolatedCommand({
      command: runtime.command,
      readOnly: runtime.folders,
      limits: { ...limits, processes: limits.processes + runtime.threads },
      memoryLimit: runtime.memoryLimit,
    }),
    environment: {},
  };
}

function endOf(code: number | undefined): string {
  if (code === undefined) return "killed by a signal";
  if (code === 137) return "killed: over a limit of the sandbox";
  return `exited early with code ${code}`;
}

function failureText(json: string): string {
  try {
    const text: unknown = JSON.parse(json);
    return typeof text === "string" ? text.slice(0, 300) : "failed";
  } catch {
    return "failed";
  }
}
