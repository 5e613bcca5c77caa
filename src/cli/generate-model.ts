/** A checkpoint opened on an engine, ready to draw and to score, plain or under test-time training. */
import { availableParallelism } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { type CheckpointModel, checkpointModel, type TestTimeTraining } from "../decode/index.ts";
import { readCheckpoint, type Tokenizer } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import { type Device, type Executor, float64Executor, onnxruntimeExecutor } from "../tensor/index.ts";
import type { CheckpointPlace } from "./generate-checkpoints.ts";
import { positiveInteger } from "./log-options.ts";

type DeviceName = Device | "float64";

const devices: readonly DeviceName[] = ["cpu", "webgpu", "cuda", "float64"];

/** Options of every command that runs a checkpoint. */
export interface EngineOptions {
  readonly name?: string;
  readonly step?: string;
  readonly device: DeviceName;
  readonly threads: number;
  readonly batch: number;
  readonly testTimeTraining?: number;
  readonly testTimeParameters: "head" | "all";
  readonly untieHead?: boolean;
}

export function engineOptions(command: Command): Command {
  return command
    .option("--name <name>", "name of the model in the rows (default: the folder's)")
    .option(
      "--step <selection>",
      "checkpoints of a training run: all, last, or a list such as 100,200",
      "all",
    )
    .option("--device <name>", `where to run: ${devices.join(", ")}`, deviceOf, "cpu")
    .option("--threads <count>", "threads (default: all cores)", positiveInteger, availableParallelism())
    .option("--batch <count>", "sequences at a time", positiveInteger, 256)
    .option(
      "--test-time-training <step size>",
      "take a gradient step on every token, as (22) and (23) of the paper",
      stepSizeOf,
    )
    .option(
      "--test-time-parameters <which>",
      "what test-time training steps: head or all",
      parametersOf,
      "head",
    )
    .option("--untie-head", "give a tied output head a copy of its own, so that it can be stepped")
    .option("--json", "print JSON");
}

/** What test-time training was asked for. */
export function testTimeSettings(options: EngineOptions): TestTimeTraining | undefined {
  const { testTimeTraining: stepSize, testTimeParameters: parameters } = options;
  return stepSize === undefined ? undefined : { stepSize, parameters };
}

export interface LocalModel extends CheckpointModel {
  readonly tokenizer: Tokenizer;
  /** Token that ends a response; undefined where there is none, or training did without it. */
  readonly endOfSequence: number | undefined;
  /** How its log-probabilities were obtained, for rows. */
  readonly method: string;
}

/** Opens a checkpoint; the caller releases it. Throws InputError where it cannot be used as asked. */
export async function openLocalModel(
  place: CheckpointPlace,
  options: Pick<EngineOptions, "device" | "threads" | "untieHead"> & {
    readonly testTimeTraining?: TestTimeTraining | undefined;
  },
): Promise<LocalModel> {
  const { device, threads, testTimeTraining, untieHead } = options;
  const { config, parameters, tokenizer, training } = await readCheckpoint(place.folder);
  if (tokenizer === undefined) {
    throw new InputError(`${place.folder}: has no tokenizer, so texts cannot be read or written`);
  }
  const executor = await openExecutor(device, threads);
  const stepped =
    testTimeTraining === undefined
      ? "raw"
      : `under test-time training of ${testTimeTraining.parameters === "head" ? "the output head" : "all weights"} with step size ${testTimeTraining.stepSize}`;
  try {
    const model = checkpointModel({ config, parameters, executor, untieHead, testTimeTraining });
    return {
      ...model,
      tokenizer,
      endOfSequence: trainedWithoutEnd(training) ? undefined : tokenizer.endOfSequence,
      method: `lmcov, ${executor.name}, ${stepped}`,
      async release() {
        await model.release();
        await executor.release();
      },
    };
  } catch (error) {
    await executor.release();
    throw error;
  }
}

const trainedWithoutEnd = (training: unknown): boolean =>
  z.object({ endOfSequence: z.literal(false) }).safeParse(training).success;

function openExecutor(device: DeviceName, threads: number): Promise<Executor> | Executor {
  return device === "float64" ? float64Executor() : onnxruntimeExecutor({ device, threads });
}

function deviceOf(text: string): DeviceName {
  const device = devices.find((name) => name === text);
  if (device !== undefined) return device;
  throw new InvalidArgumentError(`${devices.join(", ")}.`);
}

function parametersOf(text: string): "head" | "all" {
  if (text === "head" || text === "all") return text;
  throw new InvalidArgumentError("head or all.");
}

function stepSizeOf(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("a positive number, the step size used in training.");
}
