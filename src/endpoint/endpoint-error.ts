/** What goes wrong at an endpoint, and whether asking again may help. */

export type EndpointFault =
  /** Status 429 or 503 with the wish to be asked later. */
  | "rate limit"
  /** Another status from 500 on. */
  | "server error"
  | "time-out"
  /** Refused, reset or cut before the answer. */
  | "connection"
  /** The answer ends before its end. */
  | "truncated"
  /** The answer is not what the interface says: no JSON, a missing or duplicate choice, not a number. */
  | "answer"
  /** Prompt and response do not fit. */
  | "too long"
  /** The server withheld or cut the response by rules of its own: what is there is no draw from the model. */
  | "filtered"
  /** Known without asking: neither the interface nor the model does such a request, such as one of token ids. */
  | "unsupported"
  /** The server will not do it: status 4xx, or an answer without what was asked for. */
  | "refused";

const retryableFaults: readonly EndpointFault[] = [
  "rate limit",
  "server error",
  "time-out",
  "connection",
  "truncated",
  "answer",
];

/**
 * A request that failed. Where `retryable` is true the same request may succeed later (a malformed answer too, at
 * times: give up after a few); else it never will.
 *
 * @example
 * new EndpointError("rate limit", "http://127.0.0.1:8000: status 429", { retryAfter: 2 }).retryable; // true
 */
export class EndpointError extends Error {
  override readonly name = "EndpointError";
  readonly fault: EndpointFault;
  readonly retryable: boolean;
  /** Seconds that the server asks to wait. */
  readonly retryAfter?: number;
  readonly status?: number;

  constructor(
    fault: EndpointFault,
    message: string,
    details: { readonly retryAfter?: number | undefined; readonly status?: number | undefined } = {},
  ) {
    super(message);
    this.fault = fault;
    this.retryable = retryableFaults.includes(fault);
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
    if (details.status !== undefined) this.status = details.status;
  }
}

/** For a text after token ids: how the text is to be tokenised there is not known. */
export const notOfText = (): EndpointError =>
  new EndpointError(
    "unsupported",
    "a prompt of token ids, unless they are a text's own and the server tells which, is scored with a response of token ids",
  );
