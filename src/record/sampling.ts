/**
 * Sampling settings: how a response was drawn, and the hash that keeps different settings apart.
 */
import { createHash } from "node:crypto";

/** Settings that change the distribution of a draw. An absent field is unknown, not a default. */
export interface SamplingSettings {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly maxTokens?: number;
  /** Any other setting of the source that changes the distribution, by its own name. */
  readonly other?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Sixteen hexadecimal digits that identify sampling settings: the SHA-256 of their canonical JSON.
 * Key order does not matter.
 *
 * @example
 * samplingHash({ temperature: 1, topP: 0.9 }) === samplingHash({ topP: 0.9, temperature: 1 }); // true
 */
export function samplingHash(settings: SamplingSettings): string {
  return shortHash(canonicalJson(settings));
}

/**
 * Sixteen hexadecimal digits of the SHA-256 of a text; prompts are identified by it.
 *
 * @example
 * shortHash("2 + 2 ="); // "154e0c9c61763891"
 */
export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/**
 * One line that names the settings for people, such as `temperature 0.8, top-p 0.95`; empty if unknown.
 *
 * @example
 * describeSampling({ temperature: 0.8, topP: 0.95 }); // "temperature 0.8, top-p 0.95"
 */
export function describeSampling(settings: SamplingSettings): string {
  const parts: string[] = [];
  if (settings.temperature !== undefined) parts.push(`temperature ${settings.temperature}`);
  if (settings.topP !== undefined) parts.push(`top-p ${settings.topP}`);
  if (settings.topK !== undefined) parts.push(`top-k ${settings.topK}`);
  if (settings.minP !== undefined) parts.push(`min-p ${settings.minP}`);
  if (settings.maxTokens !== undefined) parts.push(`at most ${settings.maxTokens} tokens`);
  for (const [name, value] of Object.entries(settings.other ?? {})) parts.push(`${name} ${value}`);
  return parts.join(", ");
}

/**
 * JSON in which keys stand in their order, so that equal values have equal texts.
 *
 * @example
 * canonicalJson({ b: 1, a: [2, null] }); // '{"a":[2,null],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
}
