/** Rows of what a checkpoint drew or scored. */
import { crc32 } from "node:zlib";
import type { FilterSettings, TestTimeTraining } from "../decode/index.ts";
import {
  checkpointName,
  type Likelihood,
  longestToken,
  type Outcome,
  type Response,
  type Row,
  type RowBase,
  type SamplingSettings,
} from "../record/index.ts";
import type { Verifier } from "../verifier/index.ts";
import type { PromptRow } from "./generate-prompts.ts";

/** A checkpoint as rows name it. */
export interface ModelName {
  readonly model: string;
  readonly step?: number;
  readonly trainingTokens?: number;
}

export interface DrawSettings extends FilterSettings {
  readonly maxTokens: number;
  readonly testTimeTraining?: TestTimeTraining | undefined;
}

/** π^TTT is a model of its own: its log-probabilities are not those of the checkpoint. */
export function steppedName(name: ModelName, settings: TestTimeTraining | undefined): ModelName {
  if (settings === undefined) return name;
  const which = settings.parameters === "all" ? ", all weights" : "";
  return { ...name, model: `${name.model} + test-time training ${settings.stepSize}${which}` };
}

/** Sampling settings as rows record them: what changes the model's distribution, and the limit. */
export function samplingOf(settings: DrawSettings): SamplingSettings {
  const { temperature = 1, topK, topP, minP, maxTokens, testTimeTraining } = settings;
  return {
    temperature,
    ...(topK !== undefined && topK !== 0 && { topK }),
    ...(topP !== undefined && topP !== 1 && { topP }),
    ...(minP !== undefined && minP !== 0 && { minP }),
    maxTokens,
    ...(testTimeTraining !== undefined && {
      other: {
        testTimeTraining: testTimeTraining.stepSize,
        testTimeParameters: testTimeTraining.parameters,
      },
    }),
  };
}

/**
 * Who drew a response, as log-probabilities name it: the model, as labels of several checkpoints show it, and where it was
 * sampled from another distribution than its own, that distribution, which is a candidate of its own.
 */
export function drawerOf(name: ModelName, sampling: SamplingSettings): string {
  const changes = changesOf(sampling);
  return changes === "" ? checkpointName(name) : `${checkpointName(name)} (${changes})`;
}

/** What tells the sampling distribution from the model's own; empty where it is the model's own. */
function changesOf({ temperature, topK, topP, minP }: SamplingSettings): string {
  return [
    temperature !== undefined && temperature !== 1 ? `temperature ${temperature}` : undefined,
    topK !== undefined && topK > 0 ? `top-k ${topK}` : undefined,
    topP !== undefined && topP !== 1 ? `top-p ${topP}` : undefined,
    minP !== undefined && minP !== 0 ? `min-p ${minP}` : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
}

/** One drawn response, decoded. */
export interface DrawnText {
  readonly prompt: PromptRow;
  readonly drawSet: string;
  readonly draw: number;
  readonly text: string;
  readonly tokenCount: number;
  /** Of each token, under the model and under the distribution that it was drawn from. */
  readonly logProbabilities: readonly number[];
  readonly samplingLogProbabilities: readonly number[];
  readonly tokenTexts: readonly string[];
  readonly finishReason: string;
}

export interface DrawContext {
  readonly name: ModelName;
  readonly sampling: SamplingSettings;
  readonly samplingHash: string;
  readonly verifier: Verifier | undefined;
  /** Whether outcomes carry the response's log-probability as a reward. */
  readonly rewarded: boolean;
  /** How log-probabilities were obtained. */
  readonly method: string;
}

/** The rows of one draw: the response, its log-probabilities, and the verdict where there is a verifier. */
export function drawRows(drawn: DrawnText, context: DrawContext): Row[] {
  const { prompt, draw, text, tokenCount } = drawn;
  const { name, sampling, samplingHash, verifier, method } = context;
  const base: RowBase & { drawSet: string; draw: number } = {
    ...name,
    task: prompt.task,
    problem: prompt.problem,
    promptHash: prompt.promptHash,
    sampling,
    samplingHash,
    source: prompt.source,
    drawSet: drawn.drawSet,
    draw,
  };
  const fingerprint = crc32(text);
  const response: Response = {
    kind: "response",
    ...base,
    role: "draw",
    prompt: prompt.prompt,
    text,
    ...(prompt.target !== undefined && { target: prompt.target }),
    tokenCount,
    finishReason: drawn.finishReason,
  };
  const result = verifier?.verify({ response: text, target: prompt.target, prompt: prompt.prompt });
  const answer = result?.answer;
  const drawnBy = drawerOf(name, sampling);
  const likelihood = (model: ModelName, values: readonly number[], how: string): Likelihood => {
    const { step: _step, trainingTokens: _tokens, ...rest } = base;
    return {
      kind: "likelihood",
      ...rest,
      ...model,
      role: "draw",
      drawnBy,
      logProbability: sumOf(values),
      tokenLogProbabilities: values.map((value) => Math.min(0, value)),
      ...tokensField(drawn.tokenTexts),
      tokenCount,
      ...(answer !== undefined && { answer }),
      fingerprint,
      method: how,
    };
  };
  const rows: Row[] = [response, likelihood(name, drawn.logProbabilities, method)];
  if (changesOf(sampling) !== "") {
    rows.push(
      likelihood(
        { model: drawnBy },
        drawn.samplingLogProbabilities,
        `${method}, of the sampling distribution`,
      ),
    );
  }
  if (verifier === undefined || result === undefined) return rows;
  const outcome: Outcome = {
    kind: "outcome",
    ...base,
    verdict: result.verdict,
    ...(result.reason !== undefined && { reason: result.reason }),
    ...(context.rewarded && { reward: sumOf(drawn.logProbabilities) }),
    ...(answer !== undefined && { answer }),
    fingerprint,
    verifier: verifier.name,
  };
  return [...rows, outcome];
}

/** The texts of tokens as a row has them; none where one is longer than a row's token may be. */
export const tokensField = (texts: readonly string[]): Pick<Likelihood, "tokens"> =>
  texts.some((text) => text.length > longestToken) ? {} : { tokens: texts };

/** A sum of log-probabilities, at most 0: float32 may leave noise above. */
export function sumOf(logProbabilities: readonly number[]): number {
  return Math.min(
    0,
    logProbabilities.reduce((sum, value) => sum + value, 0),
  );
}
