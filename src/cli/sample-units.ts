/** The units of `lmcov sample`: one draw each, with its rows. */
import { crc32 } from "node:zlib";
import {
  type DrawSettings,
  drawRows,
  drawSeed,
  inTurns,
  promptText,
  recordedSampling,
} from "../endpoint/index.ts";
import { type DrawSeries, seriesName, type Unit, type UnitResult, unitKey } from "../job/index.ts";
import { type Outcome, type Row, type RowBase, samplingHash } from "../record/index.ts";
import type { AsyncVerifier, DrawVerdict } from "../verifier/index.ts";
import type { PromptRecord } from "./model-input.ts";
import type { OpenModel } from "./model-options.ts";

export interface SampleUnit extends Unit {
  readonly model: OpenModel;
  readonly record: PromptRecord;
  readonly base: RowBase;
  readonly drawSet: string;
  readonly draw: number;
  readonly seed: number;
}

export interface Drawing {
  readonly settings: DrawSettings;
  /** Names the draws: those of one name are numbered for good. */
  readonly run: string;
  readonly verifier: AsyncVerifier | undefined;
  /** Models whose servers give the model's own log-probabilities under these settings. */
  readonly ownScores: ReadonlySet<OpenModel>;
}

/** The name of draws where the user gives none. */
export const usualRun = "0";

/** The draws of one prompt under one model, by number, and what a stopping rule calls them. */
export function drawSeries(
  model: OpenModel,
  record: PromptRecord,
  { settings, run }: Pick<Drawing, "settings" | "run">,
): DrawSeries<SampleUnit> {
  const { name, step } = model.spec;
  const drawSet = run === usualRun ? "" : `seed ${run}`;
  const { task, problem, promptHash, source } = record;
  const sampling = recordedSampling(settings, record.prompt);
  const base: RowBase = {
    model: name,
    ...(step !== undefined && { step }),
    task,
    problem,
    promptHash,
    sampling,
    samplingHash: samplingHash(sampling),
    source,
  };
  const other = ["sample", drawSet, task, problem];
  return {
    name: seriesName({ ...base, drawSet }),
    unit(draw) {
      const seed = drawSeed({ run, model: name, promptHash, draw });
      const key = unitKey({ model: name, promptHash, samplingHash: base.samplingHash, draw, other });
      return { key, model, record, base, drawSet, draw, seed };
    },
  };
}

/** What does one unit: draws, then judges, as many at once as the verifier wants. */
export function drawing({ settings, verifier, ownScores }: Drawing) {
  const judging = inTurns(verifier?.concurrency ?? 1);
  const outcomeOf = async (unit: SampleUnit, response: string, judge: AsyncVerifier, signal: AbortSignal) => {
    const { record } = unit;
    const draw = {
      response,
      target: record.target,
      prompt: promptText(record.prompt),
      task: record.task,
      problem: record.problem,
    };
    const verdict = await judging(() => judge.verify(draw, signal)).catch((error: unknown): DrawVerdict => {
      signal.throwIfAborted();
      // The draw is there and stays; judging it again is no reason to draw again.
      return { verdict: "unscored", reason: `the verifier broke: ${(error as Error).message}` };
    });
    return { ...outcomeRow(unit, judge, verdict), fingerprint: crc32(response) };
  };
  return async (unit: SampleUnit, signal: AbortSignal): Promise<UnitResult> => {
    const { model, record, base, drawSet, draw, seed } = unit;
    const { prompt, target } = record;
    const sampled = await model.endpoint.sampler.sample({ prompt, settings, seed }, signal);
    const { tokenLogProbabilities, ...plain } = sampled;
    const drawn = ownScores.has(model) ? sampled : plain;
    const method = `drawn by ${model.endpoint.kind}, raw, no end token`;
    const rows: Row[] = drawRows({ base, prompt, drawSet, draw, seed, target, drawn, method });
    if (verifier !== undefined) rows.push(await outcomeOf(unit, sampled.text, verifier, signal));
    const usage = { inputTokens: sampled.promptTokens ?? 0, outputTokens: sampled.tokenCount ?? 0 };
    return { rows, usage };
  };
}

/** A draw that could not be had is no wrong answer: it stands in the denominator as unscored, with the reason. */
export const unscoredOutcome = (unit: SampleUnit, verifier: AsyncVerifier, reason: string): Outcome =>
  outcomeRow(unit, verifier, { verdict: "unscored", reason });

function outcomeRow(
  { base, drawSet, draw }: SampleUnit,
  verifier: AsyncVerifier,
  verdict: DrawVerdict,
): Outcome {
  return { kind: "outcome", ...base, drawSet, draw, ...verdict, verifier: verifier.name };
}
