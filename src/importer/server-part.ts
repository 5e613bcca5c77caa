/** What the readers of servers' answers hand on, and the words they share. */
import type { SamplingSettings } from "../record/index.ts";
import { nameOf } from "./draws.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { temperingOf } from "./server-request.ts";
import { drawnTokens, type ScoredToken, type TokenPart, tokenPart } from "./server-tokens.ts";

/** One response, drawn by the model or given to it. */
export interface ServerPart {
  readonly kind: "draw" | "given";
  readonly prompt?: string;
  readonly text?: string;
  /** Undefined where a drawn response has no log-probabilities, or no token. */
  readonly tokens?: TokenPart;
  /** Why log-probabilities that a drawn response has are not its own. */
  readonly leftOut?: string;
  readonly method: string;
  /** True if nothing tells where a prompt ends: all of the text was scored. */
  readonly whole: boolean;
  readonly finishReason?: string;
  readonly tokenCount?: number;
}

export const temperedNote = (tempering: string) =>
  `drawn under ${tempering}: not draws from the model's own distribution`;
export const notOfText = "log-probabilities of tokens that do not spell the response, or not all of it";

/** How a drawn response ended, as far as the answer tells it. */
export interface DrawnEnd {
  readonly text: unknown;
  readonly finishReason?: string | undefined;
  /** Tokens that the server generated for this response. */
  readonly generated: number | undefined;
  readonly cut?: boolean;
  readonly byIds?: boolean;
}

/** The scored part of a drawn response: its end token is no part of it, as in draws that `lmcov sample` makes. */
export function drawnPart(
  tokens: readonly ScoredToken[],
  input: DrawnEnd & { readonly field: string; readonly straddling?: number },
): Pick<ServerPart, "tokens" | "leftOut" | "tokenCount"> {
  const { text, finishReason, generated, cut, byIds, field, straddling } = input;
  // A list of all that was generated up to the length asked for is whole, also where the server cleaned the text.
  const isWhole = finishReason === "length" && tokens.length === generated;
  const own =
    typeof text === "string" ? drawnTokens(tokens, { text, finishReason, generated, cut, byIds }) : undefined;
  const kept = own ?? (isWhole ? tokens : undefined);
  if (kept === undefined) return { leftOut: notOfText };
  if (kept.length === 0) return { tokenCount: 0 };
  return { tokens: tokenPart(kept, { field, straddling }), tokenCount: kept.length };
}

/** True where the answer says that a stop text cut the response: vLLM in `stop_reason`, SGLang in `matched`. */
export function isCut(record: JsonRecord): boolean {
  const matched = fieldOf(asRecord(fieldOf(record, "finish_reason")), "matched");
  return [fieldOf(record, "stop_reason"), matched].some((value) => typeof value === "string");
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
