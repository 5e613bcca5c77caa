/** A checkpoint opened on an engine, ready to draw and to score, plain or under test-time training. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type CheckpointModel, checkpointModel, type TestTimeTraining } from "../decode/index.ts";
import { readCheckpoint, type Tokenizer, trainingRecord } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import { type Device, type Executor, float64Executor, onnxruntimeExecutor } from "../tensor/index.ts";
import { type CheckpointPlace, recordOf } from "./generate-checkpoints.ts";
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
  /** The step size; true for that of the training. */
  readonly testTimeTraining?: number | true;
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
      "--test-time-training [step size]",
      "take a gradient step on every token, as (22) and (23) of the paper (default: the training's own step size, where it was SGD)",
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

/** Rules whose step is the learning rate times the gradient, as the step at test time is. */
const sgdRules: readonly string[] = ["sgd", "token-sgd", "truncated-distillation"];
/** Options of theirs that make it another step. */
const changesOfSteps = [
  ["momentum", "momentum"],
  ["weightDecay", "weight decay"],
  ["radius", "a projection"],
] as const;

/**
 * What test-time training was asked for. Its step size is the training's (section 6) where none is given; throws
 * InputError where a checkpoint does not say one, or its rule takes other steps.
 */
export async function testTimeSettings(
  options: EngineOptions,
  checkpoints: readonly CheckpointPlace[],
): Promise<TestTimeTraining | undefined> {
  const { testTimeTraining: asked, testTimeParameters: parameters } = options;
  if (asked === undefined) return undefined;
  if (asked !== true) return { stepSize: asked, parameters };
  const give = "; give one, as --test-time-training 0.01";
  let stepSize: number | undefined;
  for (const { folder } of checkpoints) {
    const { rule, learningRate } = await recordOf(folder);
    if (rule === undefined || learningRate === undefined) {
      throw new InputError(`${folder}: does not say which step size it was trained with${give}`);
    }
    const more = changesOfSteps.find(([option]) => (rule[option] ?? 0) > 0);
    if (!sgdRules.includes(rule.name) || more !== undefined) {
      throw new InputError(
        `${folder}: was trained by ${rule.name}${more === undefined ? "" : ` with ${more[1]}`}, whose learning rate is no step size of plain gradient steps${give}`,
      );
    }
    if (learningRate === 0) {
      throw new InputError(`${folder}: its schedule's step size was 0 there${give}`);
    }
    if (stepSize !== undefined && stepSize !== learningRate) {
      throw new InputError(
        `${folder}: its step size was ${learningRate}, that of another checkpoint ${stepSize}${give}`,
      );
    }
    stepSize = learningRate;
  }
  if (stepSize === undefined) throw new Error("no checkpoint to step");
  return { stepSize, parameters };
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
  const record = trainingRecord(training, join(place.folder, "training.json"));
  const executor = await openExecutor(device, threads);
  const stepped =
    testTimeTraining === undefined
      ? "raw"
      : `under test-time training of ${testTimeTraining.parameters === "head" ? "the output head" : "all weights"} with step size ${testTimeTraining.stepSize}`;
  try {
    const model = checkpointModel({ config, parameters, executor, untieHead, testTimeTraining });
    return {
      ...model,
      tokenizer: decodingKnown(tokenizer),
      endOfSequence: record.endOfSequence === false ? undefined : tokenizer.endOfSequence,
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

/** The tokenizer that leaves unknown ids out: a model may have embeddings that its tokenizer has no token for. */
export function decodingKnown(tokenizer: Tokenizer): Tokenizer {
  const { vocabularySize } = tokenizer;
  return {
    ...tokenizer,
    decode: (ids) => tokenizer.decode([...ids].filter((id) => id < vocabularySize)),
  };
}

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
