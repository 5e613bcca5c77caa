/** What the readers of servers' answers hand on, and the words they share. */
import type { SamplingSettings } from "../record/index.ts";
import { nameOf } from "./draws.ts";
import { fieldOf, type JsonRecord } from "./json-text.ts";
import { temperingOf } from "./server-request.ts";
import type { ScoredToken, TokenPart } from "./server-tokens.ts";

/** One response, drawn by the model or given to it. */
export interface ServerPart {
  readonly kind: "draw" | "given";
  readonly prompt?: string;
  readonly text?: string;
  /** Undefined where a drawn response has no log-probabilities. */
  readonly tokens?: TokenPart;
  readonly method: string;
  /** True if nothing tells where a prompt ends: all of the text was scored. */
  readonly whole: boolean;
  readonly finishReason?: string;
  readonly tokenCount?: number;
}

/** The first position has no entry: its text is what the others leave of the prompt. */
export function spelling(tokens: readonly ScoredToken[], prompt: string): readonly ScoredToken[] {
  const rest = tokens
    .slice(1)
    .map(({ text }) => text ?? "")
    .join("");
  if (tokens[0]?.text !== undefined || !prompt.endsWith(rest)) return tokens;
  return [
    { ...tokens[0], logProbability: undefined, text: prompt.slice(0, prompt.length - rest.length) },
    ...tokens.slice(1),
  ];
}

export function finishOf(record: JsonRecord): { finishReason?: string } {
  const reason = nameOf(fieldOf(record, "finish_reason") ?? fieldOf(record, "stop_type"));
  return reason === undefined ? {} : { finishReason: reason };
}

export function isPrefix(context: string, text: string): boolean {
  return context.length < text.length && text.startsWith(context);
}

export function straddleWords(straddling: number): string {
  return straddling === 0 ? "" : ", a token over the boundary counted to the response";
}

export function drawnWords(sampling: SamplingSettings): string {
  const tempering = temperingOf(sampling);
  if (tempering === undefined) return "drawn under settings that the log does not tell";
  return tempering === "" ? "drawn untempered" : `drawn tempered (${tempering})`;
}
