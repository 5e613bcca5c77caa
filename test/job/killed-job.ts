/** Runs `lmcov score` against a faulty server, kills it again and again, and compares what is there with what is true. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readRun } from "../../src/store/index.ts";
import { ensureBuilt, mainFile } from "../lmcov.ts";
import { exactScore, type Pair, pairOf } from "./scored-units.ts";

const serverFile = fileURLToPath(new URL("./faulty-server.ts", import.meta.url));

export interface KilledJob {
  readonly folder: string;
  readonly units: number;
  readonly kills: number;
  readonly concurrency: number;
}

export interface KilledJobResult {
  readonly exitCode: number | null;
  readonly stderr: string;
  /** Rows of each unit that are not one row with the right value. */
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
  /** Good answers that the server gave for nothing. */
  readonly servedInVain: number;
  readonly faulty: number;
  /** Kills that hit a process that was at work. */
  readonly kills: number;
}

export async function runKilledJob(job: KilledJob): Promise<KilledJobResult> {
  ensureBuilt();
  const pairs = Array.from({ length: job.units }, (_, index) => pairOf(index));
  const input = join(job.folder, "pairs.jsonl");
  writeFileSync(input, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  const server = spawn(process.execPath, ["--import", "tsx", serverFile, "0.3"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const port = await new Promise<string>((resolve) =>
      server.stdout.once("data", (text: Buffer) => resolve(text.toString().trim())),
    );
    const address = `http://127.0.0.1:${port}`;
    const run = join(job.folder, "run");
    const words = ["score", "--model", `scripted=${address}`, "--input", input, "--out", run];
    words.push("--timeout", "0.4", "--longest-wait", "0.2", "--attempts", "40");
    words.push("--concurrency", String(job.concurrency));
    let kills = 0;
    while (kills < job.kills) {
      const before = unitsWritten(run);
      const child = spawn(process.execPath, [mainFile, ...words], { stdio: "ignore" });
      const ended = endOf(child);
      const wanted = before + (job.units * (0.5 + (kills % 5) / 4)) / job.kills / 1.2;
      while (child.exitCode === null && unitsWritten(run) < wanted) await sleep(2);
      if (child.exitCode !== null) break;
      child.kill("SIGKILL");
      await ended;
      kills += 1;
    }
    const last = spawn(process.execPath, [mainFile, ...words], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    last.stderr.on("data", (text: Buffer) => {
      stderr += text.toString();
    });
    await endOf(last);
    const counts = (await (await fetch(`${address}/served`)).json()) as { served: number; faulty: number };
    return {
      exitCode: last.exitCode,
      stderr,
      kills,
      faulty: counts.faulty,
      servedInVain: counts.served - job.units,
      ...(await comparison(run, pairs)),
    };
  } finally {
    server.kill("SIGKILL");
  }
}

const endOf = (child: ChildProcess) => new Promise((resolve) => child.once("close", resolve));

/** About how many units are in segments and compactions, by their size. */
function unitsWritten(run: string): number {
  const folder = join(run, "journal", "units");
  if (!existsSync(folder)) return 0;
  let units = 0;
  for (const name of readdirSync(folder)) {
    const size = statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
    if (name.endsWith(".compacted.jsonl")) units += size / 17;
    else if (name.endsWith(".jsonl")) units += size / 700;
  }
  return units;
}

async function comparison(run: string, pairs: readonly Pair[]) {
  const rows = new Map<string, number[]>();
  for await (const batch of readRun(run, { tables: ["likelihoods"] })) {
    for (const row of batch) {
      if (row.kind !== "likelihood") continue;
      rows.set(row.problem, [...(rows.get(row.problem) ?? []), row.logProbability]);
    }
  }
  const valuesOf = ({ problem }: Pair) => rows.get(problem) ?? [];
  return {
    lost: pairs.filter((pair) => valuesOf(pair).length === 0).length,
    doubled: pairs.filter((pair) => valuesOf(pair).length > 1).length,
    wrong: pairs.filter((pair) => valuesOf(pair).some((value) => Math.abs(value - exactScore(pair)) > 1e-9))
      .length,
  };
}
