/** Servers of every kind over the scripted model, honest or with a fault. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomGenerator } from "../../src/numeric/index.ts";
import { type Chooser, chosen, end } from "./scripted-model.ts";

/** What a scripted server does wrong. */
export type Fault =
  /** Echo, or the field that asks for the prompt's log-probabilities, is not heeded. */
  | "ignores echo"
  | "missing choice"
  | "duplicate choice"
  /** Python's NaN in place of a number. */
  | "NaN"
  /** All log-probabilities of the prompt are null. */
  | "null"
  | "zero"
  | "positive"
  /** -9999, which stands for one that is not told. */
  | "placeholder"
  /** Each log-probability stands one position too late. */
  | "shifted"
  /** Log-probabilities of draws are scaled by the temperature. */
  | "tempered"
  /** Log-probabilities of draws are no logarithms of probabilities, as those of two modes of vLLM. */
  | "logits"
  /** Tokens of chat answers that are no ASCII are listed as U+FFFD, as parts of characters are. */
  | "broken characters"
  /** Draws are broken off by the server. */
  | "aborts"
  /** Draws are cut by a filter of the server's. */
  | "filters"
  /** Each position lists other tokens too, smaller ids first. */
  | "crowded"
  | "no token ids";

export type Json = Readonly<Record<string, unknown>>;
export interface Reply {
  readonly status?: number;
  readonly body: unknown;
}
export type Routes = Readonly<Record<string, (body: Json) => Reply | undefined>>;

export interface ScriptedServer {
  readonly address: string;
  /** Bodies of the requests so far, with their paths and headers. */
  readonly requests: { readonly path: string; readonly body: Json; readonly headers: Json }[];
  close(): Promise<void>;
}

/** Serves JSON routes, `METHOD /path` each; a route that answers undefined or is not there is 404. */
export async function serve(
  routes: Routes,
  options: { before?: (request: IncomingMessage, response: ServerResponse) => boolean } = {},
): Promise<ScriptedServer> {
  const requests: ScriptedServer["requests"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const body = (text === "" ? {} : JSON.parse(text)) as Json;
      requests.push({ path: request.url ?? "", body, headers: request.headers as Json });
      if (options.before?.(request, response) === true) return;
      const reply = routes[`${request.method} ${request.url}`]?.(body);
      response.writeHead(reply === undefined ? 404 : (reply.status ?? 200), {
        "content-type": "application/json",
      });
      const sent = reply?.body ?? { error: "not found" };
      response.end(typeof sent === "string" ? sent : JSON.stringify(sent));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export interface Drawn {
  readonly tokens: readonly number[];
  readonly finish: "stop" | "length";
}

/** A response of the scripted model, the end token included where it is drawn. */
export function drawn(
  prompt: readonly number[],
  input: { readonly chooser: Chooser; readonly most: number; readonly seed: unknown },
): Drawn {
  const generator = randomGenerator(`scripted ${JSON.stringify(input.seed)}`);
  const tokens: number[] = [];
  while (tokens.length < input.most) {
    const token = chosen([...prompt, ...tokens], input.chooser, () => generator.uniform());
    tokens.push(token);
    if (token === end) return { tokens, finish: "stop" };
  }
  return { tokens, finish: "length" };
}

/** The number that a fault makes of a log-probability; NaN is written as a mark that `withNaN` replaces. */
export function faulty(value: number, fault: Fault | undefined): number | string | null {
  if (fault === "NaN") return "@NaN@";
  if (fault === "null") return null;
  if (fault === "zero") return 0;
  if (fault === "positive") return 1.5;
  if (fault === "placeholder") return -9999;
  return value;
}

/** JSON text in which marks stand as Python's bare NaN. */
export const withNaN = (value: unknown): string => JSON.stringify(value).replaceAll('"@NaN@"', "NaN");

/** The choices that a fault makes of one. */
export function choicesOf(choice: Json, fault: Fault | undefined): Json[] {
  if (fault === "missing choice") return [];
  if (fault === "duplicate choice") return [choice, { ...choice }];
  return [choice];
}

export const numberAt = (body: Json, name: string, other: number): number => {
  const value = body[name];
  return typeof value === "number" ? value : other;
};
