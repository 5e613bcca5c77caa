/** One line of lm-eval's samples: its responses, its request's settings and its metrics, whatever the version. */
import type { SamplingSettings } from "../record/index.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";

/** What was asked: text to generate under settings, or the likelihood of continuations. */
export interface LmEvalRequest {
  readonly prompt?: string;
  /** Generation settings; undefined for a likelihood request. */
  readonly settings?: JsonRecord;
}

/** The first request of a document: `{gen_args_0: {arg_0, arg_1}}`, or in older versions `[[prompt, settings]]`. */
export function requestOf(record: JsonRecord): LmEvalRequest {
  const value = fieldOf(record, "arguments");
  const first = Array.isArray(value) ? value[0] : fieldOf(asRecord(value), "gen_args_0");
  const named = asRecord(first);
  const prompt = Array.isArray(first) ? first[0] : fieldOf(named, "arg_0");
  const settings = asRecord(Array.isArray(first) ? first[1] : fieldOf(named, "arg_1"));
  return {
    ...(typeof prompt === "string" && { prompt }),
    ...(settings !== undefined && { settings }),
  };
}

/**
 * The generated texts of all repeats: `resps` is [[text, …]] for generation. Undefined for likelihood requests,
 * whose answers are pairs of a number and a boolean.
 */
export function generatedTexts(record: JsonRecord, request: LmEvalRequest): string[] | undefined {
  const responses = fieldOf(record, "resps");
  if (!Array.isArray(responses) || responses.length !== 1) return undefined;
  const repeats: unknown = responses[0];
  const texts = Array.isArray(repeats) ? repeats : [repeats];
  if (texts.length === 0 || !texts.every((text) => typeof text === "string")) return undefined;
  if (request.settings === undefined && (isPerplexity(record) || isLikelihoodAnswer(texts))) return undefined;
  return texts as string[];
}

/** True if the document is scored whole, for its perplexity. */
export function isPerplexity(record: JsonRecord): boolean {
  const names = fieldOf(record, "metrics");
  return Array.isArray(names) && names.some((name) => /perplexity|bits_per_byte/.test(String(name)));
}

function isLikelihoodAnswer(texts: readonly unknown[]): boolean {
  return (
    texts.length === 2 &&
    (texts[1] === "True" || texts[1] === "False") &&
    (!Number.isNaN(Number(texts[0])) || /^-inf(?:inity)?$/i.test(String(texts[0])))
  );
}

/** Values of the document's metrics: the keys named in `metrics`, in their order. */
export function metricsOf(record: JsonRecord): [name: string, value: unknown][] {
  const names = fieldOf(record, "metrics");
  const listed = Array.isArray(names)
    ? names.filter((name): name is string => typeof name === "string")
    : ["exact_match", "acc", "pass@1", "pass_at_1"].filter((name) => Object.hasOwn(record, name));
  return listed.map((name) => [name, fieldOf(record, name)]);
}

/** A filter that votes over the repeats, such as `maj@64`: its metric judges no single draw. */
export function isVote(filter: string): boolean {
  return /maj|vote|consensus|best[-_@]?of/i.test(filter);
}

/** True if the filter handed all repeats to the metric (by default it hands on the first one). */
export function metricSawAllRepeats(record: JsonRecord, repeats: number): boolean {
  const filtered = fieldOf(record, "filtered_resps");
  const first: unknown = Array.isArray(filtered) ? filtered[0] : undefined;
  return repeats > 1 && Array.isArray(first) && first.length === repeats;
}

const settingNames: Readonly<Record<string, keyof SamplingSettings>> = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  min_p: "minP",
  max_gen_toks: "maxTokens",
  max_new_tokens: "maxTokens",
  max_tokens: "maxTokens",
  max_completion_tokens: "maxTokens",
};

/** True if two documents were asked under settings that are written alike; false where that takes long to tell. */
export function sameSettings(left: JsonRecord, right: JsonRecord): boolean {
  const names = Object.keys(left);
  const others = Object.keys(right);
  if (names.length !== others.length) return false;
  return names.every((name, index) => name === others[index] && sameValue(left[name], right[name]));
}

function sameValue(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return Object.is(left, right);
  return left.length === right.length && left.every((item, index) => Object.is(item, right[index]));
}

/**
 * Generation settings in the record's terms. Greedy decoding (`do_sample` false) is temperature 0; settings without
 * a field of their own, stop sequences among them, are kept by name.
 */
export function samplingFrom(settings: JsonRecord): SamplingSettings {
  const known: { -readonly [Name in keyof SamplingSettings]: SamplingSettings[Name] } = {};
  const other: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(settings)) {
    const field = settingNames[name];
    if (value === null || value === undefined) continue;
    if (field !== undefined && field !== "other" && typeof value === "number" && Number.isFinite(value)) {
      known[field] = value;
    } else if (typeof value === "boolean" || typeof value === "string") other[name] = value;
    else if (typeof value === "number" && Number.isFinite(value)) other[name] = value;
    else other[name] = JSON.stringify(value);
  }
  if (settings.do_sample === false) known.temperature = 0;
  if (known.temperature !== undefined && known.temperature < 0) delete known.temperature;
  return Object.keys(other).length > 0 ? { ...known, other } : known;
}
