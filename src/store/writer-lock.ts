/**
 * One writer of a name in a run folder: a lock file with process, machine and the process's start, written again while
 * it is held. A lock whose process is gone is taken over; one of another machine, once it was not written for two minutes.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../record/index.ts";
import { unitsFolder } from "./unit-segments.ts";

const lockContent = z.object({
  token: z.string(),
  host: z.string(),
  process: z.int(),
  /** Start of the process since the machine's, where the system tells it: a process number is used again. */
  started: z.string(),
});
type LockContent = z.infer<typeof lockContent>;

const renewalMilliseconds = 10_000;
const abandonedMilliseconds = 120_000;

/** A lock that this process holds and renews until it is released, made by `lockWriter`. */
export interface WriterLock {
  release(): Promise<void>;
}

const suffix = ".lock";
const lockPath = (folder: string, writer: string) => join(unitsFolder(folder), writer + suffix);

/** Throws InputError where another process holds the lock. */
export async function lockWriter(folder: string, writer: string): Promise<WriterLock> {
  await mkdir(unitsFolder(folder), { recursive: true });
  const path = lockPath(folder, writer);
  const content: LockContent = {
    token: randomUUID(),
    host: hostname(),
    process: process.pid,
    started: statusOf(process.pid).start,
  };
  const own = `${path}.${content.token}`;
  const handle = await open(own, "wx");
  const text = JSON.stringify(content);
  try {
    await handle.write(text, 0);
    await takeLock({ folder, writer, own });
  } catch (error) {
    await handle.close();
    throw error;
  } finally {
    await rm(own, { force: true });
  }
  // The file system's own clock says when the lock was last held: machines' clocks differ.
  const renewal = setInterval(() => void handle.write(text, 0).catch(() => undefined), renewalMilliseconds);
  renewal.unref();
  return {
    async release() {
      clearInterval(renewal);
      await handle.close();
      if ((await contentOf(path))?.token === content.token) await rm(path, { force: true });
    },
  };
}

/** Names of the writers whose locks are held, by this process or another. */
export async function heldLocks(folder: string): Promise<string[]> {
  const names = await readdir(unitsFolder(folder)).catch(() => []);
  const writers = names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
  if (writers.length === 0) return [];
  const now = await fileSystemTime(folder);
  const held: string[] = [];
  for (const writer of writers) if (await isHeld(lockPath(folder, writer), now)) held.push(writer);
  return held;
}

async function takeLock(input: { folder: string; writer: string; own: string }): Promise<void> {
  const path = lockPath(input.folder, input.writer);
  for (let tried = 0; tried < 10; tried += 1) {
    try {
      await link(input.own, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const content = await contentOf(path);
    if (await isHeld(path, await fileSystemTime(input.folder))) throw refusal(input.folder, path, content);
    await removeAbandoned(path, content);
  }
  throw refusal(input.folder, path, await contentOf(path));
}

/** Two processes may take over at once: what was moved away is put back if it is not what was found abandoned. */
async function removeAbandoned(path: string, content: LockContent | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}.abandoned`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await contentOf(aside);
  if (moved?.token !== content?.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isHeld(path: string, now: number): Promise<boolean> {
  const content = await contentOf(path);
  const age = await stat(path).then(
    ({ mtimeMs }) => now - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  if (age === Number.POSITIVE_INFINITY) return false;
  // Torn: its process ended within the writing, or is about to finish it.
  if (content === undefined) return age < abandonedMilliseconds;
  if (content.host !== hostname()) return age < abandonedMilliseconds;
  return isAlive(content.process, content.started);
}

function isAlive(id: number, started: string): boolean {
  const { state, start } = statusOf(id);
  // A zombie ended; it only waits for its parent to ask how.
  if (state === "Z" || state === "X") return false;
  return exists(id) && start === started;
}

function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** State and start of a process, where the system tells them; empty elsewhere. */
function statusOf(id: number): { readonly state: string; readonly start: string } {
  try {
    const status = readFileSync(`/proc/${id}/stat`, "utf8");
    // The second field is the command in parentheses and may hold anything; the state is the third, the start the 22nd.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", start: fields[19] ?? "" };
  } catch {
    return { state: "", start: "" };
  }
}

async function contentOf(path: string): Promise<LockContent | undefined> {
  try {
    return lockContent.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

async function fileSystemTime(folder: string): Promise<number> {
  const path = join(unitsFolder(folder), `${randomUUID()}.now`);
  const handle = await open(path, "wx");
  try {
    await handle.write("now");
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

function refusal(folder: string, path: string, content: LockContent | undefined): InputError {
  const holder =
    content === undefined
      ? "another process"
      : `process ${content.process} on ${content.host || "this machine"}`;
  return new InputError(
    `${folder}: ${holder} is working in this run folder; wait until it ends, or remove ${path} if it does not run`,
  );
}
