/** `command:WORDS`: a program of the user's judges each response. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { type AsyncVerifier, type DrawToVerify, JudgeError } from "./async-verifier.ts";
import { verdictFromText } from "./external-verdict.ts";

const outputLimit = 1 << 20;

/** What an external judge is given, as one JSON object. */
export function judgeRequest(draw: DrawToVerify): string {
  const { task, problem, prompt, response, target } = draw;
  return JSON.stringify({ task, problem, prompt, response, target });
}

/**
 * The command runs in a shell, once a response, with `{"task","problem","prompt","response","target"}` on standard
 * input. It prints a number (a reward; 0 and 1 are verdicts too) or
 * `{"verdict":"correct"|"incorrect"|"unscored","reward":number,"reason":text}`; if it prints nothing, exit code 0 is
 * correct and 1 is incorrect. Anything else rejects: the judge broke, which says nothing about the response.
 */
export function commandVerifier(command: string, options: { seconds?: number } = {}): AsyncVerifier {
  const seconds = options.seconds ?? 60;
  return {
    name: `command:${command}`,
    concurrency: availableParallelism(),
    async verify(draw, signal) {
      const { code, output, errors } = await runCommand(command, judgeRequest(draw), seconds, signal);
      const text = output.trim();
      if (text === "" && code === 0) return { verdict: "correct" };
      if (text === "" && code === 1) return { verdict: "incorrect" };
      if (code !== 0) {
        throw broken(`${command} ended with code ${code}: ${(errors || text).trim().slice(0, 300)}`);
      }
      return verdictFromText(text, command);
    },
  };
}

const broken = (message: string) => new JudgeError("command", message, { retryable: false });

function runCommand(command: string, input: string, seconds: number, signal: AbortSignal | undefined) {
  return new Promise<{ code: number | null; output: string; errors: string }>((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command, { shell: true, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {}
    };
    let failure: Error | undefined;
    const fail = (error: Error) => {
      failure ??= error;
      kill();
    };
    const timer = setTimeout(() => fail(broken(`${command} took over ${seconds} s`)), seconds * 1000);
    const abort = () => fail(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const texts = { output: "", errors: "" };
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      texts.output += piece;
      if (texts.output.length > outputLimit)
        fail(broken(`${command} printed over ${outputLimit} characters`));
    });
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      texts.errors = (texts.errors + piece).slice(-2000);
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.on("error", fail);
    child.on("close", (code) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if (failure !== undefined) reject(failure);
      else resolve({ code, ...texts });
    });
  });
}
