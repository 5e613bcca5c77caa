/** What a dump of server responses says was asked: the prompt, the settings, and names given beside the pair. */
import type { SamplingSettings } from "../record/index.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { messagesText } from "./message-text.ts";

/** One response with what stands beside it. */
export interface ServerExchange {
  /** The request, where the dump holds it. */
  readonly request: JsonRecord | undefined;
  readonly response: JsonRecord;
  /** The object around both; the response itself where it stands alone. */
  readonly wrapper: JsonRecord;
  /** Place among the responses to one request that asked several prompts. */
  readonly place: number | undefined;
}

const responseNames = [
  "response",
  "output",
  "completion",
  "result",
  "body",
  "answer",
  "responses",
  "results",
];
const requestNames = ["request", "params", "payload", "input", "body"];

/** True for the answer of a completion server: choices, SGLang's meta_info, or llama.cpp's own form. */
function isServerResponse(record: JsonRecord | undefined): record is JsonRecord {
  if (record === undefined) return false;
  const choices = fieldOf(record, "choices");
  if (Array.isArray(choices)) {
    const first = asRecord(choices[0]);
    if (first === undefined) return false;
    if (asRecord(fieldOf(first, "message")) !== undefined || Object.hasOwn(first, "finish_reason"))
      return true;
    return typeof fieldOf(first, "text") === "string" && Object.hasOwn(first, "logprobs");
  }
  if (typeof fieldOf(record, "text") === "string") {
    const meta = asRecord(fieldOf(record, "meta_info"));
    return (
      meta !== undefined && (Object.hasOwn(meta, "finish_reason") || Object.hasOwn(meta, "prompt_tokens"))
    );
  }
  return typeof fieldOf(record, "content") === "string" && isLlamaResponse(record);
}

/** True for an answer of llama.cpp's `/completion`. */
export function isLlamaResponse(record: JsonRecord): boolean {
  return (
    Array.isArray(fieldOf(record, "completion_probabilities")) ||
    asRecord(fieldOf(record, "generation_settings")) !== undefined
  );
}

/** The responses in a record of a dump: alone, beside their request, or in a list; empty if there is none. */
export function exchangesOf(record: JsonRecord): ServerExchange[] {
  if (isServerResponse(record)) {
    return [{ request: undefined, response: record, wrapper: record, place: undefined }];
  }
  for (const name of responseNames) {
    const held = fieldOf(record, name);
    const inner = asRecord(held);
    const responses = Array.isArray(held) ? held.map(asRecord) : [inner, asRecord(fieldOf(inner, "body"))];
    const found = responses.filter(isServerResponse);
    if (found.length === 0) continue;
    const request = requestNames
      .filter((other) => other !== name)
      .map((other) => asRecord(fieldOf(record, other)))
      .find((value) => value !== undefined);
    const body = asRecord(fieldOf(request, "body")) ?? request;
    const listed = Array.isArray(held) && found.length > 1;
    return found.map((response, place) => ({
      request: body,
      response,
      wrapper: record,
      place: listed ? place : undefined,
    }));
  }
  return [];
}

/** The prompt's text: of the request, else beside the response; messages are joined with their roles. */
export function promptOf(
  exchange: ServerExchange,
  place = exchange.place,
): { readonly requested?: string; readonly beside?: string } {
  const { request, response, wrapper } = exchange;
  const requested = promptIn(request, place) ?? promptIn(fieldRecord(response, "prompt"), place);
  const beside = wrapper === response ? undefined : promptIn(wrapper, place);
  return { ...(requested !== undefined && { requested }), ...(beside !== undefined && { beside }) };
}

function fieldRecord(record: JsonRecord, name: string): JsonRecord {
  return { [name]: fieldOf(record, name) };
}

function promptIn(record: JsonRecord | undefined, place: number | undefined): string | undefined {
  for (const name of ["context", "prompt", "messages", "text", "inputs", "question"]) {
    const value = fieldOf(record, name);
    if (typeof value === "string") return value;
    if (!Array.isArray(value)) continue;
    if (name === "messages") return messagesText(value);
    const item: unknown = value[place ?? 0];
    if (typeof item === "string" && (place !== undefined || value.length === 1)) return item;
    if (asRecord(item) !== undefined) return messagesText(value);
  }
  return undefined;
}

const settingNames: Readonly<Record<string, Exclude<keyof SamplingSettings, "other">>> = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  min_p: "minP",
  max_tokens: "maxTokens",
  max_completion_tokens: "maxTokens",
  max_new_tokens: "maxTokens",
  n_predict: "maxTokens",
};
/** Other settings that bend the distribution, with the values at which they do not. */
const neutralValues: Readonly<Record<string, readonly (number | boolean)[]>> = {
  frequency_penalty: [0],
  presence_penalty: [0],
  repetition_penalty: [1],
  repeat_penalty: [1],
  typical_p: [1],
  ignore_eos: [false],
  min_tokens: [0],
  dynatemp_range: [0],
  xtc_probability: [0],
  dry_multiplier: [0],
  mirostat: [0],
  top_n_sigma: [-1, 0],
};

/** Sampling settings as far as request and response tell them. */
export function exchangeSampling({ request, response }: ServerExchange): SamplingSettings {
  const known: { -readonly [Name in keyof SamplingSettings]: SamplingSettings[Name] } = {};
  const other: Record<string, string | number | boolean> = {};
  const sources = [
    asRecord(fieldOf(response, "generation_settings")),
    request,
    asRecord(fieldOf(request, "sampling_params")),
    asRecord(fieldOf(request, "extra_body")),
  ];
  for (const source of sources) {
    for (const [name, field] of Object.entries(settingNames)) {
      const value = fieldOf(source, name);
      const least = field === "topK" || field === "maxTokens" ? -1 : 0;
      if (typeof value === "number" && Number.isFinite(value) && value >= least) known[field] = value;
    }
    for (const name of Object.keys(neutralValues)) {
      const value = fieldOf(source, name);
      if (typeof value !== "boolean" && !(typeof value === "number" && Number.isFinite(value))) continue;
      if (!neutralValues[name]?.includes(value)) other[name] = value;
    }
  }
  return Object.keys(other).length > 0 ? { ...known, other } : known;
}

/** How the settings bend the model's own distribution, in words; empty if they do not; undefined if unknown. */
export function temperingOf(sampling: SamplingSettings): string | undefined {
  const { temperature, topP, topK, minP, other } = sampling;
  const bends = [
    temperature !== undefined && temperature !== 1 ? `temperature ${temperature}` : "",
    topP !== undefined && topP < 1 ? `top-p ${topP}` : "",
    topK !== undefined && topK > 0 ? `top-k ${topK}` : "",
    minP !== undefined && minP > 0 ? `min-p ${minP}` : "",
    ...Object.entries(other ?? {}).map(([name, value]) => `${name} ${value}`),
  ].filter((part) => part !== "");
  if (bends.length > 0) return bends.join(", ");
  return temperature === undefined ? undefined : "";
}
