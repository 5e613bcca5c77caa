/** `python:TESTS`: a response is correct if its program runs through the problem's tests in the sandbox. */
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { InputError } from "../record/index.ts";
import type { AsyncVerifier, DrawVerdict } from "./async-verifier.ts";
import { pythonProgram, readPythonTests } from "./python-tests.ts";
import { checkedLimits, missingIsolation, type SandboxLimits } from "./sandbox/isolation.ts";
import { runPythonProgram, SandboxError } from "./sandbox/python-program.ts";
import { type PythonRuntime, pyodideRuntime, systemPython } from "./sandbox/python-runtime.ts";

/** Options of `pythonVerifier`. */
export interface PythonVerifierOptions {
  /** `pyodide`, or the path of a python3; without it, the system's python3, else pyodide. */
  readonly python?: string;
  readonly limits?: Partial<SandboxLimits>;
  /** Run without isolation where there is none; otherwise that is refused. */
  readonly allowUnsandboxed?: boolean;
}

/**
 * Programs run one at a time in fresh interpreters: no network, no files but the interpreter's own, an empty
 * environment, limits on time, memory, processes and files. Before the first, a trivial program has to pass.
 * A verdict is about the tests: a program that looks for the harness in its interpreter can still cheat.
 *
 * @throws InputError if the tests cannot be read, or nothing can be isolated here and that is not allowed.
 */
export async function pythonVerifier(
  path: string,
  options: PythonVerifierOptions = {},
): Promise<AsyncVerifier> {
  const tests = await readPythonTests(path);
  const limits = checkedLimits(options.limits);
  const unsandboxed = options.allowUnsandboxed ?? false;
  const runtime = await runtimeOf(options.python);
  await checkSandbox(runtime, limits, unsandboxed);
  return {
    name: `python:${path.split(/[\\/]/).at(-1)}`,
    concurrency: availableParallelism(),
    async verify(draw, signal): Promise<DrawVerdict> {
      const problem = tests.find(draw);
      if (problem === undefined) {
        return { verdict: "unscored", reason: `no tests for problem ${draw.problem}` };
      }
      const result = await runPythonProgram({
        program: pythonProgram({ problem, prompt: draw.prompt, response: draw.response }),
        runtime,
        limits,
        unsandboxed,
        token: randomBytes(8).toString("hex"),
        ...(signal !== undefined && { signal }),
      });
      if (result.status === "passed") return { verdict: "correct" };
      return { verdict: "incorrect", reason: result.reason };
    },
  };
}

async function runtimeOf(python: string | undefined): Promise<PythonRuntime> {
  if (python === "pyodide") return pyodideRuntime();
  const system = await systemPython(python);
  if (system !== undefined) return system;
  if (python !== undefined) throw new InputError(`${python}: is not a Python 3.8 or later`);
  return pyodideRuntime();
}

async function checkSandbox(
  runtime: PythonRuntime,
  limits: SandboxLimits,
  unsandboxed: boolean,
): Promise<void> {
  const missing = missingIsolation();
  const wayOut = "--allow-unsandboxed runs model output with your own rights";
  if (missing !== undefined && !unsandboxed) {
    throw new InputError(`Python programs cannot be isolated here: ${missing}; ${wayOut}`);
  }
  try {
    const token = randomBytes(8).toString("hex");
    const result = await runPythonProgram({
      program: "assert 1 + 1 == 2",
      runtime,
      limits,
      unsandboxed,
      token,
    });
    if (result.status === "passed") return;
    throw new SandboxError(`a trivial program ${result.status}: ${result.reason}`);
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    throw new InputError(`Python programs cannot be isolated here: ${error.message}; ${wayOut}`);
  }
}
