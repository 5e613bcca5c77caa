/** Files and folders that appear whole or not at all: written to a temporary name, on disk, then renamed. */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UnusableCheckpointError } from "./checkpoint-error.ts";

/** Writes a file through a temporary one beside it; on return it is on disk. */
export async function replaceFile(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const handle = await open(temporary, "w");
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Writes all bytes at the end of what is written; Node takes at most 2^31 − 1 in one call. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(1 << 30, bytes.length - done));
    done += bytesWritten;
  }
}

/**
 * Fills a folder through a temporary one beside it; on return it is on disk. An older folder gives way if
 * `mayReplace` says so of its file names.
 *
 * @throws UnusableCheckpointError if something else is there.
 */
export async function replaceFolder(
  path: string,
  options: {
    readonly fill: (folder: string) => Promise<void>;
    readonly mayReplace: (names: readonly string[]) => boolean;
  },
): Promise<void> {
  // Without a slash at the end, after which the two would lie inside.
  const place = resolve(path);
  const temporary = `${place}.tmp`;
  const old = `${place}.old`;
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new UnusableCheckpointError(
      `${path}: ${error.code === "ENOTDIR" ? "is not a folder" : error.message}`,
    );
  });
  if (names !== undefined && names.length > 0 && !options.mayReplace(names)) {
    throw new UnusableCheckpointError(`${path}: holds other files; choose another folder`);
  }
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await options.fill(temporary);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await syncFolder(temporary);
  if (names !== undefined) {
    await rm(old, { recursive: true, force: true });
    await rename(place, old);
  }
  await rename(temporary, place);
  await syncFolder(dirname(place));
  await rm(old, { recursive: true, force: true });
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Windows cannot sync a folder.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  } finally {
    await handle.close();
  }
}

/**
 * The value in a JSON file, or undefined where there is none.
 *
 * @throws UnusableCheckpointError for a file that is longer than `longest` bytes or not JSON.
 */
export async function readJson(path: string, longest: number): Promise<unknown> {
  const text = await readText(path, longest);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableCheckpointError(`${path}: is not JSON`);
  }
}

/** The text of a file, or undefined where there is none. */
async function readText(path: string, longest: number): Promise<string | undefined> {
  try {
    const status = await stat(path);
    if (!status.isFile()) throw new UnusableCheckpointError(`${path}: is not a file`);
    if (status.size > longest) {
      throw new UnusableCheckpointError(
        `${path}: is ${status.size} bytes long, more than the ${longest} that are read`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Writes a file of a folder that is not yet in place, onto disk. */
export async function writeText(folder: string, name: string, text: string): Promise<void> {
  const handle = await open(join(folder, name), "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
