/** JSON over HTTP with connections kept open, time-outs, a limit on what is read, and typed errors. */
import { setMaxListeners } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import { InputError } from "../record/index.ts";
import { EndpointError, type EndpointFault } from "./endpoint-error.ts";
import { connectionFailure, errorInAnswer, type HttpAnswer, statusFailure } from "./http-failure.ts";
import { type Patience, patiently } from "./patience.ts";
import type { Secret } from "./secret.ts";

/** Options of `HttpClient`. */
export interface HttpClientOptions {
  /** Milliseconds until a request is given up; 10 minutes. */
  readonly timeout?: number;
  /** Bytes of an answer; 64 MiB, twice what the longest list of a vocabulary takes. */
  readonly largestAnswer?: number;
  /** Connections at once; 256. */
  readonly connections?: number;
  readonly secret?: Secret | undefined;
}

/** Statuses of a server, or of a gateway before it, that may answer the same question later. */
const unableNow = [429, 502, 503, 504];

/** How a kept connection ends that the server has closed. */
const cutCodes = ["ECONNRESET", "EPIPE"];
const closedWhileKept = Symbol("closed while kept");

/** One server. */
export class HttpClient {
  /** The address without a secret, for messages. */
  readonly address: string;
  /** How often a request is repeated: while an endpoint is being opened. What asks later repeats by itself. */
  patience: Patience = { waits: [] };
  readonly #base: URL;
  readonly #options: HttpClientOptions;
  readonly #agent: http.Agent;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #waiting = new WeakMap<AbortSignal, Set<() => void>>();

