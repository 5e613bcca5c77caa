import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { asOnlyWriter, openRunFolder } from "./run-folder.ts";
import { heldLocks, lockWriter } from "./writer-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

const description = { software: {}, command: ["train"] };

test("who writes whole inputs is alone, and leaves no lock", async () => {
  let within = false;
  await asOnlyWriter(folder, description, async () => {
    within = true;
    await expect(asOnlyWriter(folder, description, async () => undefined)).rejects.toThrow(
      new RegExp(`process ${process.pid} on .* is working in this run folder`),
    );
  });
  expect(within).toBe(true);
  await expect(asOnlyWriter(folder, description, () => Promise.reject(new Error("failed")))).rejects.toThrow(
    "failed",
  );
  expect(await heldLocks(folder)).toEqual([]);
  expect(await readdir(join(folder, "journal", "units"))).toEqual([]);
});

test("writers of units leave the part that another is about to name in the journal, and remove it when that one is gone", async () => {
  const part = join(folder, "responses", "probe-0.parquet");
  await asOnlyWriter(folder, description, async () => {
    await writeFile(part, "written, not named yet");
    await openRunFolder(folder, description);
    expect(existsSync(part)).toBe(true);
  });
  await openRunFolder(folder, description);
  expect(existsSync(part)).toBe(false);
});

test("a folder that is no run is refused before anything is written there", async () => {
  await writeFile(join(folder, "mine.txt"), "");
  await expect(asOnlyWriter(folder, description, async () => undefined)).rejects.toThrow(/not a run folder/);
  expect(await readdir(folder)).toEqual(["mine.txt"]);
});

test.skipIf(!existsSync("/proc/self/stat"))(
  "the lock of a process that ended is taken over at once, though its parent has not asked for it (needs /proc)",
  async () => {
    // A shell becomes a sleeper, which never asks for the child that the shell began.
    const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const zombie = Number(await firstLine(parent));
      const fields = () => {
        const status = readFileSync(`/proc/${zombie}/stat`, "utf8");
        return status.slice(status.lastIndexOf(")") + 2).split(" ");
      };
      await expect.poll(() => fields()[0]).toBe("Z");
      await mkdir(join(folder, "journal", "units"), { recursive: true });
      const lock = { token: "theirs", host: hostname(), process: zombie, started: fields()[19] };
      await writeFile(join(folder, "journal", "units", "inputs.lock"), JSON.stringify(lock));
      const taken = await lockWriter(folder, "inputs");
      expect(await heldLocks(folder)).toEqual(["inputs"]);
      await taken.release();
    } finally {
      parent.kill("SIGKILL");
    }
  },
);

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once("data", (text: Buffer) => resolve(text.toString())));
}
