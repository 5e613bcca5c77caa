/** The Python interpreters that a program can run in: the system's, or pyodide in a Node process. */
import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { optionalPackageFolder } from "../../optional/optional-package.ts";
import { pyodideHarness, pythonHarness } from "./python-harness.ts";

export interface PythonRuntime {
  /** Such as `python 3.11.7`. */
  readonly name: string;
  /** The words that start it with the harness. */
  readonly command: readonly string[];
  /** Folders that it reads beside the system's. */
  readonly folders: readonly string[];
  readonly memoryLimit: "address space" | "data";
  /** Threads that it needs for itself. */
  readonly threads: number;
}

const run = promisify(execFile);
const question =
  "import json,sys;print(json.dumps([sys.version.split()[0],sys.executable,sys.base_prefix,sys.prefix]))";

/**
 * The system's Python 3: the one that `path` names, else the first python3 of /usr/bin and of PATH.
 * Undefined where there is none of version 3.8 or later.
 */
export async function systemPython(path?: string): Promise<PythonRuntime | undefined> {
  const candidates = path === undefined ? pythonsOnPath() : [path];
  for (const candidate of candidates) {
    try {
      const { stdout } = await run(candidate, ["-I", "-c", question], { timeout: 20_000, env: {} });
      const [version, executable, base, prefix] = JSON.parse(stdout) as [string, string, string, string];
      const [major = 0, minor = 0] = version.split(".").map(Number);
      if (major !== 3 || minor < 8) continue;
      const real = realpathSync(executable);
      return {
        name: `python ${version}`,
        command: [real, "-I", "-B", "-S", "-c", pythonHarness],
        folders: [...new Set([base, prefix].map((folder) => realpathSync(folder)))],
        memoryLimit: "address space",
        threads: 1,
      };
    } catch {}
  }
  return undefined;
}

function pythonsOnPath(): string[] {
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, "python3")).filter((path) => existsSync(path));
}

/** Pyodide in a Node process under Node's permission model. Throws MissingPackageError without the package. */
export function pyodideRuntime(): PythonRuntime {
  const { folder, version } = optionalPackageFolder("pyodide", {
    purpose: "Running Python without a Python on this machine",
    version: "314.0.7",
  });
  const node = realpathSync(process.execPath);
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  return {
    name: `pyodide ${version}`,
    command: [
      node,
      permission,
      `--allow-fs-read=${folder}/*`,
      "--no-warnings",
      "--input-type=module",
      "--eval",
      pyodideHarness,
      folder,
    ],
    folders: [folder, dirname(node)],
    memoryLimit: "data",
    threads: 16,
  };
}
