/** The unit of `lmcov score`: one response under one model. */
import { likelihoodRow, type ScoreRequest, type ScoringEndpoint } from "../endpoint/index.ts";
import type { Unit } from "../job/index.ts";
import { InputError, type Row } from "../record/index.ts";
import type { ResponseRecord } from "./model-input.ts";
import type { OpenModel } from "./model-options.ts";

export interface ScoreUnit extends Unit {
  readonly model: OpenModel;
  readonly record: ResponseRecord;
}

/** The likelihood of a unit's response, as a row. */
export async function scoredRow({ model, record }: ScoreUnit, signal: AbortSignal): Promise<Row> {
  const { spec, endpoint } = model;
  const { likelihood } = endpoint as ScoringEndpoint;
  const scored = await likelihood.score(requestOf(record), signal);
  const { task, problem, promptHash, sampling, samplingHash, source } = record;
  return likelihoodRow({
    base: {
      model: spec.name,
      ...(spec.step !== undefined && { step: spec.step }),
      task,
      problem,
      promptHash,
      sampling,
      samplingHash,
      source,
    },
    role: record.role,
    drawSet: record.drawSet,
    draw: record.draw,
    drawnBy: record.drawnBy,
    text: typeof record.response === "string" ? record.response : JSON.stringify(record.response),
    scored,
    method: likelihood.method,
  });
}

function requestOf({ prompt, response, source }: ResponseRecord): ScoreRequest {
  if ("messages" in prompt) {
    throw new InputError(
      `${source.file}:${source.line ?? ""}: a conversation is scored as the text that the model's chat template makes of it: give that text as the prompt`,
    );
  }
  return { prompt, response: typeof response === "string" ? { text: response } : { tokens: response } };
}
