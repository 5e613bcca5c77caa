/** `http://…` and `https://…`: a reward server judges each response. */
import type { AsyncVerifier } from "./async-verifier.ts";
import { judgeRequest } from "./command-verifier.ts";
import { verdictFromValue } from "./external-verdict.ts";

const answerLimit = 1 << 20;

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
      const answer = await fetch(url, {
        method: "POST",
        redirect: "error",
        headers: {
          "content-type": "application/json",
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
        body: judgeRequest(draw),
        signal: signal === undefined ? timeOut : AbortSignal.any([signal, timeOut]),
      });
      if (!answer.ok) throw new Error(`${name} answered ${answer.status}`);
      const text = await limitedText(answer, name);
      try {
        return verdictFromValue(JSON.parse(text), name);
      } catch (error) {
        if (error instanceof SyntaxError)
          throw new Error(`${name} did not answer JSON: ${text.slice(0, 200)}`);
        throw error;
      }
    },
  };
}

async function limitedText(answer: Response, name: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > answerLimit) throw new Error(`${name} answered with over ${answerLimit} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
