import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bigram, bigramVocabulary, momentum, sequenceLoss } from "../../test/bigram.ts";
import { randomGenerator } from "../numeric/index.ts";
import { float64Executor } from "../tensor/index.ts";
import { shuffledEpochs } from "./data.ts";
import { readTrainingJournal } from "./journal.ts";
import { type RunOptions, runTraining, stateFolder } from "./run.ts";
import { loadState, saveState } from "./state.ts";
import { trainer } from "./trainer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lmcov-training-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const examples = Array.from({ length: 7 }, (_, index) => ({
  tokens: Int32Array.of(index % 5, (2 * index) % 5, (3 * index + 1) % 5),
  promptLength: 1,
}));
const parameters = {
  table: { shape: [5, 5], data: new Float64Array(bigramVocabulary ** 2) },
  bias: { shape: [5], data: new Float64Array(bigramVocabulary) },
};

class Killed extends Error {}

interface Disturbance {
  readonly name?: string;
  readonly stopAt?: number;
  /** Dies at the beginning of the n-th write to disk beyond the journal. */
  readonly dieAt?: number;
  readonly change?: Partial<RunOptions>;
  readonly learningRate?: (step: number) => number;
}

async function training(disturbance: Disturbance = {}) {
  const run = join(folder, disturbance.name ?? "run");
  let events = 0;
  const maybeDie = () => {
    events += 1;
    if (events === disturbance.dieAt) throw new Killed();
  };
  const started: number[] = [];
  const loop = trainer({
    model: bigram,
    executor: float64Executor(),
    rule: momentum,
    loss: sequenceLoss,
    meanOver: "sequence",
    parameters,
    source: shuffledEpochs(examples, randomGenerator("order")),
    batch: 4,
    microBatch: 4,
    lengths: [2],
    learningRate: disturbance.learningRate ?? (() => 0.1),
  });
  const end = runTraining({
    folder: run,
    trainer: loop,
    steps: 20,
    checkpoints: { every: 5, keepBest: 1, keepLast: 2 },
    probeEvery: 5,
    save: { seconds: 1e9, steps: 3 },
    journalEvery: 1,
    clock: () => 0,
    stopRequested: () => loop.step === disturbance.stopAt,
    probe: async (step) => {
      maybeDie();
      // Best at step 10.
      return { loss: Math.abs(step - 10), summary: { coverage: step / 20 } };
    },
    writeCheckpoint: async (_step, path) => {
      maybeDie();
      await mkdir(path, { recursive: true });
      await writeFile(join(path, "table"), JSON.stringify([...(loop.parameters.table?.data ?? [])]));
    },
    onStart: (step) => {
      started.push(step);
    },
    onStep: maybeDie,
    ...disturbance.change,
  });
  return { run, end: await end, started, loop };
}

async function content(run: string) {
  const journal = await readFile(join(run, "journal", "train.jsonl"), "utf8");
  const names = (await readdir(join(run, "checkpoints"))).sort();
  const tables = await Promise.all(
    names.map((name) => readFile(join(run, "checkpoints", name, "table"), "utf8")),
  );
  return { journal, names, tables, state: await loadState(stateFolder(run)) };
}

describe("a training on disk", () => {
  test("keeps checkpoints by rule and writes each step, probe and checkpoint once", async () => {
    const { run, end } = await training();
    expect(end).toMatchObject({ finished: true, step: 20, from: 0, checkpoints: [10, 15, 20] });
    expect((await content(run)).names).toEqual(["step-00000010", "step-00000015", "step-00000020"]);
    const lines = await readTrainingJournal(run);
    expect(lines.filter((line) => "loss" in line).map(({ step }) => step)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(lines.filter((line) => "probe" in line).map(({ step }) => step)).toEqual([0, 5, 10, 15, 20]);
    expect(lines.find((line) => "probe" in line && line.step === 5)).toHaveProperty("probe.gradientNorm");
    expect(lines.filter((line) => "checkpoint" in line).map(({ step }) => step)).toEqual([5, 10, 15, 20]);
  });

  test("stopped and resumed equals the undisturbed one in journal, checkpoints and state", async () => {
    const whole = await training({ name: "whole" });
    const stopped = await training({ stopAt: 7 });
    expect(stopped.end).toMatchObject({ finished: false, step: 7 });
    const resumed = await training({});
    expect(resumed.started).toEqual([7]);
    expect(resumed.end).toMatchObject({ finished: true, from: 7, checkpoints: [10, 15, 20] });
    expect(await content(resumed.run)).toEqual(await content(whole.run));
  });

  test("killed at every possible moment and resumed equals the undisturbed one", async () => {
    const whole = await content((await training({ name: "whole" })).run);
    // 20 steps, 5 probes, 4 checkpoints.
    for (let dieAt = 1; dieAt <= 29; dieAt += 1) {
      const name = `killed ${dieAt}`;
      await expect(training({ name, dieAt })).rejects.toThrow(Killed);
      const { run } = await training({ name });
      expect(await content(run), name).toEqual(whole);
    }
  });

  test("run again when it is finished changes nothing", async () => {
    const { run } = await training();
    const before = await content(run);
    const again = await training();
    expect(again.end).toMatchObject({ finished: true, from: 20, step: 20 });
    expect(await content(run)).toEqual(before);
  });

  const infiniteAt = (bad: number) => (step: number) => (step === bad ? Number.POSITIVE_INFINITY : 0.1);

  test("that diverges keeps the last good state as a checkpoint too, beside those of before", async () => {
    const attempt = training({ learningRate: infiniteAt(12) });
    await expect(attempt).rejects.toMatchObject({ name: "DivergedError", step: 12, tensor: "table" });
    const { names, tables, state, journal } = await content(join(folder, "run"));
    expect(names).toEqual(["step-00000005", "step-00000010", "step-00000011"]);
    expect(state?.step).toBe(11);
    expect(journal.trimEnd().split("\n").at(-1)).toBe(
      JSON.stringify({ step: 11, checkpoint: "checkpoints/step-00000011" }),
    );
    // What stands there is what an undisturbed run has after step 11.
    const { loop } = await training({ name: "whole", stopAt: 11 });
    expect(tables.at(-1)).toBe(JSON.stringify([...loop.parameters.table!.data]));
  });

  test.each([1, 4])(
    "that diverges at step %d, before its first checkpoint, keeps the one before it",
    async (step) => {
      const attempt = training({ learningRate: infiniteAt(step) });
      await expect(attempt).rejects.toMatchObject({ step });
      const { names, tables, state } = await content(join(folder, "run"));
      expect(names).toEqual([`step-0000000${step - 1}`]);
      expect(JSON.parse(tables[0]!).every(Number.isFinite)).toBe(true);
      expect(state?.step).toBe(step - 1);
      // It goes on from there under a learning rate that is finite.
      const { end } = await training();
      expect(end).toMatchObject({ finished: true, from: step - 1, step: 20 });
    },
  );

  test("refuses a state of another training", async () => {
    await training({ stopAt: 3 });
    await saveState(stateFolder(join(folder, "run")), { step: 9, tensors: {}, memory: {} });
    await expect(training()).rejects.toThrow(
      /the saved state cannot be used: it was written by another version/,
    );
  });
});
