/** The unit of `lmcov score`: one response under one model. */
import {
  type Likelihood,
  likelihoodRow,
  type ScoredResponse,
  type ScoringEndpoint,
} from "../endpoint/index.ts";
import { type Unit, unitKey } from "../job/index.ts";
import { InputError, type Row, shortHash } from "../record/index.ts";
import type { ResponseRecord } from "./model-input.ts";
import type { OpenModel } from "./model-options.ts";

export interface ScoreUnit extends Unit {
  readonly model: OpenModel;
  readonly record: ResponseRecord;
}

/** One response's unit: equal responses of one place in the data, or of one draw, are scored once. */
export function scoreUnit(model: OpenModel, record: ResponseRecord): ScoreUnit {
  const { task, problem, promptHash, role, drawnBy = "", samplingHash, drawSet, draw, response } = record;
  const text = typeof response === "string" ? response : JSON.stringify(response);
  const other = ["score", task, problem, role, drawnBy, drawSet, shortHash(text)];
  return { key: unitKey({ model: model.spec.name, promptHash, samplingHash, draw, other }), model, record };
}

/** The likelihood of a unit's response, as a row. */
export async function scoredRow({ model, record }: ScoreUnit, signal: AbortSignal): Promise<Row> {
  const { spec, endpoint } = model;
  const { likelihood } = endpoint as ScoringEndpoint;
  const scored = await scoredResponse(likelihood, record, signal);
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

function scoredResponse(
  likelihood: Likelihood,
  { prompt, response, source }: ResponseRecord,
  signal: AbortSignal,
): Promise<ScoredResponse> {
  if (!("messages" in prompt)) {
    const given = typeof response === "string" ? { text: response } : { tokens: response };
    return likelihood.score({ prompt, response: given }, signal);
  }
  const place = `${source.file}:${source.line ?? ""}`;
  if (typeof response !== "string") {
    throw new InputError(`${place}: a response to a conversation is a text`);
  }
  if (likelihood.scoreConversation === undefined) {
    throw new InputError(
      `${place}: this model's chat template is not known here; a conversation is scored as the text that the template makes: give that text as the prompt, or score with a llama.cpp server or with a model folder that has a template`,
    );
  }
  return likelihood.scoreConversation({ messages: prompt.messages, response }, signal);
}
