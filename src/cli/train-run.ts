/** Runs a prepared training to its end or to an interruption, with progress, and says what came out. */
import { countText } from "../report/index.ts";
import { forgetUnits } from "../store/index.ts";
import { DivergedError, type RunEnd, runTraining } from "../train/index.ts";
import { exitCode } from "./exit-code.ts";
import { onInterruption } from "./interruption.ts";
import { jsonText, printFailure, printRemark, printResult } from "./print.ts";
import { millisecondsNow, progressLine } from "./progress.ts";
import { isTakenAgain, probe } from "./train-probe.ts";
import type { PreparedTraining } from "./train-setup.ts";
import { trainedText } from "./train-text.ts";

export interface RunRequest {
  readonly folder: string;
  /** What differs from the conditions under which the run began. */
  readonly different: readonly string[];
  readonly json: boolean;
}

/** Sets exit code 1 where the training diverged and 130 where it was interrupted. */
export async function runPrepared(prepared: PreparedTraining, request: RunRequest): Promise<void> {
  const { folder } = request;
  const done = await runToEnd(prepared, request);
  if (done === undefined) return;
  const { end, tokensPerSecond } = done;
  if (!end.finished) {
    printRemark(
      `stopped after step ${end.step} of ${prepared.config.steps}; continue with: lmcov train --resume ${folder}`,
    );
  }
  const { tokens } = prepared.trainer;
  if (request.json) printResult(jsonText(jsonFields(prepared, { folder, end, tokensPerSecond })));
  else if (end.finished)
    printResult(trainedText({ end, folder, tokens, tokensPerSecond, loss: prepared.lossName }));
}

export interface TrainedRun {
  readonly end: RunEnd;
  /** Undefined where no step was left to do. */
  readonly tokensPerSecond: number | undefined;
}

/**
 * Trains to the last step or to an interruption, which sets exit code 130. A training that diverges sets exit code 1, says
 * so and gives undefined.
 */
export async function runToEnd(
  prepared: PreparedTraining,
  request: Omit<RunRequest, "json">,
): Promise<TrainedRun | undefined> {
  const { folder } = request;
  if (prepared.caveat !== undefined) printRemark(`• ${prepared.caveat}`);
  const speed = speedometer(prepared);
  let end: RunEnd;
  try {
    end = await trained(prepared, request, speed);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    process.exitCode = exitCode.checkFailed;
    printFailure(
      `${error.message}; training stopped. The last good parameters are the newest checkpoint of ${folder}. A lower learning rate or clip: may help`,
    );
    return undefined;
  }
  if (!end.finished) process.exitCode = exitCode.interrupted;
  return { end, tokensPerSecond: end.step > end.from ? speed.tokensPerSecond() : undefined };
}

async function trained(
  prepared: PreparedTraining,
  { folder, different }: Omit<RunRequest, "json">,
  speed: Speedometer,
): Promise<RunEnd> {
  const { config, trainer } = prepared;
  let stopping = false;
  onInterruption(() => {
    stopping = true;
    printRemark("lmcov: finishing the step and saving; press Ctrl-C again to end at once");
  });
  let progress = progressLine({ title: "training", total: config.steps });
  try {
    return await runTraining({
      folder,
      trainer,
      different,
      steps: config.steps,
      checkpoints: config.checkpoints,
      probeEvery: config.probes?.every,
      save: config.state,
      journalEvery: config.journalEvery,
      clock: () => millisecondsNow() / 1000,
      stopRequested: () => stopping,
      probe: (step) => probe(step, trainer.parameters, prepared.probeOptions(folder)),
      writeCheckpoint: (_step, path) => prepared.writeCheckpoint(path),
      onStart: async (step) => {
        speed.start();
        progress = progressLine({ title: "training", total: config.steps, before: step });
        await forgetUnits(folder, (unit) => isTakenAgain(unit, step));
      },
      onStep: ({ step, loss }) => {
        const rate = countText(Math.round(speed.tokensPerSecond()));
        progress.update(step, `, loss ${loss.toPrecision(4)}, ${rate} tokens/s`);
      },
    });
  } finally {
    progress.finish();
  }
}

interface Speedometer {
  start(): void;
  tokensPerSecond(): number;
}

/** Response tokens a second since the first step of this process, probes included. */
function speedometer({ trainer }: PreparedTraining): Speedometer {
  let began = millisecondsNow();
  let before = 0;
  return {
    start() {
      began = millisecondsNow();
      before = trainer.tokens;
    },
    tokensPerSecond: () => (trainer.tokens - before) / Math.max(1e-3, (millisecondsNow() - began) / 1000),
  };
}

function jsonFields(
  { config, trainer, engine, caveat }: PreparedTraining,
  given: {
    readonly folder: string;
    readonly end: RunEnd;
    readonly tokensPerSecond: number | undefined;
  },
) {
  const { end, folder, tokensPerSecond } = given;
  const { finished, step, from, checkpoints, lastStep, lastProbe } = end;
  return {
    schema: "lmcov/train@1",
    run: folder,
    finished,
    step,
    steps: config.steps,
    from,
    tokens: trainer.tokens,
    ...(tokensPerSecond !== undefined && { tokensPerSecond }),
    checkpoints,
    ...(lastStep !== undefined && { lastStep }),
    ...(lastProbe !== undefined && { lastProbe: lastProbe.summary }),
    engine,
    ...(caveat !== undefined && { caveat }),
  };
}
