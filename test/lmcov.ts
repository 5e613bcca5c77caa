/** Runs the built command as a user does, or the command in this process. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The command that users run. */
export const mainFile = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

let built = false;

/** Builds dist/ if the sources changed: tests run what users run. */
export function ensureBuilt(): void {
  if (built) return;
  const script = fileURLToPath(new URL("../scripts/build.mjs", import.meta.url));
  const result = spawnSync(process.execPath, [script], { stdio: ["ignore", 2, 2] });
  if (result.status !== 0) throw new Error("the build failed; see above");
  built = true;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function lmcov(
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  ensureBuilt();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [mainFile, ...words], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/**
 * Runs a command in this process, for tests of many commands: starting a process takes as long as what it does. One at a
 * time, as the working folder and the streams are the process's own.
 */
export async function lmcovHere(words: readonly string[], cwd: string): Promise<CommandResult> {
  const { runCommand } = await import("../src/cli/command-line.ts");
  const before = process.cwd();
  const { stdout, stderr } = process;
  const written = { stdout: "", stderr: "" };
  const own = { stdout: stdout.write, stderr: stderr.write };
  const keeping = (name: "stdout" | "stderr") =>
    ((text: string | Uint8Array) => {
      written[name] += typeof text === "string" ? text : Buffer.from(text).toString("utf8");
      return true;
    }) as typeof stdout.write;
  process.chdir(cwd);
  stdout.write = keeping("stdout");
  stderr.write = keeping("stderr");
  try {
    const code = await runCommand(words);
    return { code, ...written };
  } finally {
    stdout.write = own.stdout;
    stderr.write = own.stderr;
    process.exitCode = undefined;
    process.chdir(before);
  }
}
