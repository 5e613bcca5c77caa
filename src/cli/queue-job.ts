/** `--queue`: the units of a job go to a queue, where `lmcov worker` takes them. */
import {
  type Budget,
  coordinateJob,
  queueAddress,
  queuePlace,
  type StopAt,
  systemClock,
  type Unit,
} from "../job/index.ts";
import { InputError } from "../record/index.ts";
import { countText, plural, printable } from "../report/index.ts";
import { exitCode } from "./exit-code.ts";
import { type LaneRequest, modelLanes, unitsInTurns } from "./model-lanes.ts";
import type { ModelOptions } from "./model-options.ts";
import { printRemark } from "./print.ts";
import { millisecondsNow, progressLine } from "./progress.ts";
import { softwareVersions } from "./version.ts";

/** The address that the user gave, with the password from the environment where it holds none. */
export const queueOf = (text: string) => queueAddress(text, process.env.LMCOV_REDIS_PASSWORD);

export interface QueueJob<Work extends Unit>
  extends Pick<LaneRequest<Work>, "models" | "units" | "series" | "draws"> {
  readonly title: string;
  /** What was done with the responses of finished units, for the summary: `scored`. */
  readonly finishedAs: string;
  readonly folder: string;
  readonly command: readonly string[];
  /** What else was asked, for the run's record: settings, draws, seed. */
  readonly asked?: Readonly<Record<string, unknown>>;
  /** Units of all models together. */
  readonly total: number;
  readonly stopAt?: StopAt;
  readonly budget?: Budget | undefined;
  readonly asking: Pick<ModelOptions, "retryFailed" | "shard">;
  /** What a worker needs to do the unit. */
  readonly taskOf?: (unit: Work) => unknown;
  readonly signal: AbortSignal;
}

/** What a run's record says of a job: the words, the models with the servers behind them, and the software. */
export function descriptionOf<Work extends Unit>({ command, models, asked }: QueueJob<Work>) {
  return {
    command: [...command],
    software: softwareVersions(),
    ...asked,
    models: models.map(({ spec, endpoint }) => ({
      name: spec.name,
      kind: endpoint.kind,
      address: endpoint.address,
      model: endpoint.model,
      software: endpoint.facts.software,
      scoredBy: endpoint.likelihood?.method,
    })),
  };
}

export async function runQueueJob<Work extends Unit>(job: QueueJob<Work>, queue: string): Promise<void> {
  const address = queueOf(queue);
  if (job.taskOf === undefined) throw new InputError("--queue: this command has no tasks for workers");
  if (job.stopAt !== undefined || job.budget !== undefined || job.asking.shard !== undefined) {
    throw new InputError("--queue: goes without --stop-at, --budget and --shard, which one process keeps");
  }
  const taskOf = job.taskOf;
  const progress = progressLine({ title: job.title, total: job.total });
  printRemark(
    `• queue ${queuePlace(address)}; on each machine: lmcov worker --queue ${queuePlace(address)} --out ${printable(job.folder)}`,
  );
  try {
    const result = await coordinateJob<Work>({
      address,
      folder: job.folder,
      description: descriptionOf(job),
      units: () => unitsInTurns(modelLanes({ ...job, decides: false, inRounds: false, shard: undefined })),
      taskOf: (unit) => taskOf(unit),
      clock: systemClock(millisecondsNow),
      signal: job.signal,
      ...(job.asking.retryFailed !== undefined && { retryFailed: job.asking.retryFailed }),
      onProgress: ({ before, queued, waiting, active }) =>
        progress.update(before + queued - waiting - active, `, ${countText(active)} with workers`),
    });
    progress.finish();
    if (result.stopped !== undefined) {
      printRemark("interrupted: workers go on with what is queued; the same command takes up again");
      process.exitCode = exitCode.interrupted;
      return;
    }
    const failed = result.failed === 0 ? "" : `, ${countText(result.failed)} failed`;
    printRemark(
      `${plural(result.finished, "response")} ${job.finishedAs}${failed} → ${printable(job.folder)}`,
    );
    if (result.failed > 0) process.exitCode = exitCode.partial;
  } finally {
    progress.finish();
    for (const { endpoint } of job.models) await endpoint.close();
  }
}
