/** What a failed exchange means: statuses, errors in answers, connections that broke; and what the server says of it. */
import type { IncomingHttpHeaders } from "node:http";
import type { EndpointFault } from "./endpoint-error.ts";

/** A server's answer of any status. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface StatusFailure {
  readonly fault: EndpointFault;
  readonly reason: string;
  readonly details: { readonly status: number; readonly retryAfter?: number | undefined };
}

const shownError = 300;

/** What an answer of a status that is no success means. A server may repeat the key it was sent: `redact` takes it out. */
export function statusFailure(answer: HttpAnswer, redact: (text: string) => string): StatusFailure {
  const { status, headers, text } = answer;
  // The key goes before the text is cut, which could leave half of it.
  const said = clipped(errorText(redact(text)));
  const retryAfter = secondsToWait(headers);
  const reason = `status ${status}${said === "" ? "" : `: ${said}`}`;
  if (status === 429 || (status === 503 && retryAfter !== undefined)) {
    return { fault: "rate limit", reason, details: { status, retryAfter } };
  }
  if (status >= 500 || status === 408)
    return { fault: "server error", reason, details: { status, retryAfter } };
  const details = { status };
  if (status >= 300 && status < 400) {
    return {
      fault: "refused",
      reason: `${reason}: redirects are not followed, give the final address`,
      details,
    };
  }
  if (status === 401 || status === 403) {
    const way = "set the key in the environment variable LMCOV_API_KEY, or name a file with --key-file";
    return { fault: "refused", reason: `${reason}; ${way}`, details };
  }
  return { fault: tooLong(text) ? "too long" : "refused", reason, details };
}

/** What a server says went wrong in an answer of status 200, as gateways do for the server behind them. */
export function errorInAnswer(value: unknown, redact: (text: string) => string): string | undefined {
  const error = fieldOf(value, "error");
  const isTold = typeof error === "string" || (typeof error === "object" && error !== null);
  return isTold ? clipped(redact(errorOf(value))) : undefined;
}

const connectionCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing answers there",
  ECONNRESET: "the connection was cut before an answer",
  EPIPE: "the connection was cut before an answer",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be looked up now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "the host does not accept the connection",
};

/** A connection that broke before an answer, in words. */
export function connectionFailure({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined) return message;
  if (code.startsWith("HPE_")) return `the answer is not HTTP (${code})`;
  const words = connectionCodes[code];
  return words === undefined ? code : `${words} (${code})`;
}

/** What a server says in an error: OpenAI's, vLLM's, SGLang's and TGI's shapes, else the text itself. */
function errorText(text: string): string {
  try {
    return errorOf(JSON.parse(text));
  } catch {
    return text;
  }
}

function errorOf(value: unknown): string {
  const inner = fieldOf(value, "error");
  const said =
    (typeof inner === "object" ? fieldOf(inner, "message") : inner) ??
    fieldOf(value, "message") ??
    fieldOf(value, "detail") ??
    value;
  return typeof said === "string" ? said : JSON.stringify(said);
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const clipped = (text: string) => (text.length > shownError ? `${text.slice(0, shownError)}…` : text).trim();

function tooLong(text: string): boolean {
  return /exceed_context_size|context(?:_| )(?:length|size|window)|maximum context|max_model_len|longer than the (?:maximum )?model|too long|(?:allowed input|prompt) length|`?inputs?`? (?:tokens|must have less than)/i.test(
    text,
  );
}

/** A server that asks for a longer rest, or for one that no timer holds, is asked again after this, in seconds. */
const longestRest = 3600;

/** Retry-After in seconds; a date is taken relative to the server's own clock. */
function secondsToWait(headers: IncomingHttpHeaders): number | undefined {
  const wish = headers["retry-after"];
  if (wish === undefined) return undefined;
  const seconds = Number(wish);
  if (Number.isFinite(seconds)) return restOf(seconds);
  const wait = (Date.parse(wish) - Date.parse(headers.date ?? "")) / 1000;
  return Number.isFinite(wait) ? restOf(wait) : undefined;
}

const restOf = (seconds: number) => Math.min(longestRest, Math.max(0, seconds));
