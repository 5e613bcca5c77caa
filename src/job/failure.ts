/** What a failed attempt means for its unit and its server, and how long to wait before the next. */
import { randomGenerator } from "../numeric/index.ts";

/** What is to be thought of an error. */
export interface FailureClass {
  /** A word that groups failures, such as `time-out`. */
  readonly kind: string;
  /** The same unit may succeed later: always, never, or if the server did others before. */
  readonly retryable: boolean | "if it worked before";
  /** Seconds that the server asks to wait; everything that goes to it waits. */
  readonly retryAfter?: number;
  /** The unit is at fault and not the server, such as a prompt that is too long: says nothing about the server's health. */
  readonly ownFault?: boolean;
}

/** An error that carries its class, as those of endpoints do. */
interface SelfClassified {
  readonly fault: string;
  readonly retryable: boolean;
  readonly retryAfter?: number;
  readonly status?: number;
}

/**
 * Reads the class from an endpoint's error. What an endpoint refuses for an answer's content, not for its status, such as
 * an ignored echo, may be one bad machine behind a good address. Any other error is final: a defect or bad input.
 */
export function failureClass(error: unknown): FailureClass {
  const { fault, retryable, retryAfter, status } = error as Partial<SelfClassified>;
  if (typeof fault !== "string" || typeof retryable !== "boolean") {
    return { kind: "error", retryable: false };
  }
  return {
    kind: fault,
    retryable: fault === "refused" && status === undefined ? "if it worked before" : retryable,
    ...(typeof retryAfter === "number" && { retryAfter }),
    ...((fault === "too long" || fault === "filtered") && { ownFault: true }),
  };
}

/** How long to wait between attempts. */
export interface BackOff {
  /** Seconds at most before the second attempt; doubles with each. */
  readonly first: number;
  /** Seconds at most before any attempt. */
  readonly longest: number;
}

/**
 * Seconds to wait before the next attempt: exponential back-off with full jitter (uniform between 0 and the limit), from
 * the stream that is named by unit and attempt; never less than what the server asks.
 */
export function secondsBeforeRetry(
  request: { readonly key: string; readonly attempt: number; readonly retryAfter?: number },
  backOff: BackOff,
): number {
  const limit = Math.min(backOff.longest, backOff.first * 2 ** (request.attempt - 1));
  const jitter = randomGenerator(`retry ${request.key}, attempt ${request.attempt}`).uniform() * limit;
  if (request.retryAfter === undefined) return jitter;
  return request.retryAfter + jitter / 4;
}