  constructor(address: URL, options: HttpClientOptions = {}) {
    this.#base = address;
    this.address = address.href.replace(/\/$/, "");
    this.#options = options;
    const agentOptions = {
      keepAlive: true,
      maxSockets: options.connections ?? 256,
      scheduling: "lifo" as const,
    };
    this.#agent =
      address.protocol === "https:" ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    this.#headers = {
      accept: "application/json",
      "accept-encoding": "identity",
      ...(options.secret && { authorization: `Bearer ${options.secret.reveal()}` }),
    };
  }

  /** The JSON value that the path answers with. Throws EndpointError. */
  async post(path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#patiently(
      async () => this.#jsonOf(path, await this.request(path, { body, signal })),
      signal,
    );
  }

  /** The JSON value at the path. Throws EndpointError. */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#patiently(async () => this.#jsonOf(path, await this.request(path, { signal })), signal);
  }

  /** The JSON value at the path, or undefined where the server has none there. Throws where it cannot answer now. */
  find(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#patiently(async () => {
      const answer = await this.request(path, { signal });
      if (unableNow.includes(answer.status)) throw this.#statusError(path, answer);
      if (answer.status !== 200) return undefined;
      try {
        return JSON.parse(answer.text);
      } catch {
        return undefined;
      }
    }, signal);
  }

  close(): void {
    this.#agent.destroy();
  }

  #patiently<Value>(work: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    return this.patience.waits.length === 0 ? work() : patiently(work, this.patience, signal);
  }

  #jsonOf(path: string, answer: HttpAnswer): unknown {
    const { status, text } = answer;
    if (status < 200 || status >= 300) throw this.#statusError(path, answer);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const numbers = /[:[,]\s*-?(?:NaN|Infinity)\b/.test(text);
      throw this.#error(
        "answer",
        path,
        numbers ? "the answer holds NaN or Infinity in place of a number" : "the answer is not JSON",
      );
    }
    const said = errorInAnswer(value, this.#redact);
    if (said === undefined) return value;
    throw this.#error("server error", path, `status ${status} with an error in it: ${said}`);
  }

  /**
   * One exchange, whatever the status. A server may close a kept connection just as it is used again: then the
   * request goes once more, over a new one.
   */
  async request(path: string, input: { body?: unknown; signal: AbortSignal }): Promise<HttpAnswer> {
    const kept = await this.#exchange(path, input, this.#agent);
    return kept === closedWhileKept ? ((await this.#exchange(path, input, false)) as HttpAnswer) : kept;
  }

  #exchange(
    path: string,
    input: { body?: unknown; signal: AbortSignal },
    agent: http.Agent | false,
  ): Promise<HttpAnswer | typeof closedWhileKept> {
    const { body, signal } = input;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const limit = this.#options.largestAnswer ?? 64 << 20;
    const timeout = this.#options.timeout ?? 600_000;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const { request: open } = this.#base.protocol === "https:" ? https : http;
      const sent = open({
        agent,
        protocol: this.#base.protocol,
        hostname: this.#base.hostname.replace(/^\[|\]$/g, ""),
        port: this.#base.port,
        path: this.#base.pathname.replace(/\/$/, "") + path,
        method: payload === undefined ? "GET" : "POST",
        headers:
          payload === undefined
            ? this.#headers
            : { ...this.#headers, "content-type": "application/json", "content-length": payload.length },
      });
      let settled = false;
      const settle = (finish: () => void) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        waiting.delete(abort);
        finish();
      };
      const fail = (error: unknown) =>
        settle(() => {
          sent.destroy();
          reject(error);
        });
      const abort = () => fail(signal.reason);
      const timer = setTimeout(
        () => fail(this.#error("time-out", path, `no answer within ${timeout / 1000} s`)),
        timeout,
      );
      const waiting = this.#waitingFor(signal);
      waiting.add(abort);
      let answering = false;
      sent.on("error", (error: NodeJS.ErrnoException) => {
        if (answering)
          fail(this.#error("truncated", path, `the answer was cut (${error.code ?? error.message})`));
        else if (agent !== false && sent.reusedSocket && cutCodes.includes(error.code ?? "")) {
          settle(() => resolve(closedWhileKept));
        } else fail(this.#error("connection", path, connectionFailure(error)));
      });
      sent.on("response", (response) => {
        answering = true;
        const coding = response.headers["content-encoding"] ?? "identity";
        if (coding !== "identity") {
          fail(this.#error("refused", path, `the answer is compressed (${coding}), which was not asked for`));
          return;
        }
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > limit) fail(this.#error("refused", path, `an answer of over ${limit} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", () => fail(this.#error("truncated", path, "the answer was cut")));
        response.on("end", () => {
          if (!response.complete) {
            fail(this.#error("truncated", path, "the answer was cut"));
            return;
          }
          const text = (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString("utf8");
          settle(() => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        });
      });
      sent.end(payload);
    });
  }

  /** What to do when the signal comes: one listener a signal, however many requests wait for it. */
  #waitingFor(signal: AbortSignal): Set<() => void> {
    const known = this.#waiting.get(signal);
    if (known !== undefined) return known;
    const waiting = new Set<() => void>();
    this.#waiting.set(signal, waiting);
    // One listener a server: a job on many models has as many, and Node would warn of a leak.
    setMaxListeners(0, signal);
    signal.addEventListener(
      "abort",
      () => {
        for (const abort of waiting) abort();
      },
      { once: true },
    );
    return waiting;
  }

  #error(fault: EndpointFault, path: string, reason: string, details = {}): EndpointError {
    const message = `${this.address}${path}: ${reason}`;
    return new EndpointError(fault, this.#redact(message), details);
  }

  readonly #redact = (text: string): string => this.#options.secret?.redact(text) ?? text;

  #statusError(path: string, answer: HttpAnswer): EndpointError {
    const { fault, reason, details } = statusFailure(answer, this.#redact);
    return this.#error(fault, path, reason, details);
  }
}

/**
 * The address of a server in what a user wrote: without a trailing `/v1`, user name, query or fragment.
 * Throws InputError where it holds what may be a secret.
 *
 * @example
 * serverAddress("http://127.0.0.1:8000/v1/").href; // "http://127.0.0.1:8000/"
 */
export function serverAddress(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InputError(`${text}: is not an address such as http://127.0.0.1:8000`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new InputError(`${text}: is neither http nor https`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw new InputError(
      `${url.protocol}//${url.host}: an address has no user name, password or query; keys come from the environment variable LMCOV_API_KEY or --key-file`,
    );
  }
  url.hash = "";
  url.pathname = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  return url;
}
