/** Draws and scores as rows of a run. */
import { crc32 } from "node:zlib";
import {
  checkpointName,
  type Likelihood as LikelihoodRow,
  type Response,
  type ResponseRole,
  type RowBase,
  type SamplingSettings,
  shortHash,
} from "../record/index.ts";
import type { Draw, DrawSettings, Prompt, ScoredResponse } from "./endpoint.ts";
import { promptForm, promptText } from "./prompt-text.ts";

/** What every draw's row says of how it was drawn: all of it, off switches included. */
export function recordedSampling(settings: DrawSettings, prompt: Prompt): SamplingSettings {
  const form = promptForm(prompt);
  return {
    temperature: settings.temperature,
    topP: settings.topP ?? 1,
    topK: settings.topK ?? 0,
    minP: settings.minP ?? 0,
    maxTokens: settings.maxTokens,
    other: {
      penalties: "off",
      ...(settings.stop !== undefined && settings.stop.length > 0 && { stop: JSON.stringify(settings.stop) }),
      ...(form !== "text" && { prompt: form }),
    },
  };
}

/** The seed of one draw: other prompts, models and runs have others, and draws of one prompt never share one. */
export function drawSeed(input: {
  readonly run: string;
  readonly model: string;
  readonly promptHash: string;
  readonly draw: number;
}): number {
  const base = Number.parseInt(
    shortHash(JSON.stringify([input.run, input.model, input.promptHash])).slice(0, 8),
    16,
  );
  return (base + input.draw) % 2 ** 31;
}

/** One draw as `drawRows` makes rows of it. */
export interface DrawRows {
  readonly base: RowBase;
  readonly prompt: Prompt;
  /** Empty where the draws are numbered for good. */
  readonly drawSet: string;
  readonly draw: number;
  readonly seed: number;
  readonly target?: string | undefined;
  readonly drawn: Draw;
  /** How log-probabilities of draws were obtained. */
  readonly method: string;
}

/** The response, and its log-probability where the server gave the model's own. An empty response has none to speak of. */
export function drawRows(input: DrawRows): (Response | LikelihoodRow)[] {
  const { base, draw, drawn } = input;
  const scores = drawn.tokenLogProbabilities;
  const response: Response = {
    kind: "response",
    ...base,
    drawSet: input.drawSet,
    draw,
    role: "draw",
    prompt: promptText(input.prompt),
    text: drawn.text,
    ...(input.target !== undefined && { target: input.target }),
    seed: input.seed,
    ...(drawn.tokenCount !== undefined && { tokenCount: drawn.tokenCount }),
    finishReason: drawn.finishReason,
  };
  if (scores === undefined || scores.length === 0) return [response];
  return [
    response,
    likelihoodRow({
      base,
      role: "draw",
      drawSet: input.drawSet,
      draw,
      drawnBy: checkpointName(base),
      text: drawn.text,
      scored: {
        logProbability: scores.reduce((sum, value) => sum + value, 0),
        tokenLogProbabilities: scores,
        tokenTexts: drawn.tokenTexts?.length === scores.length ? drawn.tokenTexts : undefined,
        tokenCount: scores.length,
        straddling: 0,
      },
      method: input.method,
    }),
  ];
}

/** One score as `likelihoodRow` makes a row of it. */
export interface LikelihoodRowInput {
  /** The model that scored, and the response's problem, prompt and sampling. */
  readonly base: RowBase;
  readonly role: ResponseRole;
  readonly drawSet: string;
  readonly draw: number;
  readonly drawnBy?: string | undefined;
  readonly text: string;
  readonly scored: ScoredResponse;
  readonly method: string;
}

/** Ends the method of a response whose first token also ends its prompt. */
export const straddlingMark = "straddling";

/** A likelihood row; it aligns with those of other models through task, problem, prompt, role, sampler and draw. */
export function likelihoodRow(input: LikelihoodRowInput): LikelihoodRow {
  const { scored } = input;
  return {
    kind: "likelihood",
    ...input.base,
    drawSet: input.drawSet,
    draw: input.draw,
    role: input.role,
    ...(input.drawnBy !== undefined && { drawnBy: input.drawnBy }),
    logProbability: scored.logProbability,
    tokenLogProbabilities: scored.tokenLogProbabilities,
    ...(scored.tokenTexts !== undefined && { tokens: scored.tokenTexts }),
    tokenCount: scored.tokenCount,
    fingerprint: crc32(input.text),
    method: scored.straddling === 0 ? input.method : `${input.method}, ${straddlingMark}`,
  };
}
