/** Log-probabilities of a figure's sets under its checkpoints, a file each, so that an interrupted scoring goes on. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { forwardScorer, type LoadedModel } from "../decode/index.ts";
import { readCheckpoint, transformerModel } from "../model/index.ts";
import { InputError } from "../record/index.ts";
import type { FigurePlan, FigureRow, PlannedScoring, RecordedScore } from "../reproduce/index.ts";
import { type Executor, float64Executor, onnxruntimeExecutor } from "../tensor/index.ts";
import { bucketLengths, type EncodedExample, encodedExample, responseScorer } from "../train/index.ts";
import { progressLine } from "./progress.ts";
import type { ReproduceEngine } from "./reproduce-train.ts";

const batch = 64;

const scoreFile = z.record(z.string(), z.array(z.union([z.number(), z.literal("-Infinity")])));

/** Scores what is not scored yet and reads the rest; undefined where a stop was requested before the end. */
export async function scores(
  plan: FigurePlan,
  given: ReproduceEngine & { readonly out: string; readonly stopRequested: () => boolean },
): Promise<RecordedScore[] | undefined> {
  const { out, stopRequested } = given;
  const missing = plan.scorings.filter((scoring) => !existsSync(scorePath(out, scoring)));
  if (missing.length > 0) {
    const rows = new Map(plan.files.map(({ path, rows: made }) => [path, made]));
    const executor = await scoringExecutor(given);
    const progress = progressLine({ title: "scoring checkpoints", total: missing.length });
    try {
      const sets = new Map<string, readonly FigureRow[]>();
      for (const [index, scoring] of missing.entries()) {
        if (stopRequested()) return undefined;
        for (const path of scoring.files) {
          if (!sets.has(path)) sets.set(path, [...(rows.get(path)?.() ?? [])]);
        }
        const checkpoint = join(out, scoring.checkpoint);
        await writeScores(scorePath(out, scoring), await scoredSets(checkpoint, scoring, { sets, executor }));
        progress.update(index + 1);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      progress.finish();
      await executor.release();
    }
  }
  const read: RecordedScore[] = [];
  for (const scoring of plan.scorings) read.push(...(await readScores(scorePath(out, scoring), scoring)));
  return read;
}

const scorePath = (out: string, { seed, variant, step }: PlannedScoring): string =>
  join(
    out,
    "scores",
    `seed-${seed}`,
    ...(variant === "" ? [] : [variant]),
    `step-${String(step).padStart(8, "0")}.json`,
  );

/** Log-probabilities in nats of each file's rows under one checkpoint. */
export async function scoredSets(
  checkpoint: string,
  { files, testTimeStep }: Pick<PlannedScoring, "files" | "testTimeStep">,
  given: { readonly sets: ReadonlyMap<string, readonly FigureRow[]>; readonly executor: Executor },
): Promise<Record<string, readonly number[]>> {
  const { sets, executor } = given;
  const { config, parameters, tokenizer } = await readCheckpoint(checkpoint);
  if (tokenizer === undefined) throw new InputError(`${checkpoint}: has no tokenizer`);
  const encoding = { tokenizer, contextLength: config.contextLength, endOfSequence: false };
  const encoded = files.map((path) => (sets.get(path) ?? []).map((row) => encodedExample(row, encoding)));
  const longest = Math.max(...encoded.flat().map(({ tokens }) => tokens.length - 1));
  const model = transformerModel(config);
  const scorer =
    testTimeStep === undefined
      ? fixedScorer({ model, parameters, executor, lengths: bucketLengths(longest) })
      : steppingScorer({ ...config, model, parameters, executor }, testTimeStep);
  try {
    const scored: Record<string, readonly number[]> = {};
    for (const [index, path] of files.entries()) {
      scored[path] = (await scorer.score(encoded[index] ?? [])).map(rounded);
    }
    return scored;
  } finally {
    await scorer.release();
  }
}

interface ExampleScorer {
  /** Sums over the response's tokens, nats. */
  score(examples: readonly EncodedExample[]): Promise<number[]>;
  release(): Promise<void>;
}

function fixedScorer(
  given: Pick<LoadedModel, "model" | "executor" | "parameters"> & { readonly lengths: readonly number[] },
): ExampleScorer {
  const { parameters, ...rest } = given;
  const scorer = responseScorer({ ...rest, batch });
  return {
    score: async (examples) => Array.from((await scorer.score(parameters, examples)).logProbabilities),
    release: () => scorer.release(),
  };
}

/** Under test-time training of the output head. */
function steppingScorer(loaded: LoadedModel, stepSize: number): ExampleScorer {
  const scorer = forwardScorer(loaded, { headSteps: { stepSize } });
  return {
    async score(examples) {
      const requests = examples.map(({ tokens, promptLength }) => ({
        prompt: tokens.subarray(0, promptLength),
        response: tokens.subarray(promptLength),
      }));
      const scored = await scorer.score(requests, { batch });
      return scored.map(({ logProbabilities }) =>
        Math.min(
          0,
          logProbabilities.reduce((sum, value) => sum + value, 0),
        ),
      );
    },
    release: () => scorer.release(),
  };
}

/** Float32 computes no more digits than these. */
const rounded = (value: number): number => Math.round(value * 1e5) / 1e5;

async function writeScores(path: string, scored: Record<string, readonly number[]>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const text = JSON.stringify(scored, (_, value) =>
    value === Number.NEGATIVE_INFINITY ? "-Infinity" : value,
  );
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

async function readScores(path: string, { seed, variant, step }: PlannedScoring): Promise<RecordedScore[]> {
  const parsed = scoreFile.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success)
    throw new InputError(`${path}: holds no scores; remove it to have them computed again`);
  return Object.entries(parsed.data).map(([set, values]) => ({
    seed,
    variant,
    step,
    path: set,
    logProbabilities: values.map(Number),
  }));
}

async function scoringExecutor({ device, threads }: ReproduceEngine): Promise<Executor> {
  if (device === "float64") return float64Executor();
  return onnxruntimeExecutor({
    device: device as "cpu" | "webgpu" | "cuda",
    ...(threads !== undefined && { threads }),
  });
}
