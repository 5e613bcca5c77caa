/** The files that the documentation's commands read, small. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vllmRoutes } from "./endpoint/scripted-openai.ts";
import type { Json, Routes } from "./endpoint/scripted-server.ts";
import {
  inspectMembers,
  lmEvalLines,
  parquetOf,
  parquetQueries,
  verlLines,
} from "./importer/small-inputs.ts";
import { zipOf } from "./importer/zip-writer.ts";
import { lmcov } from "./lmcov.ts";
import { writeTrainedRun } from "./trained-run.ts";
import { writeSums, writeTraining } from "./training.ts";

const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("");

const draws = Array.from({ length: 6 }, (_, problem) =>
  Array.from({ length: 100 }, (_, draw) => ({
    problem: `p${problem}`,
    response: `The answer is ${draw % (problem + 1)}.`,
    target: "0",
    correct: draw % (problem + 1) === 0,
    reward: (7 * draw + problem) % 10,
  })),
).flat();

const scores = Array.from({ length: 40 }, (_, problem) =>
  ["teacher", "early", "late"].map((model, index) => ({
    model,
    problem: `p${problem}`,
    logprob: -5 - index - (problem % (7 - index)),
  })),
).flat();

/** Logs: `log.jsonl` with draws, `scores.jsonl` with log-probabilities. */
export function writeLogs(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "log.jsonl"), lines(draws));
  writeFileSync(join(folder, "scores.jsonl"), lines(scores));
}

/** What the harnesses wrote: `results`, `logs`, `completions`, `rollouts`. */
export async function writeHarnessLogs(folder: string): Promise<void> {
  for (const name of ["results", "logs", "completions", "rollouts"])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "results", "samples_sums_2026-01-01T00-00-00.000001.jsonl"), lmEvalLines);
  writeFileSync(join(folder, "logs", "sums.eval"), zipOf(inspectMembers()));
  await parquetOf(parquetQueries.trl, join(folder, "completions", "completions_00020.parquet"));
  writeFileSync(join(folder, "rollouts", "10.jsonl"), verlLines);
}

/** `run`, a run folder of the log; `train.yaml` with its data; `runs/sums` with checkpoints; `gpt2`, a checkpoint. */
export async function writeRuns(folder: string): Promise<void> {
  await writeSums(folder);
  await writeTraining(folder);
  await writeTrainedRun(folder);
  cpSync(join(folder, "checkpoint"), join(folder, "gpt2"), { recursive: true });
  cpSync(join(folder, "checkpoint"), join(folder, "runs", "sums", "checkpoints", "step-00001000"), {
    recursive: true,
  });
  const { code, stderr } = await lmcov(["import", "log.jsonl", "--out", "run"], { cwd: folder });
  if (code !== 0) throw new Error(stderr);
}

/** vLLM's routes whose draws end after 60 tokens: the scripted model's context is short. */
export function shortDraws(): Routes {
  const routes = vllmRoutes();
  const complete = routes["POST /v1/completions"]!;
  const shortened = (body: Json) => complete({ ...body, max_tokens: Math.min(Number(body.max_tokens), 60) });
  return { ...routes, "POST /v1/completions": shortened };
}
