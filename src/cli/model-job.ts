/** A job on models from the command line: one lane a model, progress, a summary, and the exit code. */
import {
  type Budget,
  costOf,
  type JobProgress,
  type JobResult,
  runJob,
  shardOf,
  systemClock,
  type Unit,
  type UnitResult,
} from "../job/index.ts";
import type { Row } from "../record/index.ts";
import { countText, plural, printable } from "../report/index.ts";
import { exitCode } from "./exit-code.ts";
import type { ImportTally } from "./import-tally.ts";
import { rejectionText } from "./import-tally.ts";
import { onInterruption } from "./interruption.ts";
import { modelLanes } from "./model-lanes.ts";
import type { ModelOptions } from "./model-options.ts";
import { printRemark } from "./print.ts";
import { millisecondsNow, progressLine } from "./progress.ts";
import { descriptionOf, type QueueJob, runQueueJob } from "./queue-job.ts";

export interface ModelJob<Work extends Unit> extends QueueJob<Work> {
  run(unit: Work, signal: AbortSignal): Promise<UnitResult>;
  readonly failedRows?: (unit: Work, reason: string) => readonly Row[];
  onFinished(unit: Work, rows: readonly Row[]): void;
  /** How a failed unit is called. */
  nameOf(unit: Work): string;
  /** What the user said about asking: how much at once, how often, whether again. */
  readonly asking: Pick<
    ModelOptions,
    "concurrency" | "attempts" | "longestWait" | "retryFailed" | "shard" | "queue"
  >;
  readonly tally: ImportTally;
}

/** A signal that Ctrl-C sets: what is under way is given up, and what is finished is on disk. */
export function interruptionSignal(): AbortSignal {
  const stop = new AbortController();
  onInterruption(() => stop.abort());
  return stop.signal;
}

/** Runs the job, closes its models and says what came of it; sets the exit code. */
export async function runModelJob<Work extends Unit>(job: ModelJob<Work>): Promise<void> {
  const { queue, shard: shardText } = job.asking;
  if (queue !== undefined) return runQueueJob(job, queue);
  const shard = shardText === undefined ? undefined : shardOf(shardText, process.env);
  const progress = progressLine({
    title: job.title,
    total: shard === undefined ? job.total : Math.round(job.total / shard.count),
  });
  const failures: string[] = [];
  const started = millisecondsNow();
  const result = await runJob<Work>({
    folder: job.folder,
    description: {
      ...descriptionOf(job),
      ...(job.stopAt !== undefined && { stopping: { kind: "successes" as const, ...job.stopAt } }),
    },
    lanes: modelLanes({
      ...job,
      decides: job.stopAt !== undefined,
      inRounds: job.budget !== undefined,
      shard,
    }),
    ...(shard !== undefined && { writer: { kind: "shard" as const, ...shard } }),
    ...(job.stopAt !== undefined && { stopAt: job.stopAt }),
    run: (unit, signal) => job.run(unit, signal),
    ...(job.failedRows !== undefined && { failedRows: job.failedRows }),
    clock: systemClock(millisecondsNow),
    signal: job.signal,
    concurrency: job.asking.concurrency,
    retry: {
      attempts: job.asking.attempts,
      backOff: { first: Math.min(0.5, job.asking.longestWait), longest: job.asking.longestWait },
    },
    ...(job.budget !== undefined && { budget: job.budget }),
    ...(job.asking.retryFailed !== undefined && { retryFailed: job.asking.retryFailed }),
    onFinished: (unit, rows) => job.onFinished(unit, rows),
    onFailed: (unit, reason) => {
      if (failures.length < shownFailures) failures.push(`${job.nameOf(unit)}: ${reason}`);
    },
    onProgress: (state) => {
      const seconds = (millisecondsNow() - started) / 1000;
      progress.update(state.done + state.before + state.failed, progressDetail(state, seconds, job.budget));
    },
  });
  progress.finish();
  for (const { endpoint } of job.models) await endpoint.close();
  printSummary(job, result, failures);
  if (result.stopped?.kind === "interrupted") process.exitCode = exitCode.interrupted;
  else if (result.stopped?.kind === "server" || result.stopped?.kind === "disk") {
    process.exitCode = exitCode.unusable;
  } else if (result.failed > 0) process.exitCode = exitCode.partial;
}

const shownFailures = 5;

/** What goes behind the count and the time left: tokens a second, cost, errors by kind. */
function progressDetail(state: JobProgress, seconds: number, budget: Budget | undefined): string {
  const parts: string[] = [];
  const { inputTokens, outputTokens } = state.usage;
  if (outputTokens > 0) parts.push(`${countText(Math.round(outputTokens / seconds))} tokens/s`);
  if (budget?.prices !== undefined) {
    parts.push(`cost ${costOf({ inputTokens, outputTokens }, budget.prices).toFixed(2)}`);
  }
  for (const [kind, count] of Object.entries(state.errors)) parts.push(`${kind} ${count}`);
  return parts.length === 0 ? "" : `, ${parts.join(", ")}`;
}

function printSummary<Work extends Unit>(
  job: ModelJob<Work>,
  result: JobResult,
  failures: readonly string[],
): void {
  for (const rejection of job.tally.examples.slice(0, 5)) {
    printRemark(`• rejected: ${printable(rejectionText(rejection), 400)}`);
  }
  for (const failure of failures) printRemark(`• failed: ${printable(failure, 400)}`);
  const parts = [`${plural(result.done, "response")} ${job.finishedAs}`];
  if (result.before > 0) parts.push(`${countText(result.before)} already there`);
  if (result.failed > 0) parts.push(`${countText(result.failed)} failed (${kindsText(result.failures)})`);
  if (job.tally.rejected > 0) parts.push(`${countText(job.tally.rejected)} bad records rejected`);
  if (result.stopped !== undefined) parts.push(`stopped: ${printable(result.stopped.message, 400)}`);
  if (job.budget?.prices !== undefined)
    parts.push(`cost ${costOf(result.usage, job.budget.prices).toFixed(2)}`);
  printRemark(`${parts.join(", ")} → ${printable(job.folder)}`);
}

const kindsText = (kinds: Readonly<Record<string, number>>): string =>
  Object.entries(kinds)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(", ");
