/** `lmcov worker`: does the units that `lmcov sample --queue` or `lmcov score --queue` queued. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Command } from "commander";
import { runWorker, systemClock } from "../job/index.ts";
import { countText, printable } from "../report/index.ts";
import { exitCode } from "./exit-code.ts";
import { TaskRunner } from "./fleet-tasks.ts";
import { interruptionSignal } from "./model-job.ts";
import { askingOptions, type ModelOptions } from "./model-options.ts";
import { printRemark } from "./print.ts";
import { millisecondsNow, progressLine } from "./progress.ts";
import { queueOf } from "./queue-job.ts";
import { softwareVersions } from "./version.ts";

interface WorkerOptions extends Pick<ModelOptions, "concurrency" | "attempts" | "longestWait" | "keyFile"> {
  readonly queue: string;
  readonly out: string;
  readonly allowUnsandboxed?: boolean;
}

const examples = `
Examples:
  lmcov sample --model http://gpu1:8000 --prompts problems.jsonl -n 200 --out /shared/run --queue redis://cache:6379
  lmcov worker --queue redis://cache:6379 --out /shared/run        on as many machines as there are

Workers come and go; the units of one that is lost go to the others. A worker ends when the run is through.
The password of the server comes from the environment variable LMCOV_REDIS_PASSWORD.`;

export function command(): Command {
  return askingOptions(new Command("worker"))
    .requiredOption("--queue <url>", "Redis or Valkey: redis://host:port or rediss://host:port")
    .requiredOption("--out <folder>", "the run folder, on storage that all machines share")
    .option("--key-file <file>", "file with the servers' key (default: environment variable LMCOV_API_KEY)")
    .option("--allow-unsandboxed", "let python: run where the system has no isolation")
    .addHelpText("after", examples)
    .action(run);
}

async function run(options: WorkerOptions): Promise<void> {
  const signal = interruptionSignal();
  const { keyFile, allowUnsandboxed = false, longestWait } = options;
  const tasks = new TaskRunner({ allowUnsandboxed, ...(keyFile !== undefined && { keyFile }) });
  const progress = progressLine({ title: "working" });
  const result = await runWorker({
    address: queueOf(options.queue),
    folder: options.out,
    name: `${hostname().slice(0, 40)}-${process.pid}-${randomUUID().slice(0, 8)}`,
    description: { command: ["worker"], software: softwareVersions() },
    concurrency: options.concurrency,
    retry: {
      attempts: options.attempts,
      backOff: { first: Math.min(0.5, longestWait), longest: longestWait },
    },
    run: ({ task }, abort) => tasks.run(task, abort),
    failedRows: ({ task }, reason) => tasks.failedRows(task, reason),
    clock: systemClock(millisecondsNow),
    signal,
    onProgress: ({ done, errors }) => {
      const kinds = Object.entries(errors).map(([kind, count]) => `, ${kind} ${count}`);
      progress.update(done, kinds.join(""));
    },
  });
  progress.finish();
  await tasks.close();
  const failed = result.failed === 0 ? "" : `, ${countText(result.failed)} failed`;
  const stopped = result.stopped === undefined ? "" : `, stopped: ${printable(result.stopped.message, 400)}`;
  printRemark(`${countText(result.done)} units done${failed}${stopped} → ${printable(options.out)}`);
  if (result.stopped?.kind === "interrupted") process.exitCode = exitCode.interrupted;
  else if (result.stopped !== undefined) process.exitCode = exitCode.unusable;
}
