/**
 * A training on disk: steps, probes, checkpoints and saved states in one order, so that a run that was stopped or killed
 * at any moment goes on from its last state and ends as an undisturbed one does.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  type CheckpointRule,
  checkpointName,
  checkpointSteps,
  keptCheckpoints,
} from "./checkpoint-policy.ts";
import { type StepLine, TrainingJournal } from "./journal.ts";
import { loadState, saveState } from "./state.ts";
import type { Trainer } from "./trainer.ts";
import { DivergedError, UnusableTrainingError } from "./training-error.ts";

/** What a probe found; `loss` decides among checkpoints, `summary` is its line in the journal. */
export interface Probe {
  /** Cross-entropy on the evaluation set, nats a response. */
  readonly loss: number;
  readonly summary: Readonly<Record<string, unknown>>;
}

/** Options of `runTraining`. */
export interface RunOptions {
  readonly folder: string;
  readonly trainer: Trainer;
  readonly steps: number;
  readonly checkpoints: CheckpointRule;
  readonly probeEvery?: number | undefined;
  /** When to save the state beside the end and a stop; it changes no result. */
  readonly save: { readonly seconds: number; readonly steps?: number | undefined };
  readonly journalEvery: number;
  /** Seconds from any origin: decides when to save. */
  readonly clock: () => number;
  /** Asked between steps. */
  readonly stopRequested: () => boolean;
  /** What differs from the conditions under which the run began; goes into the journal. */
  readonly different?: readonly string[] | undefined;
  /** Measures the present parameters. */
  probe(step: number): Promise<Probe>;
  writeCheckpoint(step: number, folder: string): Promise<void>;
  /** Called once before the first step, with the finished step from which the run goes on. */
  onStart?(step: number): Promise<void> | void;
  onStep?(line: StepLine): void;
}

/** How far a training came, and whether that is its end. */
export interface RunEnd {
  readonly finished: boolean;
  /** Finished steps. */
  readonly step: number;
  /** The step at which this process began. */
  readonly from: number;
  /** Steps of the checkpoints that are there. */
  readonly checkpoints: readonly number[];
  readonly lastStep?: StepLine;
  readonly lastProbe?: Probe;
}

const memory = z.object({
  tokens: z.int().nonnegative(),
  journalBytes: z.int().nonnegative(),
  /** Steps of all checkpoints written, kept or not. */
  written: z.array(z.int()),
  /** Probed losses by step. */
  losses: z.array(z.tuple([z.int(), z.number()])),
});

/** Where a run keeps the state that it resumes from. */
export const stateFolder = (runFolder: string) => join(runFolder, "state");
/** Where a run keeps the checkpoint of a step. */
export const checkpointFolder = (runFolder: string, step: number) =>
  join(runFolder, "checkpoints", checkpointName(step));

/**
 * Trains from the last saved state, or from the beginning, to the last step or until a stop is requested.
 *
 * @throws DivergedError where a number is not finite: the state of the step before is saved first, and is a checkpoint too.
 * @throws UnusableTrainingError where the saved states cannot be used.
 */
export async function runTraining(options: RunOptions): Promise<RunEnd> {
  const { folder, trainer, steps, clock } = options;
  const resumed = await resume(options);
  const { written, losses } = resumed;
  const from = trainer.step;
  const due = new Set(checkpointSteps(options.checkpoints, steps));
  const journal = await TrainingJournal.open(folder, resumed.journalBytes);
  let savedStep = from;
  let savedAt = clock();
  let lastStep: StepLine | undefined;
  let lastProbe: Probe | undefined;

  const save = async () => {
    await journal.sync();
    await saveState(stateFolder(folder), {
      step: trainer.step,
      tensors: trainer.snapshot(),
      memory: { tokens: trainer.tokens, journalBytes: journal.bytes, written, losses: [...losses] },
    });
    savedStep = trainer.step;
    savedAt = clock();
  };
  const probeNow = async () => {
    trainer.snapshot();
    lastProbe = await options.probe(trainer.step);
    losses.set(trainer.step, lastProbe.loss);
    const gradientNorm = lastStep?.gradientNorm;
    await journal.append({
      step: trainer.step,
      probe: { ...lastProbe.summary, ...(gradientNorm !== undefined && { gradientNorm }) },
    });
  };
  const writeCheckpoint = async () => {
    trainer.snapshot();
    await options.writeCheckpoint(trainer.step, checkpointFolder(folder, trainer.step));
    written.push(trainer.step);
    await journal.append({ step: trainer.step, checkpoint: `checkpoints/${checkpointName(trainer.step)}` });
  };
  const checkpointNow = async () => {
    await writeCheckpoint();
    await removeOthers(folder, written, kept());
  };
  /** No other checkpoint makes way: one just before a divergence need not be the one that is wanted. */
  const keepLastGood = async () => {
    if (!written.includes(trainer.step)) await writeCheckpoint();
    await save();
  };
  const kept = () => keptCheckpoints(options.checkpoints, written, (step) => losses.get(step));

  try {
    await options.onStart?.(from);
    const { different = [] } = options;
    if (different.length > 0) await journal.append({ step: from, different });
    if (from === 0 && options.probeEvery !== undefined) await probeNow();
    while (trainer.step < steps && !options.stopRequested()) {
      lastStep = await trainer.advance();
      const { step } = lastStep;
      if (step % options.journalEvery === 0 || step === steps) await journal.append(lastStep);
      options.onStep?.(lastStep);
      if (options.probeEvery !== undefined && (step % options.probeEvery === 0 || step === steps))
        await probeNow();
      if (due.has(step)) await checkpointNow();
      const bySteps = options.save.steps !== undefined && step - savedStep >= options.save.steps;
      if (bySteps || clock() - savedAt >= options.save.seconds) await save();
      // Signals and progress have their turn between steps.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (trainer.step > savedStep) await save();
    return {
      finished: trainer.step >= steps,
      step: trainer.step,
      from,
      checkpoints: kept(),
      ...(lastStep !== undefined && { lastStep }),
      ...(lastProbe !== undefined && { lastProbe }),
    };
  } catch (error) {
    if (error instanceof DivergedError) await keepLastGood().catch(() => {});
    throw error;
  } finally {
    await journal.close();
  }
}

async function resume(options: RunOptions) {
  const found = await loadState(stateFolder(options.folder));
  if (found === undefined) {
    return { journalBytes: 0, written: [] as number[], losses: new Map<number, number>() };
  }
  const parsed = memory.safeParse(found.memory);
  const refuse = (reason: string) =>
    new UnusableTrainingError(`${stateFolder(options.folder)}: the saved state cannot be used: ${reason}`);
  if (!parsed.success) throw refuse("it was written by another version");
  const { tokens, journalBytes, written, losses } = parsed.data;
  try {
    options.trainer.restore({ step: found.step, tokens, tensors: found.tensors });
  } catch (error) {
    throw refuse((error as Error).message);
  }
  return { journalBytes, written, losses: new Map(losses) };
}

async function removeOthers(
  folder: string,
  written: readonly number[],
  kept: readonly number[],
): Promise<void> {
  for (const step of written) {
    if (!kept.includes(step)) await rm(checkpointFolder(folder, step), { recursive: true, force: true });
  }
}
