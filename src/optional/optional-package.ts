/**
 * Loads the heavy packages that lmcov works without: onnxruntime-node, node-llama-cpp, bullmq, ioredis, pyodide,
 * @resvg/resvg-js.
 * Each caller owns one package, in one file.
 */
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** A package that lmcov works without is asked for and not installed; the message says how to get it. */
export class MissingPackageError extends Error {
  override readonly name = "InputError";
  readonly packageName: string;

  constructor(packageName: string, purpose: string, version: string) {
    super(
      `${purpose} needs the package ${packageName}, which is not installed: npm install ${packageName}@${version} beside lmcov, or set LMCOV_PACKAGES to a folder whose node_modules has it`,
    );
    this.packageName = packageName;
  }
}

/**
 * Imports an optional package: from beside lmcov, else from the folder named by the environment variable
 * LMCOV_PACKAGES. The working folder is not searched, as logs and checkpoints from elsewhere may lie there.
 * Throws MissingPackageError if it is in neither.
 */
export async function optionalPackage<Module>(
  packageName: string,
  options: { readonly purpose: string; readonly version: string },
): Promise<Module> {
  const folder = process.env.LMCOV_PACKAGES;
  const specifiers = [packageName, ...(folder ? [fromFolder(packageName, folder)] : [])];
  for (const specifier of specifiers) {
    if (specifier === undefined) continue;
    try {
      return (await import(specifier)) as Module;
    } catch (error) {
      if (!isMissing(error, packageName)) throw error;
    }
  }
  throw new MissingPackageError(packageName, options.purpose, options.version);
}

/**
 * The folder and version of an optional package, for what runs it in another process.
 * Throws MissingPackageError if it is in none of the places that `optionalPackage` searches.
 */
export function optionalPackageFolder(
  packageName: string,
  options: { readonly purpose: string; readonly version: string },
): { folder: string; version: string } {
  const folder = process.env.LMCOV_PACKAGES;
  const places = [import.meta.url, ...(folder ? [join(resolve(folder), "package.json")] : [])];
  for (const place of places) {
    const require = createRequire(place);
    for (const root of require.resolve.paths(packageName) ?? []) {
      const home = join(root, packageName);
      if (!existsSync(join(home, "package.json"))) continue;
      const { version } = require(join(home, "package.json")) as { version: string };
      return { folder: realpathSync(home), version };
    }
  }
  throw new MissingPackageError(packageName, options.purpose, options.version);
}

function fromFolder(packageName: string, folder: string): string | undefined {
  try {
    const require = createRequire(join(resolve(folder), "package.json"));
    return pathToFileURL(require.resolve(packageName)).href;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_PACKAGE_PATH_NOT_EXPORTED") {
      return packageEntry(packageName, folder);
    }
    return undefined;
  }
}

/** Packages whose `exports` have only an `import` condition cannot be resolved by `require`. */
function packageEntry(packageName: string, folder: string): string | undefined {
  const require = createRequire(join(resolve(folder), "package.json"));
  for (const root of require.resolve.paths(packageName) ?? []) {
    const home = join(root, packageName);
    try {
      const { exports, main } = require(join(home, "package.json")) as { exports?: unknown; main?: string };
      const entry = importEntry(exports) ?? main ?? "index.js";
      return pathToFileURL(join(home, entry)).href;
    } catch {}
  }
  return undefined;
}

function importEntry(exports: unknown): string | undefined {
  if (typeof exports === "string") return exports;
  if (typeof exports !== "object" || exports === null) return undefined;
  const record = exports as Record<string, unknown>;
  for (const key of [".", "node", "import", "default"]) {
    const entry = importEntry(record[key]);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function isMissing(error: unknown, packageName: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND") return message.includes(`'${packageName}'`);
  // Vite puts a module that throws this in the place of an optional peer dependency.
  return message.startsWith(`Could not resolve "${packageName}"`);
}
