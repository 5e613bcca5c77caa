/** Runs the built command as a user does. */
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
