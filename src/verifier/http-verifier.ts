/** `http://…` and `https://…`: a reward server judges each response. */
import { type AsyncVerifier, JudgeError } from "./async-verifier.ts";
import { judgeRequest } from "./command-verifier.ts";
import { verdictFromText } from "./external-verdict.ts";

const answerLimit = 1 << 20;

/** Options of `httpVerifier`. */
export interface HttpVerifierOptions {
  readonly seconds?: number;
  readonly concurrency?: number;
  /** Sent as a bearer token; it is never part of a name, an error or a row. */
  readonly key?: string;
}

/**
 * Posts `{"task","problem","prompt","response","target"}` and reads a number, or
 * `{"verdict","reward","reason","answer"}`. Rejects, to be tried again, where the server does not answer with that.
 */
export function httpVerifier(address: string, options: HttpVerifierOptions = {}): AsyncVerifier {
  const { seconds = 60, concurrency = 8, key } = options;
  const url = new URL(address);
  const name = `${url.origin}${url.pathname}`;
  return {
    name,
    concurrency,
    async verify(draw, signal) {
      const timeOut = AbortSignal.timeout(seconds * 1000);
      const request = fetch(url, {
        method: "POST",
        redirect: "error",
        headers: {
          "content-type": "application/json",
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
        body: judgeRequest(draw),
        signal: signal === undefined ? timeOut : AbortSignal.any([signal, timeOut]),
      });
      const answer = await request.catch((error: unknown) => {
        signal?.throwIfAborted();
        if (timeOut.aborted) {
          throw new JudgeError("time-out", `${name} took over ${seconds} s`, { retryable: true });
        }
        const { cause } = error as { cause?: { code?: string; message?: string } };
        const what = cause?.code ?? cause?.message ?? "no answer";
        throw new JudgeError("connection", `${name}: ${what}`, { retryable: cause?.code !== undefined });
      });
      if (!answer.ok) throw refusal(answer, name);
      return verdictFromText(await limitedText(answer, name), name);
    },
  };
}

/** In seconds: a judge that asks for more is asked again after this. */
const longestRest = 3600;

function refusal(answer: Response, name: string): JudgeError {
  const { status } = answer;
  const wait = Number(answer.headers.get("retry-after") ?? Number.NaN);
  return new JudgeError(`status ${status}`, `${name} answered ${status}`, {
    retryable: status === 429 || status >= 500,
    ...(Number.isFinite(wait) && wait >= 0 && { retryAfter: Math.min(wait, longestRest) }),
  });
}

async function limitedText(answer: Response, name: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > answerLimit)
      throw new JudgeError("answer", `${name} answered with over ${answerLimit} bytes`, { retryable: false });
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
